"""What HubSpot's tests have in common."""

from __future__ import annotations

import pytest

from tests.crm.hubspot.nights import ENVIRONMENT


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in's secrets where settings look for them."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
