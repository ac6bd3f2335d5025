"""Logging in, waiting and refusals in plain words, and what trying an account says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from orchestration.sources.crm.errors import (
    CrmError,
    NotOffered,
    NotPermitted,
    QuotaExhausted,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.findings import Finding
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.checks import check
from orchestration.sources.hubspot.kinds import DEALS
from tests.crm.faults import ScriptedFaults
from tests.crm.hubspot.nights import OAUTH, source_of
from tests.crm.messages import Answer, Refused, Request
from tests.crm.small_company import day, small_company
from tests.crm.standins import hubspot_rules as rules
from tests.crm.standins.hubspot import Hubspot
from tests.crm.standins.hubspot_account import SCOPES, STATIC_TOKEN
from tests.crm.standins.hubspot_shapes import id_of

SMALL = small_company()


@pytest.fixture
def standin() -> Iterator[Hubspot]:
    with Hubspot(SMALL.truth, day(30)) as running:
        yield running


def account_of(
    standin: Hubspot, waits: list[float] | None = None, **options: object
) -> HubspotAccount:
    slept: list[float] = [] if waits is None else waits
    return HubspotAccount(source_of(standin, **options), lambda text: None, slept.append)


def refuse_once(standin: Hubspot, answer: Answer, times: int = 1) -> None:
    """Let the next requests be answered so."""
    left = [times]
    usual = standin.authorize

    def authorize(request: Request) -> None:
        if left[0]:
            left[0] -= 1
            raise Refused(answer)
        usual(request)

    standin.authorize = authorize  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("answer", "low", "high"),
    [
        (rules.limited("TEN_SECONDLY_ROLLING"), 10.0, 13.0),
        (rules.limited("SECONDLY"), 1.0, 1.5),
        (rules.error(423, "LOCKED", "locked"), 2.0, 2.6),
        (Answer(477, b"{}", {"Content-Type": "application/json", "Retry-After": "7"}), 7.0, 9.0),
        (Answer(521, b"down", {"Content-Type": "text/html"}), 1.0, 2.0),
        (Answer(403, b"<html>", {"Content-Type": "text/html"}), 1.0, 2.0),
    ],
)
def test_a_limit_is_waited_out_as_long_as_it_asks(
    standin: Hubspot, answer: Answer, low: float, high: float
) -> None:
    waits: list[float] = []
    refuse_once(standin, answer)
    account_of(standin, waits).ping()
    assert len(waits) == 1
    assert low <= waits[0] <= high


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (rules.limited("DAILY"), QuotaExhausted, "daily limit"),
        (
            Answer(477, b"{}", {"Content-Type": "application/json", "Retry-After": "86400"}),
            QuotaExhausted,
            "the account is being moved",
        ),
        (rules.forbidden(["crm.objects.deals.read"]), NotPermitted, "crm.objects.deals.read"),
        (
            rules.error(403, "MISSING_SCOPES", "no", context={"missingScopes": ["tickets"]}),
            NotPermitted,
            "tickets",
        ),
        (rules.error(400, "VALIDATION_ERROR", "limit"), UnexpectedAnswer, "correlation aeb5f871"),
        (
            rules.error(400, "VALIDATION_ERROR", "Unable to infer object type from: leads"),
            NotOffered,
            "infer",
        ),
        (rules.error(404, "OBJECT_NOT_FOUND", "none"), NotOffered, "account-info"),
        (Answer(414, b"long", {"Content-Type": "text/plain"}), UnexpectedAnswer, "too long"),
        (rules.error(401, "INVALID_AUTHENTICATION", "no"), WrongCredentials, "make another one"),
    ],
)
def test_a_refusal_says_what_it_means_and_never_the_token(
    standin: Hubspot, answer: Answer, kind: type[CrmError], words: str
) -> None:
    refuse_once(standin, answer, times=9)
    with pytest.raises(kind, match=words) as caught:
        account_of(standin).ping()
    assert STATIC_TOKEN not in str(caught.value)


def test_an_app_s_token_is_renewed_when_its_half_hour_is_over(standin: Hubspot) -> None:
    account = account_of(standin, **OAUTH)
    account.ping()
    standin.expire_tokens()
    account.ping()
    assert standin.requests_by_endpoint()["POST /oauth/2026-09/token"] == 2


def test_a_wrong_refresh_token_is_named_but_not_shown(
    standin: Hubspot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_REFRESH", "another-secret")
    with pytest.raises(WrongCredentials, match="check client_id") as caught:
        account_of(standin, **OAUTH).ping()
    assert "another-secret" not in str(caught.value)
    monkeypatch.delenv("HUBSPOT_REFRESH")
    with pytest.raises(WrongCredentials, match="HUBSPOT_REFRESH"):
        account_of(standin, **OAUTH).ping()


def test_the_version_before_has_other_paths_and_the_same_answers(standin: Hubspot) -> None:
    findings = list(check(account_of(standin, api_version="v3", **OAUTH)))
    assert all(finding.is_good for finding in findings)
    assert {entry.path.split("/")[2] for entry in standin.log} <= {"v1", "v3", "v4"}


def test_an_id_that_is_gone_is_left_out_and_any_other_failure_of_a_batch_is_an_error(
    standin: Hubspot,
) -> None:
    account = account_of(standin)
    there = id_of(SMALL.named["untouched"])
    answer = account.read(DEALS, [there, "999"], properties=["dealname"])
    assert answer.status_code == 207
    assert [result["id"] for result in answer.json()["results"]] == [there]
    broken = json.loads(rules.batch_answer(standin.now, [], ["1"]).body)  # type: ignore[arg-type]
    broken["errors"][0] = {"category": "INTERNAL_ERROR", "message": "shard is away"}
    refuse_once(standin, rules.answer(broken, 207))
    with pytest.raises(UnexpectedAnswer, match="shard is away"):
        account.read(DEALS, [there])


def test_trying_a_sound_account_finds_nothing_to_do(standin: Hubspot) -> None:
    findings = list(check(account_of(standin)))
    assert len(findings) > 8
    assert [f for f in findings if not f.is_good] == []


@pytest.mark.parametrize("scope", sorted(SCOPES - {"crm.objects.contacts.read"}))
def test_a_missing_scope_is_named_with_where_to_grant_it(standin: Hubspot, scope: str) -> None:
    options = {"leads": "contacts"} if scope == "crm.schemas.contacts.read" else {}
    standin.lacking = {scope}
    bad = [f for f in check(account_of(standin, **options)) if not f.is_good]
    assert bad
    assert all(scope in finding.message for finding in bad)
    assert all("Integrations" in finding.message for finding in bad)
    assert all(f.is_needed for f in bad) == (scope != "multi-currency-read")


def test_an_account_without_leads_is_told_its_choices(standin: Hubspot) -> None:
    standin.has_leads = False
    bad = [f for f in check(account_of(standin)) if not f.is_good]
    assert [(f.subject, f.is_needed) for f in bad] == [("leads", False)]
    assert 'leads = "contacts"' in bad[0].message


def test_a_wrong_token_ends_the_trial_at_once(
    standin: Hubspot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-wrong")
    findings = list(check(account_of(standin)))
    assert [(f.subject, f.is_good) for f in findings] == [("login", False)]
    assert isinstance(findings[0], Finding)
    assert "pat-wrong" not in findings[0].message


def test_a_fault_while_trying_is_waited_out(standin: Hubspot) -> None:
    standin.faults = ScriptedFaults({2: "throttled", 5: "truncated"})
    assert all(finding.is_good for finding in check(account_of(standin)))
