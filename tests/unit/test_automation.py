"""The schedule, the retries and the webhook, on a real instance and a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest

from orchestration.automation.jobs import NIGHT
from orchestration.automation.notifications import notify_failure
from orchestration.automation.retries import ATTEMPT, SCHEDULED, WAITS, due_again, retry_sensor
from orchestration.automation.schedules import nightly_schedule
from orchestration.settings import Settings, load_settings
from orchestration.warehouse.partitions import RANGE_END, RANGE_START, missing_days, snapshot_days

DAILY = dg.AssetKey(["marts", "fct_pipeline_daily"])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "files").mkdir()
    path = tmp_path / "funnel.toml"
    path.write_text(
        'business_timezone = "Europe/Amsterdam"\nnight_at = "02:30"\nfirst_day = "2024-03-01"\n'
        'alert_webhook = { env = "FUNNEL_TEST_HOOK" }\n'
        '[[sources]]\nname = "acme"\ntype = "files"\npath = "files"\n',
        "utf-8",
    )
    return load_settings(path)


def test_the_schedule_is_off_and_follows_the_business_time_zone(settings: Settings) -> None:
    schedule = nightly_schedule(settings)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "30 2 * * *"
    assert schedule.execution_timezone == "Europe/Amsterdam"


def test_a_night_covers_every_day_without_a_snapshot(settings: Settings) -> None:
    with dg.instance_for_test() as instance:
        for day in ("2024-03-01", "2024-03-02", "2024-03-04"):
            instance.report_runless_asset_event(dg.AssetMaterialization(DAILY, partition=day))
        assert missing_days(instance, DAILY, settings, date(2024, 3, 6)) == (
            date(2024, 3, 3),
            date(2024, 3, 6),
        )
        # At half past two on the 7th in Amsterdam it is the 7th at 01:30 in UTC.
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2024, 3, 7, 1, 30, tzinfo=UTC),
        )
        request = nightly_schedule(settings).evaluate_tick(context).run_requests
        assert request is not None
        assert request[0].tags[RANGE_START] == "2024-03-03"
        assert request[0].tags[RANGE_END] == "2024-03-06"
        assert request[0].tags[SCHEDULED] == "true"


def test_partitions_end_with_the_last_finished_day(settings: Settings) -> None:
    fixed = settings.model_copy(update={"as_of": date(2024, 3, 10)})
    assert snapshot_days(fixed).get_last_partition_key() == "2024-03-10"
    assert snapshot_days(fixed).get_first_partition_key() == "2024-03-01"


def test_waits_grow_and_end() -> None:
    failed = datetime(2024, 3, 7, 1, 0, tzinfo=UTC)
    dues = [due_again(attempt, failed) for attempt in range(len(WAITS) + 1)]
    waits = [due - failed for due in dues if due is not None]
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(minutes=1)
    assert dues[-1] is None


def _failed_run(
    instance: dg.DagsterInstance, tags: dict[str, str], ago: timedelta
) -> dg.DagsterRun:
    @dg.op
    def fail() -> None:
        raise RuntimeError("the disk is full")

    @dg.job(name=NIGHT)
    def night() -> None:
        fail()

    result = night.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    assert not result.success
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    return run


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({}, "by hand"),
        ({SCHEDULED: "true"}, "Due again"),
        ({SCHEDULED: "true", ATTEMPT: str(len(WAITS))}, "somebody has to look"),
    ],
)
def test_a_failed_night_is_tried_again_only_when_it_should(
    tags: dict[str, str], words: str
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        _failed_run(instance, tags, timedelta())
        context = dg.build_sensor_context(instance=instance)
        told = retry_sensor()(context)
        assert isinstance(told, dg.SkipReason)
        assert words in (told.skip_message or "")


def test_a_failed_scheduled_night_is_due_after_its_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.automation.retries.WAITS", (timedelta(0), timedelta(1)))
    with dg.DagsterInstance.ephemeral() as instance:
        days = {RANGE_START: "2024-03-03", RANGE_END: "2024-03-06"}
        run = _failed_run(instance, {SCHEDULED: "true", **days}, timedelta())
        request = retry_sensor()(dg.build_sensor_context(instance=instance))
        assert isinstance(request, dg.RunRequest)
        assert request.run_key == f"{run.run_id}-again"
        assert request.tags == {SCHEDULED: "true", ATTEMPT: "1", **days}


@contextmanager
def _hook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    heard: list[dict[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token-1234", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_webhook_hears_of_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _hook() as (address, heard):
        monkeypatch.setenv("FUNNEL_TEST_HOOK", address)
        assert notify_failure(settings, "run-7", "a check failed", print)
    assert [message["run_id"] for message in heard] == ["run-7"]
    assert "a check failed" in heard[0]["text"]


def test_a_deaf_webhook_is_told_without_its_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _hook() as (address, _):
        monkeypatch.setenv("FUNNEL_TEST_HOOK", address)
    told: list[str] = []
    assert not notify_failure(settings, "run-7", "a check failed", told.append)
    assert len(told) == 1
    assert "token-1234" not in told[0]
    assert "127.0.0.1" not in told[0]
