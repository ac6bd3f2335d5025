"""Real records of Salesforce as a source, and what the models have to make of them.

What is expected is worked out here from the files of the seeds alone.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.landing import Landing
from orchestration.sources.crm.extract import extract_object
from orchestration.sources.crm.records import text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.salesforce.objects import OBJECTS
from tests.crm.accounts import open_account
from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.projection import CrmNight
from tests.crm.salesforce.nights_of_an_org import settings_of
from tests.crm.standins.salesforce_ids import make_id
from tests.support.batch import Built

SEEDS = Path(__file__).parent / "seeds"
SOURCE = "sf_seeds"
Row = dict[str, str]
# What each night delivers. In the second one opportunities come with other fields.
_NIGHTS = (
    {
        "users": "users.csv",
        "user_roles": "user_roles.csv",
        "opportunity_stages": "",
        "lead_statuses": "",
        "leads": "leads.csv",
        "opportunities": "opportunity_versions.csv",
    },
    {
        "opportunities": "opportunities.csv",
        "deleted_opportunities": "deleted_opportunities.jsonl",
    },
)


def land_seeds(url: str, landing: Landing, night: CrmNight, number: int) -> None:
    """Land what the seeds deliver in a night, if anything, as the source ``sf_seeds``.

    ``url`` is of an org that tells the time; ``number`` is the night's, from 0.
    """
    account = open_account(settings_of(url, name=SOURCE))
    files = _NIGHTS[number] if number < len(_NIGHTS) else {}
    for item in OBJECTS:
        if item.name not in files:
            continue

        def deliver(pull: Pull, table: str = item.name, file: str = files[item.name]) -> None:
            if file.endswith(".csv"):
                pull.delivery.add_csv(SEEDS / file, file, "Id", expected=len(_read(file)))
            elif file:
                pull.delivery.add((SEEDS / file).read_bytes().splitlines(), file, _deletion)
            else:
                pull.delivery.add(_list_of(table), table, ("Id",))

        done = extract_object(
            account, item, deliver, landing, known_at=night.starts_at, as_of=night.as_of
        )
        assert done.state == "landed", done


def assert_seeds_are_understood(built: Built, connection: duckdb.DuckDBPyConnection) -> None:
    """Compare the facts of the source ``sf_seeds``, and what is set aside, with the seeds."""
    versions, told = _read("opportunity_versions.csv"), _read("opportunities.csv")
    readable = [row for row in told if Decimal(row["Probability"]) <= 100]
    staged = connection.execute(
        "select deal_id, quarantine.reason from staging.stg_salesforce__opportunities"
        f" where source_name = '{SOURCE}'"
    ).fetchall()
    # Every version landed is set aside with its reason, or its opportunity is in the facts.
    assert Counter(staged) == Counter(
        (row["Id"], None)
        if Decimal(row["Probability"]) <= 100
        else (
            row["Id"],
            f"probability is '{row['Probability']}', which is not a number from 0 to 100",
        )
        for row in (*versions, *told)
    )
    deals = {row["deal_key"]: row for row in built.of("fct_deals", SOURCE)}
    assert deals.keys() == {_key(row["Id"]) for row in readable}
    assert 0 < len(readable) < len(told)
    for row in readable:
        deal = deals[_key(row["Id"])]
        is_deleted = row["IsDeleted"] == "true"
        closed_at = _day_end(row["CloseDate"]) if row["IsClosed"] == "true" else None
        assert {name: deal[name] for name in _deal(row)} == _deal(row)
        assert deal["is_deleted"] == is_deleted
        assert (deal["is_won"], deal["is_lost"]) == (
            _category(row) == "won" and not is_deleted,
            _category(row) == "lost" and not is_deleted,
        )
        assert (deal["crm_closed_at"], deal["first_closed_at"]) == (closed_at, closed_at)
        assert deal["created_at"] == _created_at(row, closed_at)
    _assert_moves_are_told(built, versions, readable)
    _assert_leads_and_owners(built, connection)


def _assert_moves_are_told(built: Built, versions: Sequence[Row], readable: Sequence[Row]) -> None:
    """A version without ``SystemModstamp``, or the feed, must not move or remove a deal again."""
    since = {row["Id"]: datetime.fromisoformat(row["SystemModstamp"]) for row in versions}
    expected = set()
    for row in readable:
        key, category = _key(row["Id"]), _category(row)
        closed_at = None if category == "open" else _day_end(row["CloseDate"])
        expected.add((key, "created", _created_at(row, closed_at), True))
        if closed_at is not None:
            expected.add((key, category, closed_at, True))
        if row["IsDeleted"] == "true":
            expected.add((key, "deleted", since[row["Id"]], False))
    moves = [
        (row["entity_key"], row["transition_type"], row["transitioned_at"], row["is_inferred"])
        for row in built.of("fct_stage_transitions", SOURCE)
        if row["entity_type"] == "deal"
    ]
    assert len(moves) == len(expected)
    assert set(moves) == expected


def _assert_leads_and_owners(built: Built, connection: duckdb.DuckDBPyConnection) -> None:
    leads = {
        row["lead_key"]: (row["status"], row["converted_at"], row["deal_key"], row["is_deleted"])
        for row in built.of("fct_leads", SOURCE)
    }
    assert leads == {
        _key(row["Id"]): (
            row["Status"],
            _day_end(row["ConvertedDate"]) if row["IsConverted"] == "true" else None,
            _key(row["ConvertedOpportunityId"]) if row["ConvertedOpportunityId"] else None,
            row["IsDeleted"] == "true",
        )
        for row in _read("leads.csv")
    }
    teams = {row["Id"]: row["Name"] for row in _read("user_roles.csv")}
    users = {
        _key(row["Id"]): (teams.get(row["UserRoleId"]), row["IsActive"] == "true")
        for row in _read("users.csv")
    }
    owners = connection.execute(
        f"select owner_key, team, is_active from marts.dim_owner where source_name = '{SOURCE}'"
    ).fetchall()
    assert {key: (team, is_active) for key, team, is_active in owners if key in users} == users


def _deal(row: Row) -> dict[str, object]:
    return {
        "pipeline": row["RecordTypeId"],
        "stage": row["StageName"],
        "stage_category": _category(row),
        "amount": Decimal(row["Amount"]) if row["Amount"] else None,
        "currency": "USD",
        "expected_close_date": date.fromisoformat(row["CloseDate"]),
        "crm_win_rate": Decimal(row["Probability"]) / 100,
        "owner_key": _key(row["OwnerId"]),
        "lead_source": row["LeadSource"] or None,
    }


def _category(row: Row) -> str:
    return "won" if row["IsWon"] == "true" else "lost" if row["IsClosed"] == "true" else "open"


def _created_at(row: Row, closed_at: datetime | None) -> datetime:
    # One was entered after the day it was closed on, which pulls its creation back.
    created_at = datetime.fromisoformat(row["CreatedDate"])
    return created_at if closed_at is None else min(created_at, closed_at)


def _day_end(day: str) -> datetime:
    next_day = date.fromisoformat(day) + timedelta(days=1)
    midnight = datetime.combine(next_day, time(), ZoneInfo(BUSINESS_TIMEZONE))
    return midnight - timedelta(microseconds=1)


def _key(id_: str) -> str:
    return f"{SOURCE}:{id_}"


def _read(file: str) -> list[Row]:
    with (SEEDS / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _deletion(record: bytes) -> str:
    return f"{text_at(record, ('id',))}|{text_at(record, ('deletedDate',))}"


def _list_of(table: str) -> list[bytes]:
    """Return the list of stages or statuses, which the seeds lack: those that records are in."""
    if table == "lead_statuses":
        flags, name, rows = ["IsConverted"], "Status", _read("leads.csv")
    else:
        flags, name, rows = ["IsClosed", "IsWon"], "StageName", _read("opportunities.csv")
    listed = sorted({(*(row[flag] == "true" for flag in flags), row[name]) for row in rows})
    return [
        json.dumps(
            {
                "Id": make_id("01J", place),
                "ApiName": told[-1],
                "SortOrder": place,
                "IsActive": True,
                **dict(zip(flags, told, strict=False)),
            }
        ).encode()
        for place, told in enumerate(listed, start=1)
    ]
