"""What holds for every test."""

from __future__ import annotations

import pytest

from orchestration.garbage import look_seldom
from tests.support import prepared


def pytest_configure(config: pytest.Config) -> None:
    """Look for garbage as seldom as a night does; name a folder for what all begin with."""
    look_seldom()
    prepared.begin(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what all began with."""
    prepared.end(config)
