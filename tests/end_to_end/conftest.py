"""One night on the bundled sample, shared by the tests that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.nights import NightRun, run


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NightRun]:
    """The home folder after the sample's first night, and what that night printed."""
    home = tmp_path_factory.mktemp("sample")
    night = run(home)
    assert night.code == 0, night.output
    return home, night
