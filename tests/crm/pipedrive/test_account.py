"""Logging in, what answers mean, and what is found before the first night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.landing import Landing
from orchestration.sources.crm.errors import (
    NotPermitted,
    QuotaExhausted,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.http import Account
from orchestration.sources.pipedrive.account import PipedriveAccount
from orchestration.sources.pipedrive.vendor import VENDOR
from tests.crm.accounts import extract_objects, open_account
from tests.crm.faults import Fault, FaultKind, FaultPlan, ScriptedFaults
from tests.crm.messages import Answer, Request, json_answer
from tests.crm.pipedrive.nights import SECRETS, source_of
from tests.crm.projection import CrmNight
from tests.crm.small_company import small_company
from tests.crm.standin import endpoint
from tests.crm.standins.pipedrive import Pipedrive

NOW = datetime(2024, 4, 3, 0, 2, tzinfo=UTC)
STAGES = "/api/v2/stages"


class Odd(Pipedrive):
    """Answers in ways that happen, and shouldn't."""

    answers: list[Answer]

    @endpoint("GET", "/api/v1/odd")
    def odd(self, request: Request) -> Answer:
        return self.answers.pop(0)


@pytest.fixture
def standin() -> Iterator[Odd]:
    with Odd(small_company().truth, NOW) as running:
        yield running


def waiting(standin: Pipedrive, **others: object) -> tuple[Account, list[float]]:
    waits: list[float] = []
    account = PipedriveAccount(source_of(standin, **others), lambda text: None, waits.append)
    return account, waits


def test_a_personal_token_needs_no_login(standin: Odd) -> None:
    account = open_account(source_of(standin, by_token=True))
    account.get(STAGES)
    assert standin.requests_by_endpoint() == {f"GET {STAGES}": 1}
    assert account.tokens == 5


def test_an_oauth_token_is_renewed_when_it_ends_in_mid_run(standin: Odd) -> None:
    account = open_account(source_of(standin))
    account.get(STAGES)
    standin.expire_tokens()
    account.get(STAGES)
    assert standin.requests_by_endpoint()["POST /oauth/token"] == 2


def test_the_host_is_the_one_that_the_token_names_unless_it_is_overridden(standin: Odd) -> None:
    source = source_of(standin)
    account = open_account(source)
    account.get(STAGES)
    assert account.base_url == standin.url
    token = account.token
    assert token.base_url == "https://acme.pipedrive.com"
    account.settings = source.model_copy(update={"base_url": None, "company": "other"})
    assert account.base_url == token.base_url
    account._token = None
    assert account.base_url == "https://other.pipedrive.com"


@pytest.mark.parametrize(
    ("key", "by_token", "words"),
    [
        ("ACME_PD_TOKEN", True, "does not accept the credentials"),
        ("ACME_PD_CLIENT_SECRET", False, "invalid_client"),
        ("ACME_PD_REFRESH_TOKEN", False, "invalid_grant"),
    ],
)
def test_wrong_credentials_are_named_and_not_shown(
    standin: Odd, monkeypatch: pytest.MonkeyPatch, key: str, by_token: bool, words: str
) -> None:
    monkeypatch.setenv(key, "very-wrong")
    account = open_account(source_of(standin, by_token=by_token))
    with pytest.raises(WrongCredentials, match=words) as found:
        account.get(STAGES)
    assert not [secret for secret in (*SECRETS, "very-wrong") if secret in str(found.value)]
    monkeypatch.delenv(key)
    with pytest.raises(WrongCredentials, match=f"{key} is not set"):
        open_account(source_of(standin, by_token=by_token)).get(STAGES)


def test_too_many_requests_are_waited_out_for_two_seconds_at_least(standin: Odd) -> None:
    standin.faults = ScriptedFaults({2: "throttled", 3: "throttled"})
    account, waits = waiting(standin)
    account.get(STAGES)
    assert len(waits) == 2
    assert all(2 <= wait < 4 for wait in waits)


def test_a_spent_day_ends_the_source_and_says_so(standin: Odd, tmp_path: Path) -> None:
    standin.daily_tokens = 60
    account = open_account(source_of(standin))
    results = list(extract_objects(account, Landing(tmp_path), CrmNight(NOW.date(), NOW)))
    states = [result.state for result in results]
    assert states == ["landed", "landed", "landed", "interrupted", "failed", "failed"]
    assert all("daily API tokens are used up" in result.message for result in results[3:])
    # What can't be afforded is not even asked for.
    assert [entry.status for entry in standin.log if entry.status != 200] == []
    assert standin.requests_by_endpoint()["GET /api/v2/deals"] == 0


