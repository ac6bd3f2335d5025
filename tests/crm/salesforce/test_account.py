"""Logging in to Salesforce, what its answers mean, and what trying an org says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from orchestration.settings.crm_sources import SalesforceSource
from orchestration.sources.crm.errors import (
    CrmError,
    NotPermitted,
    QuotaExhausted,
    SourceUnavailable,
    WrongCredentials,
)
from orchestration.sources.crm.findings import Finding
from orchestration.sources.salesforce.fields import Fields
from orchestration.sources.salesforce.vendor import VENDOR
from tests.crm.accounts import open_account
from tests.crm.faults import ScriptedFaults
from tests.crm.messages import json_answer
from tests.crm.salesforce.nights_of_an_org import SECRETS, settings_of
from tests.crm.small_company import small_company
from tests.crm.standins.salesforce import Salesforce
from tests.crm.standins.salesforce_ids import lengthened
from tests.crm.standins.salesforce_login import USERNAME
from tests.crm.standins.salesforce_schema import Habits

NOW = datetime(2024, 3, 29, 0, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def standin() -> Iterator[Salesforce]:
    with Salesforce(small_company().truth, NOW) as one:
        yield one


def test_client_credentials_and_the_host_that_comes_with_the_token(standin: Salesforce) -> None:
    standin.logins.instance_url = standin.url.replace("127.0.0.1", "localhost")
    settings = settings_of(standin.url, base_url=None, login_url=standin.url, refresh_token=None)
    account = open_account(settings)
    account.ping()
    assert account.base_url == f"{standin.logins.instance_url}/services/data/v67.0"
    assert account.now() == NOW


def test_a_signed_claim_logs_in(standin: Salesforce, monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    monkeypatch.setenv("SF_KEY", pem.decode())
    monkeypatch.setenv("SF_USER", USERNAME)
    ways: dict[str, Any] = {
        "client_secret": None,
        "refresh_token": None,
        "username": {"env": "SF_USER"},
        "private_key": {"env": "SF_KEY"},
    }
    with pytest.raises(WrongCredentials, match="invalid assertion"):
        open_account(settings_of(standin.url, **ways)).ping()
    standin.logins.public_key = key.public_key()
    open_account(settings_of(standin.url, **ways)).ping()
    sandbox = settings_of(standin.url, **ways, jwt_audience="https://test.salesforce.com")
    with pytest.raises(WrongCredentials, match="audience is invalid"):
        open_account(sandbox).ping()
    monkeypatch.setenv("SF_KEY", "no key at all")
    with pytest.raises(WrongCredentials, match="no RSA key in PEM") as caught:
        open_account(settings_of(standin.url, **ways)).ping()
    assert "no key at all" not in str(caught.value)


def test_a_refused_login_names_no_secret(
    standin: Salesforce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SF_REFRESH", "5Aep-not-this-one")
    with pytest.raises(WrongCredentials, match="expired access/refresh token") as caught:
        open_account(settings_of(standin.url)).ping()
    assert "5Aep-not-this-one" not in str(caught.value)


def test_a_session_is_renewed_in_mid_run(standin: Salesforce) -> None:
    account = open_account(settings_of(standin.url))
    account.ping()
    standin.expire_tokens()
    account.ping()
    assert standin.logins.given == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403), QuotaExhausted),
        (("API_DISABLED_FOR_ORG", "API is not enabled", 403), NotPermitted),
        (("QUERY_TIMEOUT", "too long", 400), CrmError),
        (("SERVER_UNAVAILABLE", "maintenance", 503), SourceUnavailable),
    ],
)
def test_what_an_error_means(
    standin: Salesforce,
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[str, str, int],
    error: type[Exception],
) -> None:
    code, message, status = answer
    told = json_answer([{"message": message, "errorCode": code}], status)
    monkeypatch.setattr(standin, "_page", lambda *given: told)
    account = open_account(settings_of(standin.url))
    with pytest.raises(error, match=message if status < 500 else "503"):
        account.get("/query", params={"q": "SELECT Id FROM Lead"})


def test_short_throttles_are_waited_out(standin: Salesforce) -> None:
    standin.faults = ScriptedFaults({1: "throttled", 2: "throttled"}, only=("/limits",))
    said: list[str] = []
    open_account(settings_of(standin.url), said).ping()
    assert standin.faults.total == 2
    assert any("ConcurrentRequests" in text for text in said)


def test_an_org_that_lacks_nothing_has_only_good_findings(standin: Salesforce) -> None:
    account = open_account(settings_of(standin.url))
    findings = list(VENDOR.check(account))
    assert [finding for finding in findings if not finding.is_good] == []
    assert {"credentials", "Opportunity", "LeadHistory", "currency"} <= {
        f.subject for f in findings
    }


def test_what_is_missing_is_said_with_where_to_grant_it(standin: Salesforce) -> None:
    standin.org.habits = Habits(
        several_currencies=False,
        tracks_leads=False,
        hidden=frozenset({"Opportunity.Amount", "Lead.LeadSource"}),
    )
    options = {"custom_fields": {"loss_reason": "Loss_Reason__c", "deal_region": "Region__c"}}
    bad = _bad(standin, **options)
    assert "Amount" in bad["Opportunity"].message
    assert "Permission Sets" in bad["Opportunity"].message
    assert bad["Opportunity"].is_needed
    assert "deal_region names Region__c" in bad["Opportunity.Region__c"].message
    assert "Opportunity.Loss_Reason__c" not in bad
    assert 'such as "EUR"' in bad["currency"].message
    assert not bad["LeadHistory"].is_needed
    assert "Set History Tracking" in bad["history of Lead"].message
    assert not bad["Lead, more fields"].is_needed
    assert "currency" not in _bad(standin, currency="EUR")


def test_a_wrong_login_is_the_only_finding(
    standin: Salesforce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SF_SECRET", "wrong")
    assert list(_bad(standin)) == ["credentials"]


def test_settings_say_what_is_allowed() -> None:
    with pytest.raises(ValidationError) as caught:
        settings_of("http://127.0.0.1:1", client_secret=None, refresh_token=None)
    assert "client_id + username + private_key" in str(caught.value.errors())
    with pytest.raises(ValidationError):
        settings_of("http://127.0.0.1:1", custom_fields={"loss_reason": "a field"})
    with pytest.raises(ValidationError):
        settings_of("http://127.0.0.1:1", currency="euro")
    assert SalesforceSource.model_fields["bulk_above"].default == 2000


def test_compound_fields_are_left_out_and_their_parts_kept() -> None:
    def field(name: str, type_: str, compound: str | None = None) -> dict[str, Any]:
        return {"name": name, "type": type_, "compoundFieldName": compound}

    described = [
        field("Id", "id"),
        field("Name", "string"),
        field("LastName", "string", "Name"),
        field("Address", "address"),
        field("City", "string", "Address"),
        field("Photo__c", "base64"),
    ]
    fields = Fields.of({"fields": described})
    assert fields.select() == "Name, LastName, City, Id"
    assert fields.missing(["City", "Address"]) == ["Address"]


def test_ids_of_both_lengths() -> None:
    assert lengthened("006bm00000LKJNa") == "006bm00000LKJNaAAP"
    assert lengthened("008bm00000UoqPA") == "008bm00000UoqPAAAZ"


def _bad(standin: Salesforce, **options: Any) -> dict[str, Finding]:
    account = open_account(settings_of(standin.url, **options))
    return {f.subject: f for f in VENDOR.check(account) if not f.is_good}
