"""Many nights of Salesforce with everything going wrong: what lands is what the org holds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.landing import Landing
from orchestration.sources.crm.delivery import Delivery
from tests.crm.faults import Fault, Mix, RandomFaults, ScriptedFaults
from tests.crm.generate import Shape, generate_truth
from tests.crm.happenings import Ref
from tests.crm.nights import extract_night, extract_nights
from tests.crm.projection import CrmNight, nights_between
from tests.crm.salesforce.nights_of_an_org import (
    SECRETS,
    differences_from_org,
    extracting,
    landed_versions,
)
from tests.crm.small_company import small_company
from tests.crm.standins.salesforce import Salesforce
from tests.crm.standins.salesforce_lists import record_id
from tests.crm.standins.salesforce_schema import Habits
from tests.crm.truth import Truth

FIRST_DAY = date(2024, 3, 28)
CHANGING = ("users", "leads", "lead_history", "opportunities", "opportunity_history")
DEALS = ("opportunities", "opportunity_history")


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def company() -> Truth:
    shape = Shape(ties=0.2, late=0.3, lag=timedelta(minutes=40))
    return generate_truth(7, 320, 120, FIRST_DAY, 6, shape)


def nights(days: int) -> list[CrmNight]:
    return nights_between(FIRST_DAY, FIRST_DAY + timedelta(days=days - 1))


def test_every_object_lands(tmp_path: Path) -> None:
    run = nights(6)[::2]
    landing = Landing(tmp_path)
    with Salesforce(small_company().truth, run[0].starts_at) as standin:
        done = extract_nights(standin, landing, run, extracting())
        assert [night.unfinished for night in done] == [{}] * len(run)
        assert differences_from_org(standin, landing, run[-1].starts_at) == []
        assert len(landed_versions(landing, "pipeline_stages")) > 10
        assert len(landed_versions(landing, "tracked_fields")) == 4
        assert len(landed_versions(landing, "deleted_opportunities")) == 3


@pytest.mark.parametrize("bulk_above", [50, 2000])
def test_nothing_is_lost_or_doubled_whatever_breaks(
    tmp_path: Path, company: Truth, bulk_above: int
) -> None:
    """Faults in a fifth of all requests, late commits, equal times, by REST and in bulk."""
    run = nights(6)
    landing = Landing(tmp_path)
    said: list[str] = []
    faults = RandomFaults(bulk_above, Mix(rate=0.2, slow_seconds=0.6))
    extract = extracting(
        said,
        CHANGING,
        bulk_above=bulk_above,
        bulk_page_records=60,
        timeout_seconds=1,
    )
    with Salesforce(company, run[0].starts_at, faults) as standin:
        standin.tick = timedelta(seconds=1)
        standin.jobs.failing = 1
        extract_nights(standin, landing, run, extract)
        faults.only = ("nothing",)
        last = CrmNight(run[-1].as_of, run[-1].starts_at + timedelta(hours=3))
        assert extract_night(standin, landing, last, extract).unfinished == {}
        assert differences_from_org(standin, landing, last.starts_at, CHANGING) == []
    assert faults.total > 12
    _holds_no_secret(tmp_path, said, standin)


def test_a_quota_that_ends_in_the_middle_is_carried_on_with(tmp_path: Path, company: Truth) -> None:
    run = nights(6)
    landing = Landing(tmp_path)
    extract = extracting(only=CHANGING, bulk_above=40, bulk_page_records=40)
    states = set()
    faults = ScriptedFaults({}, quota=9)
    with Salesforce(company, run[0].starts_at, faults) as standin:
        for night in run:
            states |= {
                result.state for result in extract_night(standin, landing, night, extract).results
            }
        faults.quota = None
        last = CrmNight(run[-1].as_of, run[-1].starts_at + timedelta(hours=3))
        assert extract_night(standin, landing, last, extract).unfinished == {}
        assert differences_from_org(standin, landing, last.starts_at, CHANGING) == []
    assert {"interrupted", "failed"} <= states
    assert faults.injected["quota"] > 3


def test_a_crash_in_mid_page_loses_nothing(
    tmp_path: Path, company: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies while a result is taken in: the next run begins the window anew."""
    night = nights(6)[-1]
    landing = Landing(tmp_path)
    extract = extracting(only=("opportunities",), bulk_above=40, bulk_page_records=40)
    add = Delivery.add_csv
    taken: list[Path] = []

    class Killed(BaseException):
        pass

    def dying(self: Delivery, path: Path, *given: Any, **options: Any) -> int:
        taken.append(path)
        if len(taken) == 3:
            raise Killed
        return add(self, path, *given, **options)

    with Salesforce(company, night.starts_at) as standin:
        monkeypatch.setattr(Delivery, "add_csv", dying)
        with pytest.raises(Killed):
            extract_night(standin, landing, night, extract)
        monkeypatch.undo()
        for name, value in SECRETS.items():
            monkeypatch.setenv(name, value)
        assert landed_versions(landing, "opportunities") == {}
        assert extract_night(standin, landing, night, extract).unfinished == {}
        assert differences_from_org(standin, landing, night.starts_at, ["opportunities"]) == []


