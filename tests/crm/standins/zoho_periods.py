"""The periods that Zoho keeps of a deal's stages and a lead's statuses."""

from __future__ import annotations

from collections.abc import Sequence

from tests.crm.happenings import Happening, Record
from tests.crm.projection import steps
from tests.crm.reference_data import StageList
from tests.crm.standins.zoho_shapes import (
    Json,
    Names,
    number,
    period_id,
    record_id,
    stamp,
    win_rate,
)


def periods(past: Sequence[Happening], names: Names, lists: StageList, reading: str) -> list[Json]:
    """Return the periods that a record spent in each stage or status, oldest first.

    ``reading`` "entered": a period has the time and the values of its beginning; "left": of its
    end, unless it goes on. Of leads, the conversion is no status.
    """
    begun: list[tuple[Happening, Record, str]] = []
    for happening, _, record in steps(past):
        kind = record.ref.entity_type
        key = record.stage if kind == "lead" and record.outcome == "won" else record.place
        label = names.shown(lists, kind, record.pipeline, key)
        if not begun or begun[-1][2] != label:
            begun.append((happening, record, label))
    found: list[Json] = []
    for place, (happening, record, label) in enumerate(begun):
        after = begun[place + 1] if place + 1 < len(begun) else None
        told = after if after is not None and reading == "left" else (happening, record, label)
        moment, values = told[0].at, told[1]
        common: Json = {
            "id": period_id(happening),
            "Moved_To__s": after and after[2],
            "Modified_Time": stamp(moment),
        }
        named = {"id": record_id(record.ref), "name": record.name}
        if record.ref.entity_type == "lead":
            found.append({**common, "Full_Name": named, "Lead_Status": label})
            continue
        closing = values.expected_close_date
        found.append(
            {
                **common,
                "Potential_Name": named,
                "Stage": label,
                "Amount": number(values.amount),
                "Probability": win_rate(lists, record),
                "Closing_Date": closing and closing.isoformat(),
                "Currency": values.currency,
                "Exchange_Rate": 1,
            }
        )
    return found
