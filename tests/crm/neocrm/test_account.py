"""Logging in, what answers mean, and what is found before the first night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestration.sources.crm.errors import (
    NotPermitted,
    QuotaExhausted,
    SourceUnavailable,
    UnexpectedAnswer,
    WrongCredentials,
)
from orchestration.sources.crm.http import Account
from orchestration.sources.neocrm.account import BUSINESS_TYPES, XOQL, NeocrmAccount
from orchestration.sources.neocrm.records import fields_of, query
from orchestration.sources.neocrm.vendor import VENDOR
from tests.crm.accounts import open_account
from tests.crm.faults import FaultKind, ScriptedFaults
from tests.crm.messages import Answer, Request, html_answer, json_answer
from tests.crm.neocrm.nights import SECRETS, source_of
from tests.crm.small_company import small_company
from tests.crm.standin import endpoint
from tests.crm.standins.neocrm import INSTANCE, Neocrm

NOW = datetime(2024, 4, 3, 0, 2, tzinfo=UTC)
LOGIN = "POST /auc/oauth2/token"


class Odd(Neocrm):
    """Answers in ways that happen, or may."""

    answers: list[Answer]

    @endpoint("GET", "/odd")
    def odd(self, request: Request) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def standin() -> Iterator[Odd]:
    with Odd(small_company().truth, NOW) as running:
        yield running


def waiting(standin: Neocrm, **others: object) -> tuple[Account, list[float]]:
    waits: list[float] = []
    return NeocrmAccount(source_of(standin, **others), lambda text: None, waits.append), waits


@pytest.mark.parametrize("is_bearer", [True, False])
def test_a_token_is_renewed_when_it_ends_in_mid_run(standin: Odd, is_bearer: bool) -> None:
    standin.is_bearer = is_bearer
    account = open_account(source_of(standin, bearer=is_bearer))
    account.get(BUSINESS_TYPES)
    standin.expire_tokens()
    assert account.get(BUSINESS_TYPES).json()["code"] == "200"
    assert standin.requests_by_endpoint()[LOGIN] == 2


def test_the_host_is_the_one_that_the_login_names_unless_it_is_overridden(standin: Odd) -> None:
    account = open_account(source_of(standin))
    assert account.token.base_url == INSTANCE
    assert account.base_url == standin.url
    account = open_account(source_of(standin, base_url=None, login_url=standin.url))
    assert account.base_url == "https://api.xiaoshouyi.com"
    assert account.token.value == standin.access_token
    assert account.base_url == INSTANCE


@pytest.mark.parametrize("key", ["client_secret", "username", "password", "security_token"])
def test_wrong_credentials_are_named_and_not_shown(
    standin: Odd, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    name = f"XSY_{key.upper()}"
    monkeypatch.setenv(name, "very-wrong")
    with pytest.raises(WrongCredentials, match="gives no access token") as found:
        open_account(source_of(standin)).get(BUSINESS_TYPES)
    assert not [secret for secret in (*SECRETS, "very-wrong") if secret in str(found.value)]
    monkeypatch.delenv(name)
    with pytest.raises(WrongCredentials, match=f"{name} is not set"):
        open_account(source_of(standin)).get(BUSINESS_TYPES)


def test_without_a_security_token_the_password_stands_alone(
    standin: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "".join(SECRETS[1:3])
    monkeypatch.setenv("XSY_PASSWORD", whole)
    account = open_account(source_of(standin, security_token=None))
    assert account.token.value == standin.access_token


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (json_answer({"code": "1020010", "msg": "没有权限"}), NotPermitted, "权限管理"),
        (json_answer({"code": 403, "msg": "no"}), NotPermitted, "权限管理"),
        (json_answer({"error": "no"}, 403), NotPermitted, "权限管理"),
        (json_answer({"code": "1020026", "msg": "over"}), QuotaExhausted, "calls of the day"),
        (json_answer({"code": "20000002", "msg": "old"}), WrongCredentials, "access token"),
        (json_answer({"code": -1, "msg": "bad field"}), UnexpectedAnswer, "-1: bad field"),
        (json_answer({"error_code": "7", "message": "?"}), UnexpectedAnswer, "answers 7"),
        (json_answer({"error": "gone"}, 404), UnexpectedAnswer, "404: gone"),
        (html_answer(403), SourceUnavailable, "web page"),
        (Answer(200), SourceUnavailable, "an empty answer"),
        (json_answer({"code": "1020025", "msg": "?"}), QuotaExhausted, "called too often"),
    ],
)
def test_what_an_answer_means(
    standin: Odd, answer: Answer, error: type[Exception], words: str
) -> None:
    standin.answers = [answer]
    account, _ = waiting(standin)
    with pytest.raises(error, match=words):
        account.get("/odd")


@pytest.mark.parametrize("code", [200, "200", 0, "0"])
def test_a_code_may_be_a_number_or_a_text(standin: Odd, code: object) -> None:
    standin.answers = [json_answer({"code": code, "data": {}})]
    assert open_account(source_of(standin)).get("/odd").status_code == 200


def test_calls_that_come_too_often_wait_a_second(standin: Odd) -> None:
    standin.faults = ScriptedFaults({2: "throttled", 3: "throttled"})
    account, waits = waiting(standin)
    account.get(BUSINESS_TYPES)
    assert len(waits) == 2
    assert all(1 <= wait < 1.5 for wait in waits)


@pytest.mark.parametrize("kind", ["html", "truncated", "server_error", "reset_in_body"])
def test_a_broken_answer_is_asked_for_again(standin: Odd, kind: FaultKind) -> None:
    standin.faults = ScriptedFaults({2: kind})
    account, waits = waiting(standin)
    assert len(account.get(BUSINESS_TYPES).json()["data"]["records"]) == 2
    assert len(waits) == 1


def test_a_good_tenant_is_found_good(standin: Odd) -> None:
    findings = list(VENDOR.check(open_account(source_of(standin))))
    assert [found.subject for found in findings if not found.is_good] == []
    assert len(findings) == 9


@pytest.mark.parametrize(
    ("objects", "fields", "options", "bad", "words"),
    [
        ({"lead"}, (), {}, {"fields of lead", "records of lead"}, "没有lead的权限"),
        ({"department"}, (), {}, {"records of department"}, "not permitted"),
        ((), {"leadId"}, {}, {"fields of opportunity", "records of opportunity"}, "leadId"),
        ((), (), {"won_stages": ["Closed Won"]}, {"stages of Existing Customers"}, "won_stages"),
    ],
)
def test_what_is_missing_is_found_before_the_first_night(
    standin: Odd, objects: Any, fields: Any, options: Any, bad: set[str], words: str
) -> None:
    standin.hidden_objects |= set(objects)
    standin.hidden_fields |= set(fields)
    found = [f for f in VENDOR.check(open_account(source_of(standin, **options))) if not f.is_good]
    assert {finding.subject for finding in found} == bad
    assert words in found[0].message
    assert found[0].is_needed == ("department" not in bad.pop())


def test_a_wrong_login_is_the_only_finding(standin: Odd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XSY_PASSWORD", "very-wrong")
    (only,) = VENDOR.check(open_account(source_of(standin)))
    assert (only.subject, only.is_good) == ("credentials", False)


def test_fields_that_no_query_can_select_are_left_out(standin: Odd) -> None:
    account = open_account(source_of(standin, left_out_fields=["lockStatus"]))
    fields = fields_of(account, "opportunity")
    assert "customItem1__c" in fields
    assert not {"contactRoles", "lockStatus"} & set(fields)


@pytest.mark.parametrize(
    "text",
    [
        "select * from lead",
        "select id, secret from lead",
        "select id from contract",
        "select id from lead where secret > 1",
        "select id from lead where id > 1 or id < 0",
        "select id from lead order by updatedAt",
        "select id from lead order by id limit 0,2001",
    ],
)
def test_the_standin_refuses_what_the_vendor_refuses(standin: Odd, text: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="1040001"):
        open_account(source_of(standin)).ask(XOQL, "POST", data={"xoql": text})


def test_pages_follow_each_other_whatever_their_length(standin: Odd) -> None:
    standin.most_per_page = 2
    account = open_account(source_of(standin))
    ids = [id_ for _, page in query(account, "id", "user") for id_ in page]
    assert len(ids) == len(set(ids)) == 6
    assert standin.requests_by_endpoint()[f"POST {XOQL}"] == 4