def test_a_cursor_that_expires_is_asked_for_anew(tmp_path: Path) -> None:
    company = generate_truth(3, 900, 0, FIRST_DAY, 2)
    night = nights(2)[-1]
    landing = Landing(tmp_path)
    said: list[str] = []
    with Salesforce(company, night.starts_at) as standin:
        standin.trouble.locators_expire_after = 0
        standin.page_size = 400
        done = extract_night(standin, landing, night, extracting(said, ("opportunities",)))
        assert done.unfinished == {}
        assert differences_from_org(standin, landing, night.starts_at, ["opportunities"]) == []
    assert any("cursor has expired" in text for text in said)
    assert done.requests["GET /services/data/{version}/queryAll"] == 4  # the count and 3 pages


def test_an_interrupted_job_is_taken_up_by_the_next_night(tmp_path: Path, company: Truth) -> None:
    first, second = nights(6)[-2:]
    landing = Landing(tmp_path)
    extract = extracting(only=("opportunities",), bulk_above=40, bulk_page_records=100)
    faults = ScriptedFaults({}, quota=8)
    with Salesforce(company, first.starts_at, faults) as standin:
        done = extract_night(standin, landing, first, extract)
        assert list(done.unfinished) == ["opportunities"]
        assert 0 < len(landed_versions(landing, "opportunities")) < 320
        faults.quota = None
        done = extract_night(standin, landing, second, extract)
        assert done.unfinished == {}
        assert differences_from_org(standin, landing, second.starts_at, ["opportunities"]) == []
        # The rest of the old job, not a new one; the night's own changes fit in a page.
        assert done.requests["POST /services/data/{version}/jobs/query"] <= 1
    assert standin.jobs.kept == {}


def test_rest_and_bulk_spell_one_record_as_one_version(tmp_path: Path, company: Truth) -> None:
    """The lookback brings the last days again, by the other way: nothing new lands."""
    night = nights(6)[-1]
    landing = Landing(tmp_path)
    again = CrmNight(night.as_of, night.starts_at + timedelta(seconds=1))
    with Salesforce(company, night.starts_at) as standin:
        objects = (*DEALS, "leads", "users", "opportunity_field_history")
        for run, bulk_above in ((night, 1), (again, 100_000), (again, 1)):
            extract = extracting(only=objects, bulk_above=bulk_above, lookback_minutes=60 * 24 * 30)
            done = extract_night(standin, landing, run, extract)
            landed = {r.table: r.rows_landed for r in done.results if r.rows_landed}  # type: ignore[attr-defined]
            assert bool(landed) == (run is night), landed
            assert sum(r.rows_read for r in done.results) > 1000  # type: ignore[attr-defined]


def test_a_record_deleted_for_good_is_told_by_the_feed(tmp_path: Path) -> None:
    truth = small_company()
    run = nights_between(date(2024, 3, 31), date(2024, 4, 3))
    landing = Landing(tmp_path)
    objects = ("opportunities", "deleted_opportunities")
    with Salesforce(
        truth.truth, run[0].starts_at, habits=Habits(purged_after=timedelta())
    ) as standin:
        extract_nights(standin, landing, run, extracting(only=objects))
    gone = record_id(truth.named["deleted"])
    told = landed_versions(landing, "deleted_opportunities")
    assert {key.split("|")[0] for key in told} >= {gone}
    assert all(len(versions) == 1 for versions in told.values())
    versions = landed_versions(landing, "opportunities")[gone]
    assert [version and version["IsDeleted"] for version in versions] == ["false"]


