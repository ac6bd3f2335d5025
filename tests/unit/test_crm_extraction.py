"""Windows, interruptions, waiting and secrets, as every CRM source has them in common."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.landing import Manifest, Window
from orchestration.sources.crm.errors import UnexpectedAnswer
from orchestration.sources.crm.extract import next_window
from orchestration.sources.crm.vendor import Pull
from tests.crm.faults import Fault, FaultKind, Mix, RandomFaults, ScriptedFaults
from tests.crm.messages import Refused, json_answer
from tests.support.toy_vendor import (
    KINDS,
    LOGS,
    START,
    THINGS,
    Nights,
    Toy,
)


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with Toy(START) as standin:
        standin.things = {n: START - timedelta(hours=n) for n in range(1, 11)}
        yield Nights(standin, tmp_path / "landing")


def test_the_first_night_takes_everything_and_the_next_what_changed(nights: Nights) -> None:
    assert nights.run(THINGS).rows_landed == 10
    assert nights.run(THINGS).state == "unchanged"
    nights.standin.now += timedelta(days=1)
    nights.standin.things[4] = START + timedelta(hours=3)
    second = nights.run(THINGS)
    # The lookback brings the last of the first night's once more; the same again adds nothing.
    assert (second.state, second.rows_read, second.rows_landed) == ("landed", 2, 1)
    ids = [id_ for (id_,) in nights.rows("things", "id")]
    assert sorted(ids, key=int) == sorted([*map(str, range(1, 11)), "4"], key=int)


def test_the_mark_is_the_vendor_s_clock_before_the_first_request(nights: Nights) -> None:
    nights.standin.tick = timedelta(minutes=1)
    nights.run(THINGS)
    window = nights.landing.manifests("toy", "things")[-1].window
    assert window is not None
    assert window.start is None
    assert START <= window.end <= START + timedelta(minutes=1)


def test_a_change_stamped_before_the_mark_but_seen_late_is_found_by_the_lookback(
    nights: Nights,
) -> None:
    nights.run(THINGS)
    nights.standin.things[99] = START - timedelta(minutes=30)
    nights.standin.now += timedelta(days=1)
    assert nights.run(THINGS).rows_landed == 1


def test_a_quota_in_the_middle_keeps_what_came_and_the_next_night_carries_on(
    nights: Nights,
) -> None:
    nights.standin.faults.quota = 3
    first = nights.run(THINGS)
    assert (first.state, first.rows_landed) == ("interrupted", 6)
    assert "quota" in first.message
    span = nights.landing.manifests("toy", "things")[-1].window
    assert span is not None
    assert not span.is_complete

    nights.standin.new_day()
    nights.standin.faults.quota = None
    nights.standin.now += timedelta(days=1)
    nights.standin.things[2] = START + timedelta(hours=5)
    second = nights.run(THINGS)
    assert (second.state, second.rows_landed) == ("landed", 5)
    ids = [id_ for (id_,) in nights.rows("things", "id")]
    assert sorted(ids, key=int) == sorted([*map(str, range(1, 11)), "2"], key=int)
    loads = nights.landing.manifests("toy", "things")
    assert all(load.is_first_extraction for load in loads)
    assert loads[-1].high_water_mark == START + timedelta(days=1)


def test_a_crash_before_a_checkpoint_lands_nothing_and_moves_no_mark(nights: Nights) -> None:
    def broken(pull: Pull) -> None:
        pull.delivery.add([b'{"id": 1}'], "x")
        raise UnexpectedAnswer("it broke")

    assert nights.run(THINGS, broken).state == "failed"
    assert nights.landing.manifests() == []
    assert nights.run(THINGS).rows_landed == 10


def test_a_log_is_asked_for_what_landed_since_and_a_spent_budget_carries_on(
    nights: Nights,
) -> None:
    nights.run(THINGS)
    nights.budget = 5  # one of them asks for the clock
    first = nights.run(LOGS)
    assert (first.state, first.rows_landed, first.requests) == ("interrupted", 4, 5)
    assert "requests_per_night" in first.message
    nights.budget = None
    nights.standin.forget_log()
    assert nights.run(LOGS).rows_landed == 6
    nights.standin.now += timedelta(days=1)
    nights.standin.things[7] = START + timedelta(hours=1)
    nights.run(THINGS)
    nights.standin.forget_log()
    assert nights.run(LOGS).rows_landed == 1
    assert nights.standin.requests_by_endpoint()["GET /things/{id}/log"] == 1


def test_what_landed_while_a_log_was_interrupted_is_asked_for_in_the_end(nights: Nights) -> None:
    nights.run(THINGS)
    nights.budget = 5
    assert nights.run(LOGS).state == "interrupted"  # things 1 to 4 were asked for
    nights.budget = None
    nights.standin.now += timedelta(days=1)
    nights.standin.things[2] = START + timedelta(hours=1)
    nights.run(THINGS)
    assert nights.run(LOGS).state == "landed"
    seen = nights.rows("logs", "payload->>'$.data[0].seen'")
    assert ((START + timedelta(hours=1)).isoformat(),) in seen
    nights.standin.forget_log()
    nights.run(LOGS)
    assert nights.standin.requests_by_endpoint()["GET /things/{id}/log"] == 0


def test_what_a_whole_list_lacks_was_removed(nights: Nights) -> None:
    nights.run(KINDS)
    nights.standin.kinds = ["a", "c", "d"]
    result = nights.run(KINDS)
    assert (result.rows_landed, result.rows_deleted) == (1, 1)
    assert nights.rows("kinds", "id, is_deleted")[-1] == ("b", True)
    nights.standin.faults = ScriptedFaults({1: "reset_in_body"})
    assert nights.run(KINDS).state == "unchanged"


@pytest.mark.parametrize("kind", ["throttled", "server_error", "truncated", "html", "slow"])
def test_a_passing_fault_is_waited_out_and_told(nights: Nights, kind: FaultKind) -> None:
    fault = Fault(kind, seconds=1.5)
    nights.standin.faults = ScriptedFaults({1: fault, 3: fault})
    assert nights.run(THINGS).rows_landed == 10
    assert sum("again in" in text for text in nights.told) == 2, nights.told


def test_a_token_that_expires_in_mid_run_is_renewed(nights: Nights) -> None:
    nights.standin.faults = ScriptedFaults({2: "expired_token", 4: "expired_token"})
    assert nights.run(THINGS).rows_landed == 10


def test_any_mix_of_faults_loses_and_doubles_nothing(nights: Nights) -> None:
    nights.standin.faults = RandomFaults(7, Mix(rate=0.3))
    for night in range(12):
        nights.standin.now = START + timedelta(days=night)
        for number in (1 + night, 4 + night, 20 + night):
            nights.standin.things[number] = nights.standin.now - timedelta(minutes=5 * number)
        for item in (THINGS, LOGS, KINDS):
            nights.run(item)
    expected = {(str(n), at.isoformat()) for n, at in nights.standin.things.items()}
    found = nights.rows("things", "id, payload->>'changed'")
    assert expected <= set(found)
    assert len(found) == len(set(found))
    assert nights.standin.faults.total > 10


def test_waiting_longer_than_allowed_ends_the_night_of_the_source(nights: Nights) -> None:
    nights.patience = 1
    nights.standin.faults = ScriptedFaults({3: "throttled"})
    result = nights.run(THINGS)
    assert (result.state, result.rows_landed) == ("interrupted", 3)
    assert "longest_wait_seconds" in result.message


def test_no_secret_lands_or_shows(nights: Nights, tmp_path: Path) -> None:
    nights.run(THINGS)
    assert {note for (note,) in nights.rows("things", "payload->>'note'")} == {"it holds ***"}
    nights.standin.authorize = lambda request: (_ for _ in ()).throw(  # type: ignore[method-assign]
        Refused(json_answer({}, 401))
    )
    nights.standin.valid = "token-9"
    result = nights.run(THINGS)
    assert result.state == "failed"
    assert "is refused" in result.message
    texts = [result.message, *nights.told, *(f.read_text() for f in tmp_path.rglob("*.json"))]
    assert not [text for text in texts if "token-" in text]


def test_a_record_that_is_no_json_or_has_no_id_lands_with_its_problem(nights: Nights) -> None:
    def odd(pull: Pull) -> None:
        pull.delivery.add([b'{"id": 1, "v": }', b'{"name": "x"}', b'{"id": 3}'], "GET /odd")

    result = nights.run(THINGS, odd)
    assert (result.rows_landed, result.rows_rejected) == (3, 2)
    found = nights.rows("things", "file, line, problem")
    assert found == [
        ("GET /odd", 1, "the record is not valid JSON"),
        ("GET /odd", 2, "the record has no id"),
        ("GET /odd", 3, None),
    ]


def _load(window: Window | None) -> Manifest:
    return Manifest(
        "1", "toy", "t", START, START.date(), True, (), 0, 0, 0, (), "", "changes", window
    )


def test_a_window_follows_the_last_complete_one_or_finishes_the_open_one() -> None:
    hour = timedelta(hours=1)
    later = START + timedelta(days=3)
    assert next_window([], START, hour) == Window(None, START)
    done = Window(None, START)
    assert next_window([_load(done)], later, hour) == Window(START - hour, later)
    left = Window(None, START, '{"after": 3}')
    assert next_window([_load(left)], later, hour) == left
    # A clock that was set back opens no window that ends before it began.
    assert next_window([_load(done)], START - hour, hour) == Window(START - hour, START)
