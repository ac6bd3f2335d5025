"""The secrets of the account, where the settings say they are."""

from __future__ import annotations

import pytest

from tests.crm.zoho.nights import ENVIRONMENT


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
