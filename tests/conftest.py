"""What holds for every test."""

from __future__ import annotations

from orchestration.garbage import look_seldom


def pytest_configure() -> None:
    """Look for garbage as seldom as a night does."""
    look_seldom()