def test_an_org_without_several_currencies_or_tracking_is_not_wrong(tmp_path: Path) -> None:
    night = nights(2)[-1]
    landing = Landing(tmp_path)
    habits = Habits(several_currencies=False, tracks_deals=False, tracks_leads=False)
    with Salesforce(small_company().truth, night.starts_at, habits=habits) as standin:
        done = extract_night(standin, landing, night, extracting())
        assert done.unfinished == {}
        absent = {result.table for result in done.results if result.state == "absent"}
        assert differences_from_org(standin, landing, night.starts_at) == []
    history = {"lead_history", "opportunity_field_history"}
    assert absent == {"currency_types", "conversion_rates", *history}


def test_hidden_fields_and_new_ones_stop_no_night(tmp_path: Path) -> None:
    run = nights(2)
    landing = Landing(tmp_path)
    habits = Habits(hidden=frozenset({"Opportunity.AccountId", "OpportunityHistory.StageName"}))
    with Salesforce(small_company().truth, run[0].starts_at, habits=habits) as standin:
        done = extract_night(standin, landing, run[0], extracting(only=DEALS))
        assert list(done.unfinished) == ["opportunity_history"]
        assert "StageName" in done.unfinished["opportunity_history"]
        assert "permission set" in done.unfinished["opportunity_history"]
        standin.org.habits = Habits(more_fields={"Opportunity": {"Region__c": "string"}})
        assert extract_night(standin, landing, run[1], extracting(only=DEALS)).unfinished == {}


def test_a_very_wide_object_goes_in_bulk(tmp_path: Path) -> None:
    """Its query would not fit in the address of a request."""
    night = nights(2)[-1]
    landing = Landing(tmp_path)
    wide = {f"A_Field_With_A_Rather_Long_Name_{n}__c": "string" for n in range(500)}
    habits = Habits(more_fields={"Opportunity": wide})
    with Salesforce(small_company().truth, night.starts_at, habits=habits) as standin:
        done = extract_night(standin, landing, night, extracting(only=("opportunities",)))
        assert done.unfinished == {}
        assert done.requests["POST /services/data/{version}/jobs/query"] == 1
        assert differences_from_org(standin, landing, night.starts_at, ["opportunities"]) == []


def test_a_result_cut_off_at_any_place_is_asked_for_again(tmp_path: Path, company: Truth) -> None:
    night = nights(6)[-1]
    landing = Landing(tmp_path)
    script = {1: "truncated", 2: Fault("html"), 3: "reset_in_body", 4: Fault("html", status=403)}
    faults = ScriptedFaults(script, only=("/results",))  # type: ignore[arg-type]
    extract = extracting(only=("opportunities",), bulk_above=1, bulk_page_records=100_000)
    with Salesforce(company, night.starts_at, faults) as standin:
        assert extract_night(standin, landing, night, extract).unfinished == {}
        assert differences_from_org(standin, landing, night.starts_at, ["opportunities"]) == []
    assert faults.total == 4


def test_a_merged_lead_names_its_master(tmp_path: Path) -> None:
    company = small_company()
    night = nights_between(date(2024, 4, 3), date(2024, 4, 3))[0]
    landing = Landing(tmp_path)
    with Salesforce(company.truth, night.starts_at) as standin:
        extract_night(standin, landing, night, extracting(only=("leads",)))
    lost: Ref = company.named["lead_merged"]
    lead = landed_versions(landing, "leads")[record_id(lost)][-1]
    assert lead is not None
    assert lead["MasterRecordId"] == record_id(company.named["lead_kept_in_merge"])
    assert lead["IsDeleted"] == "true"


def _holds_no_secret(folder: Path, said: list[str], standin: Salesforce) -> None:
    secrets = [*SECRETS.values(), "!AQ0"]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    texts = [path.read_bytes() for path in files] + [text.encode() for text in said]
    assert standin.logins.given > 1
    for secret in secrets:
        assert not [text for text in texts if secret.encode() in text]
