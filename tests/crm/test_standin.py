"""The frame of the stand-ins: routes, clock, log, cursors, and each fault as a client meets it."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError
from urllib.request import Request as Ask
from urllib.request import urlopen

import pytest

from tests.crm.faults import Fault, FaultKind, FaultPlan, Mix, RandomFaults, ScriptedFaults
from tests.crm.messages import (
    Answer,
    BadParameter,
    Refused,
    Request,
    json_answer,
    make_cursor,
    read_cursor,
)
from tests.crm.small_company import small_company
from tests.crm.standin import StandIn, endpoint

NOW = datetime(2024, 3, 29, 23, 0, tzinfo=UTC)
ROWS = [{"id": number, "name": "x" * 50} for number in range(100)]


class Toy(StandIn):
    """A vendor with one list, one record, a stream and a token."""

    vendor = "toy"
    valid = "t1"

    def authorize(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            raise Refused(json_answer({"error": "expired"}, 401))

    def expire_tokens(self) -> None:
        self.valid = "t2"

    def quota_exhausted(self) -> Answer:
        return json_answer({"error": "daily"}, 429)

    @endpoint("GET", "/v1/things", tokens=10)
    def things(self, request: Request) -> Answer:
        request.only("limit")
        return json_answer(ROWS[: request.number("limit", 100, 1, 100)])

    @endpoint("GET", "/v1/things/{id}", tokens=1)
    def thing(self, request: Request) -> Answer:
        return json_answer({"id": request.at["id"]})

    @endpoint("GET", "/v1/export")
    def export(self, request: Request) -> Answer:
        return Answer(200, (f"{n},x\n".encode() for n in range(1000)), {"Content-Type": "text/csv"})

    @endpoint("POST", "/token", is_open=True)
    def token(self, request: Request) -> Answer:
        return json_answer({"access_token": self.valid, "for": request.form()["client_id"]})

    @endpoint("GET", "/v1/nothing")
    def nothing(self, request: Request) -> Answer:
        return Answer(204)


@pytest.fixture
def toy() -> Iterator[Toy]:
    with Toy(small_company().truth, NOW) as standin:
        yield standin


def ask(
    standin: Toy, path: str, *, token: str = "t1", timeout: float = 5.0, accept: str = "identity"
) -> http.client.HTTPResponse:
    request = Ask(
        standin.url + path, headers={"Authorization": f"Bearer {token}", "Accept-Encoding": accept}
    )
    answer = urlopen(request, timeout=timeout)
    assert isinstance(answer, http.client.HTTPResponse)
    return answer


def status_of(standin: Toy, path: str, *, token: str = "t1") -> int:
    try:
        with ask(standin, path, token=token) as answer:
            return answer.status
    except HTTPError as error:
        error.close()
        return error.code


def test_routes_take_placeholders_and_refuse_what_is_not_there(toy: Toy) -> None:
    assert json.load(ask(toy, "/v1/things/a%20b")) == {"id": "a b"}
    assert status_of(toy, "/v1/unknown") == 404
    assert status_of(toy, "/v1/nothing") == 204


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limt=5", "limit=1&limit=2"])
def test_parameters_that_the_endpoint_does_not_know_are_refused(toy: Toy, query: str) -> None:
    assert status_of(toy, f"/v1/things?{query}") == 400


def test_a_token_is_asked_for_except_where_tokens_are_given_out(toy: Toy) -> None:
    assert status_of(toy, "/v1/things", token="wrong") == 401
    form = Ask(f"{toy.url}/token", data=b"client_id=me")
    assert json.load(urlopen(form, timeout=5)) == {"access_token": "t1", "for": "me"}


def test_the_clock_is_sent_as_the_date_and_ticks_with_requests(toy: Toy) -> None:
    assert parsedate_to_datetime(ask(toy, "/v1/things").headers["Date"]) == NOW
    toy.tick = timedelta(seconds=90)
    ask(toy, "/v1/things")
    assert parsedate_to_datetime(ask(toy, "/v1/things").headers["Date"]) == NOW + 2 * toy.tick


def test_requests_and_tokens_are_counted_by_endpoint(toy: Toy) -> None:
    for path in ("/v1/things", "/v1/things/1", "/v1/things/2"):
        ask(toy, path).read()
    assert toy.requests_by_endpoint() == {"GET /v1/things": 1, "GET /v1/things/{id}": 2}
    assert toy.tokens == 12
    toy.forget_log()
    assert toy.tokens == 0


def test_a_stream_arrives_whole_plain_or_zipped(toy: Toy) -> None:
    whole = b"".join(f"{n},x\n".encode() for n in range(1000))
    assert ask(toy, "/v1/export").read() == whole
    zipped = ask(toy, "/v1/export", accept="gzip")
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.read()) == whole
    page = ask(toy, "/v1/things", accept="gzip")
    assert json.loads(gzip.decompress(page.read())) == ROWS


def test_cursors_are_opaque_the_same_again_and_not_to_be_made_up() -> None:
    cursor = make_cursor(after=5, query="a")
    assert cursor == make_cursor(query="a", after=5)
    assert read_cursor(cursor) == {"after": 5, "query": "a"}
    for wrong in ("", "5", cursor[:-2], "A" + cursor[1:], "ü"):
        with pytest.raises(BadParameter):
            read_cursor(wrong)


BROKEN = (http.client.HTTPException, OSError)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "reset_in_body"])
@pytest.mark.parametrize("path", ["/v1/things", "/v1/export"])
def test_a_broken_connection_breaks_the_client_and_not_the_server(
    toy: Toy, kind: FaultKind, path: str
) -> None:
    toy.faults = ScriptedFaults({1: kind})
    with pytest.raises(BROKEN):
        ask(toy, path).read()
    assert status_of(toy, path) == 200
    assert toy.faults.injected == {kind: 1}
    assert [entry.fault for entry in toy.log] == [kind, None]


def test_half_a_text_has_the_length_of_that_half(toy: Toy) -> None:
    toy.faults = ScriptedFaults({1: "truncated"})
    body = ask(toy, "/v1/things").read()
    assert json.dumps(ROWS, separators=(",", ":")).encode().startswith(body)
    with pytest.raises(ValueError, match=r"Unterminated|delimiter|Expecting"):
        json.loads(body)


def test_answers_of_the_vendor_or_a_gateway_take_the_place_of_the_right_one(toy: Toy) -> None:
    toy.faults = ScriptedFaults(
        {
            1: "throttled",
            2: Fault("server_error", status=502),
            3: Fault("html", status=403),
            4: Fault("html"),
        }
    )
    assert [status_of(toy, "/v1/things") for _ in range(3)] == [429, 502, 403]
    assert ask(toy, "/v1/things").read().startswith(b"<!DOCTYPE html>")
    assert status_of(toy, "/v1/things") == 200
    assert toy.faults.total == 4


def test_a_slow_answer_outlasts_an_impatient_client(toy: Toy) -> None:
    toy.faults = ScriptedFaults({1: Fault("slow", seconds=0.6)})
    with pytest.raises(TimeoutError):
        ask(toy, "/v1/things", timeout=0.1).read()
    assert status_of(toy, "/v1/things") == 200


def test_a_token_expires_in_the_middle_and_a_clock_goes_wrong(toy: Toy) -> None:
    skew = timedelta(minutes=-5)
    toy.faults = ScriptedFaults({1: Fault("skewed_clock", skew=skew), 2: "expired_token"})
    assert parsedate_to_datetime(ask(toy, "/v1/things").headers["Date"]) == NOW + skew
    assert status_of(toy, "/v1/things") == 401
    assert status_of(toy, "/v1/things", token="t2") == 200


def test_a_daily_quota_ends_until_the_next_day(toy: Toy) -> None:
    toy.faults = FaultPlan(quota=2)
    assert [status_of(toy, "/v1/things") for _ in range(4)] == [200, 200, 429, 429]
    toy.new_day()
    assert status_of(toy, "/v1/things") == 200
    assert toy.faults.injected == {"quota": 2}


def test_random_faults_repeat_with_their_seed_and_leave_room_for_success() -> None:
    mix = Mix(rate=0.5, in_a_row=2)
    runs = []
    for seed in (7, 7, 8):
        plan = RandomFaults(seed, mix)
        runs.append([plan.next("/v1/things") for _ in range(400)])
        assert plan.total == sum(fault is not None for fault in runs[-1])
    assert runs[0] == runs[1] != runs[2]
    assert {fault.kind for fault in runs[0] if fault} > {"throttled", "truncated", "slow"}
    harmful = "".join("x" if f and f.kind != "skewed_clock" else "." for f in runs[0])
    assert "xx" in harmful
    assert "xxx" not in harmful
    spared = RandomFaults(7, Mix(rate=1.0, spared={"/token"}), only=["/v1"])
    assert spared.next("/token") is None
    assert spared.next("/other") is None
    assert spared.next("/v1/things") is not None
