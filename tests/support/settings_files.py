"""Settings files for tests: written, loaded, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import Settings, SettingsError, load_settings

SMALL = """
business_timezone = "Europe/Amsterdam"
reporting_currency = "EUR"
"""
SOURCE = """
[[sources]]
name = "legacy"
type = "files"
path = "exports"
"""


def load(folder: Path, text: str) -> Settings:
    file = folder / "funnel.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, {"FUNNEL_HOME": str(folder / "home")})


def mistakes(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    assert str(folder / "funnel.toml") in str(caught.value)
    assert all(each in str(caught.value) for each in caught.value.mistakes)
    return caught.value.mistakes


def mistake(folder: Path, text: str) -> str:
    found = mistakes(folder, text)
    assert len(found) == 1, found
    return found[0]
