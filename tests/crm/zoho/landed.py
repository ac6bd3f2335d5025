"""What landed from Zoho, and what should have, as plain rows."""

from __future__ import annotations

from orchestration.landing import Landing
from tests.crm.landed import newest
from tests.crm.standins.zoho import Zoho
from tests.crm.zoho.nights import SOURCE

MODULES = {"leads": "Leads", "deals": "Deals", "deal_history": "DealHistory"}
# Change without a new time of change: names of stages and pipelines, probabilities, rates.
_SILENT = ("Stage", "Moved_To__s", "Pipeline", "Probability", "Exchange_Rate", "Line_Items")


def differences(landing: Landing, standin: Zoho, *, silent: bool = False) -> list[str]:
    """Return a line for each record that the landing lacks or has otherwise than Zoho.

    What was deleted stays in the landing, so it is left out. Without ``silent``, fields that
    change without a new time of change don't count.
    """
    lines: list[str] = []
    for table, module in MODULES.items():
        got = newest(landing, SOURCE, table)
        for row in standin.rows_of(module):
            wanted = {name: value for name, value in row.items() if name != "Line_Items"}
            found = got.get(row["id"])
            if found is None:
                lines.append(f"{table} {row['id']} is missing")
                continue
            names = wanted.keys() | found.keys()
            lines += [
                f"{table} {row['id']}: {name} is {found.get(name)}, not {wanted.get(name)}"
                for name in sorted(names)
                if (silent or name not in _SILENT) and found.get(name) != wanted.get(name)
            ]
    return lines


def deleted_differences(landing: Landing, standin: Zoho) -> list[str]:
    """Return a line for each record that landed and is there no more, if its deletion didn't."""
    lines: list[str] = []
    for kind, table in (("deal", "deals"), ("lead", "leads")):
        told = newest(landing, SOURCE, f"deleted_{table}")
        there = {row["id"] for row in standin.rows_of(table.capitalize())}
        lines += [
            f"{kind} {id_} was deleted"
            for id_ in newest(landing, SOURCE, table)
            if id_ not in there | told.keys()
        ]
    return lines
