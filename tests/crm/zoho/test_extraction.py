"""Many nights with faults: in the end what landed is what Zoho has, nothing lost or twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.landing import Landing
from orchestration.sources.result import ExtractResult
from orchestration.sources.zoho import history
from tests.crm import company
from tests.crm.faults import Mix, RandomFaults
from tests.crm.generate import Shape, generate_truth
from tests.crm.happenings import Ref
from tests.crm.landed import doubled, newest, shown_secrets
from tests.crm.messages import Request
from tests.crm.nights import Extracted, extract_night, extract_nights
from tests.crm.projection import CrmNight, nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT
from tests.crm.standins.zoho import Zoho
from tests.crm.standins.zoho_shapes import DEAL_CUSTOM, record_id
from tests.crm.story import Story
from tests.crm.zoho.landed import deleted_differences, differences
from tests.crm.zoho.nights import SECRETS, SOURCE, extracting

BEGIN = datetime(2024, 3, 1, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TABLES = ("leads", "deals", "deal_history", "deleted_leads", "deleted_deals", "users")


def night_at(at: datetime) -> CrmNight:
    return CrmNight(at.date() - DAY, at)


def new_story() -> Story:
    return Story(company.owners(), company.stage_lists(), company.rates())


def run(standin: Zoho, landing: Landing, at: datetime, **others: object) -> Extracted:
    return extract_night(standin, landing, night_at(at), extracting(**others))


def results(done: Extracted) -> dict[str, ExtractResult]:
    return {result.table: result for result in done.results}  # type: ignore[misc]


def test_faults_of_every_kind_lose_and_double_nothing(tmp_path: Path) -> None:
    shape = Shape(ties=0.2, late=0.2, restored=0.6)
    truth = generate_truth(41, 60, 30, date(2024, 3, 1), 36, shape)
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT, missed=[date(2024, 4, 1)])
    landing, told = Landing(tmp_path), list[str]()
    faults = RandomFaults(5, Mix(rate=0.2, slow_seconds=0.02), quota=34)
    with Zoho(truth, nights[0].starts_at, faults) as standin:
        standin.most_per_page, standin.most_per_query = 9, 40
        standin.tick = timedelta(seconds=20)
        done = extract_nights(standin, landing, nights, extracting(told))
        assert sum(bool(night.unfinished) for night in done) >= 2
        faults.quota = None
        standin.tick = timedelta()
        last = nights_between(LAST_NIGHT + DAY, LAST_NIGHT + DAY)
        assert extract_nights(standin, landing, last, extracting(told))[0].unfinished == {}
        assert faults.total > 25
        assert len(newest(landing, SOURCE, "deals")) > 50
        assert differences(landing, standin) == []
        assert deleted_differences(landing, standin) == []
    assert not [table for table in TABLES if doubled(landing, SOURCE, table)]
    assert told
    assert shown_secrets(tmp_path, SECRETS, told) == []


def test_a_run_that_is_killed_in_mid_page_leaves_nothing_half_done(tmp_path: Path) -> None:
    truth = generate_truth(42, 25, 5, date(2024, 3, 1), 20)
    landing = Landing(tmp_path)
    (night,) = nights_between(FIRST_NIGHT, FIRST_NIGHT)
    told: list[str] = []

    class Killed(BaseException):
        pass

    class Deadly(list[str]):
        def append(self, text: str) -> None:
            told.append(text)
            if "deals so far" in text and len([t for t in told if "deals so far" in t]) == 2:
                raise Killed

    with Zoho(truth, night.starts_at) as standin:
        standin.most_per_page = 7
        with pytest.raises(Killed):
            extract_night(standin, landing, night, extracting(Deadly()))
        assert newest(landing, SOURCE, "deals") == {}
        assert newest(landing, SOURCE, "leads") != {}
        assert extract_night(standin, landing, night, extracting()).unfinished == {}
        assert differences(landing, standin, silent=True) == []
    assert not [table for table in TABLES if doubled(landing, SOURCE, table)]


@pytest.mark.parametrize("is_inclusive", [True, False])
def test_more_ties_than_a_page_are_followed_by_its_tokens(
    tmp_path: Path, is_inclusive: bool
) -> None:
    story = new_story()
    for place in range(30):
        ref = story.deal(BEGIN + place * HOUR / 60, "qualification", owner=3)
        story.change(ref, BEGIN + 2 * HOUR, owner=5)
    story.deal(BEGIN + 3 * HOUR, "qualification", owner=3)
    landing = Landing(tmp_path)
    with Zoho(story.truth(), BEGIN + 5 * HOUR) as standin:
        standin.most_per_page = 8
        standin.header_includes_its_second = is_inclusive
        done = run(standin, landing, BEGIN + 5 * HOUR)
        assert differences(landing, standin, silent=True) == []
        assert done.unfinished == {}
    assert len(newest(landing, SOURCE, "deals")) == 31
    assert doubled(landing, SOURCE, "deals") == []


def test_every_field_lands_though_a_call_takes_fifty(tmp_path: Path) -> None:
    story = new_story()
    kept = story.deal(BEGIN, "qualification", owner=3)
    touched = story.deal(BEGIN + HOUR, "qualification", owner=3)
    story.change(touched, BEGIN + 4 * HOUR, owner=5)
    gone = story.deal(BEGIN + 2 * HOUR, "qualification", owner=3)
    story.delete(gone, BEGIN + 4 * HOUR)
    landing = Landing(tmp_path)
    with Zoho(story.truth(), BEGIN + 3 * HOUR) as standin:
        # Between the calls for one page, a deal changes and another one goes.
        standin.before_page = _moves(standin, BEGIN + 4 * HOUR, "ids")
        run(standin, landing, BEGIN + 3 * HOUR)
        now = newest(landing, SOURCE, "deals")
        assert now.keys() == {record_id(kept)}
        assert set(DEAL_CUSTOM) < now[record_id(kept)].keys()
        run(standin, landing, BEGIN + 5 * HOUR)
        assert differences(landing, standin, silent=True) == []


def _moves(standin: Zoho, to: datetime, parameter: str) -> Callable[[Request], None]:
    def move(request: Request) -> None:
        if parameter in request.query and "Deals" in request.path:
            standin.now = max(standin.now, to)

    return move


def test_a_quota_in_the_middle_keeps_what_came_and_carries_on_there(tmp_path: Path) -> None:
    truth = generate_truth(43, 60, 0, date(2024, 3, 1), 20)
    landing = Landing(tmp_path)
    at = datetime(2024, 3, 28, tzinfo=UTC)
    with Zoho(truth, at) as standin:
        standin.most_per_page = 10
        standin.credits_a_day = 16
        done = run(standin, landing, at)
        first = newest(landing, SOURCE, "deals")
        assert 10 <= len(first) < 55
        assert results(done)["deals"].state == "interrupted"
        assert results(done)["deal_history"].state == "failed"
        standin.credits_a_day = 50_000
        done = run(standin, landing, at + DAY)
        assert done.unfinished == {}
        assert differences(landing, standin, silent=True) == []
        # The first night's pages were not asked for again.
        pages = done.requests["GET /crm/v8/Deals"]
        run(standin, Landing(tmp_path / "anew"), at + DAY)
        assert pages <= standin.requests_by_endpoint()["GET /crm/v8/Deals"]
    assert doubled(landing, SOURCE, "deals") == []


def test_a_budget_of_ones_own_ends_the_night_in_time(tmp_path: Path) -> None:
    truth = generate_truth(44, 30, 10, date(2024, 3, 1), 20)
    at = datetime(2024, 3, 28, tzinfo=UTC)
    with Zoho(truth, at) as standin:
        standin.most_per_page = 10
        done = run(standin, Landing(tmp_path), at, tokens_per_night=14)
        assert standin.tokens <= 14
        assert any("tokens_per_night" in text for text in done.unfinished.values())


def test_what_ended_a_period_lands_with_the_deal_that_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = new_story()
    ref = story.deal(BEGIN, "qualification", owner=3)
    story.deal(BEGIN, "qualification", owner=3)
    story.move(ref, BEGIN + 30 * HOUR, "proposal")
    story.move(ref, BEGIN + 60 * HOUR, "negotiation")
    landing = Landing(tmp_path)
    with Zoho(story.truth(), BEGIN) as standin:
        run(standin, landing, BEGIN + HOUR)
        run(standin, landing, BEGIN + 31 * HOUR)
        moved = [row["Moved_To__s"] for row in newest(landing, SOURCE, "deal_history").values()]
        assert moved == ["Proposal", None, None]
        # Where so many changed that all come anew, nothing lands twice.
        monkeypatch.setattr(history, "_MOST_ASKED", 0)
        run(standin, landing, BEGIN + 61 * HOUR)
        assert differences(landing, standin, silent=True) == []
    assert doubled(landing, SOURCE, "deal_history") == []


def test_a_restored_record_among_pages_of_deletions_hides_none(tmp_path: Path) -> None:
    story = new_story()
    refs: list[Ref] = []
    for place in range(12):
        refs.append(story.deal(BEGIN, "qualification", owner=3))
        story.delete(refs[-1], BEGIN + (2 + place) * HOUR)
    story.restore(refs[-1], BEGIN + 20 * HOUR)
    landing = Landing(tmp_path)
    with Zoho(story.truth(), BEGIN) as standin:
        standin.most_per_page = 5
        run(standin, landing, BEGIN + HOUR)

        def restored(request: Request) -> None:
            if request.path.endswith("Deals/deleted") and request.one("page") == "2":
                standin.now = BEGIN + 21 * HOUR

        standin.before_page = restored
        run(standin, landing, BEGIN + 15 * HOUR)
        assert newest(landing, SOURCE, "deleted_deals").keys() == {record_id(ref) for ref in refs}


def test_history_of_leads_comes_where_it_is_tracked(tmp_path: Path) -> None:
    story = new_story()
    lead = story.lead(BEGIN, "fresh", owner=3)
    story.move(lead, BEGIN + HOUR, "working")
    landing = Landing(tmp_path)
    with Zoho(story.truth(), BEGIN) as standin:
        done = results(run(standin, landing, BEGIN + 2 * HOUR))
        assert done["lead_history"].state == "absent"
        standin.has_lead_history = True
        others = {"lead_history_module": "Lead_Status_History"}
        run(standin, landing, BEGIN + 3 * HOUR, **others)
        rows = newest(landing, SOURCE, "lead_history").values()
        assert [row["Lead_Status"] for row in rows] == ["New", "Contacted"]


@pytest.mark.parametrize("told", [(403, "CURRENCIES_NOT_ENABLED"), (204, "")])
def test_an_organisation_without_pipelines_or_currencies(
    tmp_path: Path, told: tuple[int, str]
) -> None:
    story = new_story()
    story.deal(BEGIN, "qualification", owner=3)
    landing = Landing(tmp_path)
    with Zoho(story.truth(), BEGIN) as standin:
        standin.has_pipelines = standin.has_currencies = False
        standin.says_of_lacking = told
        done = results(run(standin, landing, BEGIN + HOUR))
        assert done["currencies"].state == "absent"
        stages = newest(landing, SOURCE, "deal_stages").values()
        assert {row["option"]["display_value"] for row in stages} > {"Qualification", "Closed Won"}
        assert not any("pipeline" in row for row in stages)
