"""The bundled sample: where its settings are, and its generated half made when first needed."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.home import Home
from orchestration.settings import DEFAULT_SETTINGS_FILE, Settings


def is_bundled(settings: Settings) -> bool:
    """Whether the settings are those of the bundled sample."""
    return settings.path.resolve() == Path(DEFAULT_SETTINGS_FILE).resolve()


def prepare(home: Home) -> Path:
    """Generate the sample's company unless it is there; return its folder."""
    folder = home.sample / "demo"
    if folder.is_dir():
        return folder
    # numpy and pandas are needed only this once.
    from orchestration.sample import company

    building = home.sample / ".demo"
    shutil.rmtree(building, ignore_errors=True)
    company.generate_company(
        building,
        deals=company.DEFAULT_DEALS,
        first_day=company.DEFAULT_FIRST_DAY,
        last_day=company.DEFAULT_LAST_DAY,
    )
    building.rename(folder)
    return folder
