"""Accounts of CRMs and secrets in the settings file: what is needed, and what is never shown."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from orchestration.settings import Secret, SettingsError, load_settings
from tests.support.settings_files import SMALL, SOURCE, mistake, mistakes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path


CRMS = {
    "salesforce": ("login_url", "client_id", "client_secret"),
    "hubspot": ("access_token",),
    "pipedrive": ("api_token",),
    "zoho": ("client_id", "client_secret", "refresh_token"),
    "neocrm": ("client_id", "client_secret", "username", "password"),
}


def crm(type_: str, *, without: str = "") -> str:
    lines = ["[[sources]]", 'name = "acme"', f'type = "{type_}"']
    for key in CRMS[type_]:
        if key == "login_url" != without:
            lines.append('login_url = "https://acme.my.example.com/"')
        elif key != without:
            lines.append(f'{key} = {{ env = "ACME_{key.upper()}" }}')
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("type_", CRMS)
def test_an_account_of_a_crm_needs_its_credentials(folder: Path, type_: str) -> None:
    (folder / "funnel.toml").write_text(crm(type_), encoding="utf-8")
    source = load_settings(folder / "funnel.toml").sources[0]
    assert (source.name, source.type) == ("acme", type_)
    for key in CRMS[type_]:
        found = mistake(folder, crm(type_, without=key))
        assert key in found, found
        assert "sources[0]" in found, found


def test_an_address_without_encryption_is_for_this_machine_only(folder: Path) -> None:
    text = crm("hubspot") + 'base_url = "http://crm.example.com"\n'
    assert "sources[0].base_url" in mistake(folder, text)
    assert "use https" in mistake(folder, text)
    (folder / "funnel.toml").write_text(
        crm("hubspot") + 'base_url = "http://127.0.0.1:8080/"\n', encoding="utf-8"
    )
    assert load_settings(folder / "funnel.toml").sources[0].base_url == "http://127.0.0.1:8080"


def test_how_a_crm_is_reached_does_not_change_what_its_records_mean(folder: Path) -> None:
    prints = set()
    for line in ("", "lookback_minutes = 5\n", 'base_url = "http://127.0.0.1:1"\n'):
        (folder / "funnel.toml").write_text(crm("zoho") + line, encoding="utf-8")
        prints.add(load_settings(folder / "funnel.toml").fingerprint)
    assert len(prints) == 1
    (folder / "funnel.toml").write_text(crm("zoho") + 'history_time = "left"\n', encoding="utf-8")
    assert load_settings(folder / "funnel.toml").fingerprint not in prints


PRIVATE = "https://hooks.example.org/T0/s3cr3t"


@pytest.mark.parametrize(
    "line",
    [
        f'alert_webhook = "{PRIVATE}"',
        f'alert_webhook = {{ env = "{PRIVATE}" }}',
        f'alert_webhook = {{ url = "{PRIVATE}" }}',
        f'alert_webhook = {{ env = "HOOK", default = "{PRIVATE}" }}',
        f'alert_webhook = ["{PRIVATE}"]',
        f'alert_webhok = "{PRIVATE}"',
        f'alert_webhook = "{PRIVATE}" x',
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_shown(folder: Path, line: str) -> None:
    file = folder / "funnel.toml"
    file.write_text(line + SMALL + SOURCE)
    with pytest.raises(SettingsError) as caught:
        load_settings(file, {})
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "s3cr3t" not in shown
    assert caught.value.__context__ is None
    assert "alert_webh" in shown or "line 1" in shown


def test_a_secret_of_a_crm_source_is_never_shown(folder: Path) -> None:
    text = SMALL + '[[sources]]\nname = "x"\ntype = "hubspot"\ntoken = "s3cr3t"\n'
    assert "s3cr3t" not in mistake(folder, text)
    for value in ('"s3cr3t"', '["s3cr3t"]', '{ env = "s3cr3t x" }', '{ value = "s3cr3t" }'):
        found = mistakes(folder, SMALL + crm("hubspot") + f"client_secret = {value}\n")
        assert "s3cr3t" not in " ".join(found)
        assert all("client_secret" in each for each in found)
    assert "s3cr3t" not in mistake(folder, SMALL + SOURCE + 'token = "s3cr3t"')


def test_a_secret_is_known_by_name_and_revealed_on_demand() -> None:
    secret = Secret(env="HOOK")
    assert secret.reveal({"HOOK": "s3cr3t"}) == "s3cr3t"
    assert repr(secret) == "Secret(env='HOOK')"
    for environ in ({}, {"HOOK": ""}):
        with pytest.raises(LookupError, match="HOOK"):
            secret.reveal(environ)