def test_a_day_that_others_have_spent_ends_the_source_too(standin: Odd) -> None:
    standin.faults = FaultPlan(quota=1)
    account, waits = waiting(standin)
    account.get(STAGES)
    with pytest.raises(QuotaExhausted, match="daily API tokens are used up"):
        account.get(STAGES)
    assert waits == []


@pytest.mark.parametrize("times", [2, 3])
def test_the_gateway_is_asked_more_rarely_and_then_no_more(standin: Odd, times: int) -> None:
    page = Fault("html", status=403)
    standin.faults = ScriptedFaults(dict.fromkeys(range(2, 2 + times), page))
    account, waits = waiting(standin)
    if times == 2:
        account.get(STAGES)
    else:
        with pytest.raises(QuotaExhausted, match="gateway turns our requests away"):
            account.get(STAGES)
    assert [wait // 60 for wait in waits] == [1, 3]


@pytest.mark.parametrize("kind", ["html", "truncated", "server_error", "reset_in_body"])
def test_a_broken_answer_is_asked_for_again(standin: Odd, kind: FaultKind) -> None:
    standin.faults = ScriptedFaults({2: kind})
    account, waits = waiting(standin)
    assert len(account.get(STAGES).json()["data"]) == 7
    assert len(waits) == 1


def test_an_empty_answer_is_asked_for_again_and_a_refusal_at_200_is_none(standin: Odd) -> None:
    standin.answers = [json_answer(None), Answer(), json_answer({"success": True, "data": None})]
    account, waits = waiting(standin)
    assert account.get("/api/v1/odd").json()["success"] is True
    assert len(waits) == 2
    standin.answers = [json_answer({"success": False, "error": "Deal not yours"})]
    with pytest.raises(UnexpectedAnswer, match="Deal not yours"):
        account.get("/api/v1/odd")
    standin.answers = [json_answer({"success": False, "error": "Payment required"}, 402)]
    with pytest.raises(WrongCredentials, match="closed or unpaid"):
        account.get("/api/v1/odd")


def test_a_missing_scope_says_where_to_add_it(standin: Odd) -> None:
    standin.scopes.remove("recents:read")
    account = open_account(source_of(standin))
    with pytest.raises(NotPermitted, match="add the scope recents:read"):
        account.get("/api/v1/deals/1/changelog")
    findings = {found.subject: found for found in VENDOR.check(account)}
    assert [name for name, found in findings.items() if not found.is_good] == ["log of changes"]
    assert "recents:read" in findings["log of changes"].message


def test_a_good_account_is_found_good(standin: Odd) -> None:
    findings = list(VENDOR.check(open_account(source_of(standin))))
    assert [found.subject for found in findings if not found.is_good] == []
    assert len(findings) == 10
    assert findings[0].message == "we are Owner 1 of Acme"


def test_what_is_wrong_is_found_before_the_first_night(
    standin: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_PD_TOKEN", "very-wrong")
    (only,) = VENDOR.check(open_account(source_of(standin, by_token=True)))
    assert (only.subject, only.is_good) == ("credentials", False)
    standin.before_page = lambda request: None
    monkeypatch.setattr(
        "tests.crm.standins.pipedrive_records.pipeline_row",
        lambda told: {"id": told.number, "order_nr": 1, "is_deleted": False},
    )
    monkeypatch.setattr(
        "tests.crm.standins.pipedrive_records.user",
        lambda owner: {"id": 1, "name": "One", "active_flag": True, "access": []},
    )
    bad = {f.subject: f for f in VENDOR.check(open_account(source_of(standin))) if not f.is_good}
    assert set(bad) == {"pipelines", "rights"}
    assert "lacks name" in bad["pipelines"].message
    assert not bad["rights"].is_needed


def test_the_standin_refuses_what_the_vendor_refuses(standin: Odd) -> None:
    account = open_account(source_of(standin))
    standin.faults = FaultPlan()
    for path, params in (
        ("/api/v2/deals", {"limit": 501}),
        ("/api/v2/deals", {"start": 0}),
        ("/api/v2/deals", {"status": "all_not_deleted"}),
        ("/api/v2/deals", {"updated_since": "2024-04-01"}),
        ("/api/v2/deals", {"cursor": "0"}),
        ("/api/v2/deals", {"include_fields": "secret_field"}),
        ("/api/v1/leads/archived", {"updated_since": "2024-04-01T00:00:00Z"}),
        ("/api/v1/deals/1/changelog", {"cursor": "0"}),
        ("/api/v1/deals", {}),
    ):
        with pytest.raises(UnexpectedAnswer, match=r"400|does not exist"):
            account.get(path, params=params)
