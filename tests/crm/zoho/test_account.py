"""What Zoho's answers mean: tokens, throttling, refusals, and what check says of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from orchestration.sources.crm.errors import (
    CrmError,
    NotOffered,
    NotPermitted,
    QuotaExhausted,
    SourceUnavailable,
    WrongCredentials,
)
from orchestration.sources.crm.findings import Finding
from orchestration.sources.zoho.account import Refusal, ZohoAccount, credits_of
from orchestration.sources.zoho.checks import fitting_time
from orchestration.sources.zoho.vendor import VENDOR
from tests.crm import company
from tests.crm.accounts import open_account
from tests.crm.faults import ScriptedFaults
from tests.crm.standins.zoho import Zoho
from tests.crm.story import Story
from tests.crm.zoho.nights import source_of

BEGIN = datetime(2024, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def standin() -> Iterator[Zoho]:
    story = Story(company.owners(), company.stage_lists(), company.rates())
    for place in range(3):
        ref = story.deal(BEGIN + place * HOUR, "qualification", owner=3)
        story.move(ref, BEGIN + 12 * HOUR, "proposal")
    story.lead(BEGIN, "fresh", owner=3)
    with Zoho(story.truth(), BEGIN + 24 * HOUR) as running:
        yield running


def account_of(standin: Zoho, told: list[str] | None = None, **others: object) -> ZohoAccount:
    account = open_account(source_of(standin, **others), told)
    assert isinstance(account, ZohoAccount)
    return account


def found(standin: Zoho, **others: object) -> dict[str, Finding]:
    account = account_of(standin, **others)
    return {finding.subject: finding for finding in VENDOR.check(account)}


def test_an_expired_token_is_renewed_in_mid_run_and_no_secret_is_told(standin: Zoho) -> None:
    told: list[str] = []
    account = account_of(standin, told)
    account.get("/org")
    standin.expire_tokens()
    assert account.get("/org").json()["org"][0]["iso_code"] == "EUR"
    assert len(standin.tokens_given) == 2
    assert "expired" in told[0]
    assert not any(standin.access_token in text for text in told)


def test_a_missing_scope_costs_no_token_and_is_named(standin: Zoho) -> None:
    standin.scopes.remove("ZohoCRM.coql.READ")
    account = account_of(standin)
    with pytest.raises(NotPermitted, match=r"ZohoCRM\.coql\.READ"):
        account.ask("/coql", "POST", json={"select_query": "select id from Deals where id > 0"})
    assert len(standin.tokens_given) == 1


def test_no_more_tokens_are_asked_for_than_zoho_gives(standin: Zoho) -> None:
    account = account_of(standin)
    for _ in range(10):
        account.get("/org")
        standin.expire_tokens()
    with pytest.raises(SourceUnavailable, match="something revokes them"):
        account.get("/org")
    assert len(standin.tokens_given) == 10
    # Another run's tokens count at the endpoint.
    with pytest.raises(SourceUnavailable, match="ten minutes"):
        account_of(standin).get("/org")


@pytest.mark.parametrize("wrong", ["client_secret", "refresh_token"])
def test_an_error_in_a_good_answer_of_the_login_is_one(
    standin: Zoho, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ACME_ZOHO_{wrong.upper()}", "not-the-right-one")
    with pytest.raises(WrongCredentials, match="data_center") as caught:
        account_of(standin).get("/org")
    assert "not-the-right-one" not in str(caught.value)


def test_the_hosts_are_those_of_the_data_center_and_the_token(standin: Zoho) -> None:
    settings = source_of(standin).model_copy(update={"base_url": None, "data_center": "ca"})
    asked: list[str] = []
    account = open_account(settings)
    assert account.base_url == "https://www.zohoapis.ca/crm/v8"
    account.session.send = lambda request, **kwargs: asked.append(request.url)  # type: ignore[method-assign, func-returns-value, assignment]
    with pytest.raises(AttributeError):
        account.token  # noqa: B018
    assert asked == ["https://accounts.zohocloud.ca/oauth/v2/token"]


def test_a_crowd_is_waited_out(standin: Zoho) -> None:
    standin.faults = ScriptedFaults({1: "throttled", 2: "throttled"}, only=["/org"])
    told: list[str] = []
    account_of(standin, told).get("/org")
    assert [text.split(":")[1].strip() for text in told] == 2 * ["too many requests at once"]


def test_throttling_without_an_end_or_spent_credits_is_a_quota(standin: Zoho) -> None:
    standin.faults = ScriptedFaults(dict.fromkeys(range(1, 20), "throttled"), only=["/org"])
    with pytest.raises(QuotaExhausted, match="24 hours"):
        account_of(standin).get("/org")
    assert len(standin.log) == 8  # a token, and seven attempts
    standin.faults = ScriptedFaults({})
    standin.credits_a_day = 0
    told: list[str] = []
    with pytest.raises(QuotaExhausted):
        account_of(standin, told).get("/users")
    assert told == []


@pytest.mark.parametrize(
    ("path", "params", "error"),
    [
        ("/Deals", {"page": 1}, Refusal),
        ("/Deals", {"fields": "Stage", "per_page": 201}, Refusal),
        ("/Deals", {"fields": "Stage", "page": 11, "per_page": 200}, Refusal),
        ("/Deals", {"fields": "Stage", "unheard_of": "x"}, Refusal),
        ("/Deals", {"fields": ",".join(f"F{n}" for n in range(51))}, Refusal),
        ("/settings/fields", {"module": "Nothing"}, Refusal),
    ],
)
def test_what_zoho_refuses_is_said_with_its_code(
    standin: Zoho, path: str, params: dict[str, str], error: type[CrmError]
) -> None:
    with pytest.raises(error) as caught:
        account_of(standin).get(path, params=params)
    assert caught.value.code.isupper()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "told",
    [(403, "CURRENCIES_NOT_ENABLED"), (403, "FEATURE_NOT_SUPPORTED"), (400, "FEATURE_NOT_ENABLED")],
)
def test_what_the_edition_lacks_is_no_failure(standin: Zoho, told: tuple[int, str]) -> None:
    standin.has_currencies, standin.says_of_lacking = False, told
    with pytest.raises(NotOffered, match="Multi currency"):
        account_of(standin).get("/org/currencies")


def test_credits_are_counted_as_zoho_counts_them(standin: Zoho) -> None:
    account = account_of(standin)
    account.get("/org")
    query = "select id, Stage from DealHistory where id > 0 order by id asc limit 2000"
    account.ask("/coql", "POST", json={"select_query": query})
    assert account.tokens == standin.tokens == 4
    assert [credits_of(f"… limit {n}") for n in (200, 201, 1000, 1001)] == [1, 2, 2, 3]


def test_check_finds_a_whole_organisation_good(standin: Zoho) -> None:
    findings = found(standin)
    assert [finding for finding in findings.values() if not finding.is_good] == []
    assert 'history_time = "entered"' in findings["history_time"].message
    assert findings["Deals"].message == "76 fields can be read"


def test_check_says_which_reading_of_history_fits(standin: Zoho) -> None:
    standin.history_time = "left"
    finding = found(standin)["history_time"]
    assert not finding.is_good
    assert 'fit history_time = "left", but "entered" is set' in finding.message
    assert found(standin, history_time="left")["history_time"].is_good
    assert fitting_time([], []) is None


@pytest.mark.parametrize(
    ("scope", "subject", "is_needed"),
    [
        ("ZohoCRM.modules.deals.READ", "Deals", True),
        ("ZohoCRM.modules.leads.READ", "Leads", True),
        ("ZohoCRM.coql.READ", "history of deals", False),
        ("ZohoCRM.org.READ", "org", True),
    ],
)
def test_check_names_the_scope_that_is_missing(
    standin: Zoho, scope: str, subject: str, is_needed: bool
) -> None:
    standin.scopes.remove(scope)
    finding = found(standin)[subject]
    assert (finding.is_good, finding.is_needed) == (False, is_needed)
    assert scope in finding.message


def test_check_ends_at_wrong_credentials(standin: Zoho, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_ZOHO_CLIENT_SECRET", "wrong")
    findings = found(standin)
    assert [finding.is_good for finding in findings.values()] == [False]
    assert "client_secret" in findings["credentials"].message


def test_check_names_what_a_lead_history_module_lacks(standin: Zoho) -> None:
    finding = found(standin, lead_history_module="Lead_Status_History")["history of leads"]
    assert not finding.is_good
    standin.has_lead_history = True
    assert found(standin, lead_history_module="Lead_Status_History")["history of leads"].is_good
