"""Everything that Dagster knows of this project: loads the folders below and sets global policy."""

from __future__ import annotations

import dagster as dg

from orchestration.automation.jobs import backfill_job, night_job
from orchestration.automation.notifications import failure_sensor
from orchestration.automation.progress import progress_logger
from orchestration.automation.replay import replay_job
from orchestration.automation.retries import retry_sensor
from orchestration.automation.schedules import nightly_schedule
from orchestration.home import PROJECT_ROOT, Home
from orchestration.marts.assets import mart_forecast, mart_funnel_conversion
from orchestration.publication.assets import release
from orchestration.quality.assets import expectation_checks
from orchestration.quality.run_log_assets import mart_quality_checks, mart_source_status
from orchestration.session import NightSession
from orchestration.settings import load_settings
from orchestration.sources.assets import extraction_assets
from orchestration.warehouse.assets import landing_asset, warehouse_asset


def definitions() -> dg.Definitions:
    """Return the definitions for the settings and the home folder of the environment.

    Raises ``SettingsError`` for wrong settings, before anything is built.
    """
    settings = load_settings()
    return dg.Definitions(
        assets=[
            *extraction_assets(settings),
            landing_asset(settings),
            warehouse_asset(settings, Home.from_environment()),
            mart_funnel_conversion,
            mart_forecast,
            mart_source_status,
            mart_quality_checks,
            release,
        ],
        asset_checks=expectation_checks(PROJECT_ROOT / "expectations"),
        jobs=[night_job(), backfill_job(settings), replay_job()],
        schedules=[nightly_schedule(settings)],
        sensors=[failure_sensor(settings), retry_sensor()],
        resources={"session": NightSession()},
        loggers={"console": dg.colored_console_logger, "progress": progress_logger},
        # One process: each further one would import everything again.
        executor=dg.in_process_executor,
    )


defs = definitions()
