"""What the night lays out in the working file before dbt starts.

Here belong the settings as engine functions, the views over the landing, and the reference data.
Business rules belong to dbt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import duckdb
import pyarrow as pa

from orchestration.engine import literal
from orchestration.forecast.version import forecast_version
from orchestration.home import PROJECT_ROOT, Home
from orchestration.landing import Landing, Manifest
from orchestration.landing.forecasts import PUBLISHED_FORECAST, published_forecasts
from orchestration.landing.nights import published_nights
from orchestration.settings import Settings
from orchestration.settings.crm_sources import CREDENTIALS
from orchestration.warehouse.landing_views import create_landing_views, staged_loads
from orchestration.warehouse.memory import can_extend, prepare_build

ECB_RATES = PROJECT_ROOT / "dbt_project" / "reference" / "eurofxref-hist.csv"
# What the engine sorts within its memory of 2 GB, as landed rows. Measured on a million deals (see
# dbt_project/macros/slices.sql).
ROWS_OF_A_SLICE = 2_500_000
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_INSTANT = pa.timestamp("us", tz="UTC")
SCHEMAS = ("settings", "landing", "reference", "staging", "conformed", "marts", "quality")


@dataclass(frozen=True)
class Night:
    """What one build of the warehouse reports.

    ``as_of`` is the last business day; ``known_until`` leaves out every load that landed later
    (null: everything landed); ``rebuild_from`` and ``rebuild_to`` name days whose snapshots are
    laid out anew even where nothing changed.
    """

    as_of: date
    known_until: datetime | None = None
    rebuild_from: date | None = None
    rebuild_to: date | None = None

    def knows(self, manifest: Manifest) -> bool:
        """Whether a load counts: landed in time, or assumed known when it happened."""
        if self.known_until is None or manifest.is_first_extraction:
            return True
        return manifest.known_at <= self.known_until


def lay_out(
    connection: duckdb.DuckDBPyConnection, settings: Settings, home: Home, night: Night
) -> None:
    """Write the settings of the night and the views over the landing into the working file."""
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    _settings_functions(connection, settings, night)
    _settings_tables(connection, settings)
    _reference_views(connection)
    landing = Landing(home.landing)
    configured = {source.name for source in settings.sources}
    known = [
        manifest
        for manifest in landing.manifests()
        if manifest.source in configured and night.knows(manifest)
    ]
    staged = _forget_other_meanings(connection, settings, known)
    prepare_build(connection)
    connection.execute(
        """
        create or replace macro settings.laid_out_from(fact) as coalesce(
            (select min(first_day) from conformed.laid_out where table_name = fact),
            date '9999-12-31'
        )
        """
    )
    _landing_tables(connection, home, known, night)
    _published_forecasts(connection, settings, home, night)
    slices = -(-sum(manifest.rows for manifest in known) // ROWS_OF_A_SLICE)
    connection.execute(f"create or replace macro settings.record_slices() as {max(slices, 1)}")
    create_landing_views(connection, settings, landing, known, staged)


def _settings_functions(
    connection: duckdb.DuckDBPyConnection, settings: Settings, night: Night
) -> None:
    values: dict[str, object] = {
        "as_of": night.as_of,
        "business_timezone": settings.business_timezone,
        "reporting_currency": settings.reporting_currency,
        "fiscal_year_start_month": settings.fiscal_year_start_month,
        "week_start_isodow": WEEKDAYS.index(settings.week_start) + 1,
        "conversion_horizon_days": settings.conversion_horizon_days,
        "forecast_version": forecast_version(),
        "forecast_past_days": settings.forecast.past_days,
        **{f"alert_{key}": value for key, value in settings.alerts.model_dump().items()},
        "rebuild_from": night.rebuild_from or date(9999, 12, 31),
        "rebuild_to": night.rebuild_to or date(9999, 12, 31),
    }
    for name, value in values.items():
        connection.execute(f"create or replace macro settings.{name}() as {literal(value)}")
    connection.execute(
        """
        create or replace macro settings.significant(x) as
            case when x is null or x = 0 or not isfinite(x) then x
            else round(x, (11 - floor(log10(abs(x))))::integer) end
        """
    )


def _settings_tables(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    connection.execute(
        "create or replace table settings.pipelines (pipeline varchar, template varchar)"
    )
    for pipeline in settings.pipelines:
        connection.execute(
            "insert into settings.pipelines values (?, ?)", [pipeline.pipeline, pipeline.template]
        )
    connection.execute(
        "create or replace table settings.sources (source_name varchar, type varchar, options json)"
    )
    for source in settings.sources:
        options = source.model_dump_json(exclude={"path", "tables", *CREDENTIALS})
        connection.execute(
            "insert into settings.sources values (?, ?, ?)", [source.name, source.type, options]
        )


def _reference_views(connection: duckdb.DuckDBPyConnection) -> None:
    # The file has a column a currency and a trailing comma, hence a last column without a name.
    connection.execute(
        f"""
        create or replace view reference.ecb_rates as
        select "Date"::date as rate_date, currency, try_cast(rate as double) as rate
        from (
            unpivot (
                select columns('^(Date|[A-Z]{{3}})$')
                from read_csv({literal(str(ECB_RATES))}, all_varchar = true, header = true)
            ) on columns('^[A-Z]{{3}}$') into name currency value rate
        )
        where try_cast(rate as double) > 0
        """
    )


def _forget_other_meanings(
    connection: duckdb.DuckDBPyConnection, settings: Settings, known: Sequence[Manifest]
) -> dict[tuple[str, str], set[str]]:
    """Drop what was built under other settings or models, or from loads that no longer count.

    Returns the loads that are still staged, by kind of source and table.

    Staging is extended load by load, so a changed column mapping, time zone or stage list means
    that it has to be read again from the landing; so does another version of this project. What
    rests on staging is dropped too where no complete build is there to be extended.
    """
    fingerprint = f"{settings.fingerprint} {project_fingerprint()}"
    connection.execute("create table if not exists settings.built (fingerprint varchar)")
    built = connection.execute("select fingerprint from settings.built").fetchone()
    known_ids = {manifest.load_id for manifest in known}
    kinds = {source.type for source in settings.sources}
    staged = staged_loads(connection)
    counted = set().union(*(loads for (kind, _), loads in staged.items() if kind in kinds))
    outdated: tuple[str, ...] = ()
    if (built is not None and built[0] != fingerprint) or not counted <= known_ids:
        outdated, staged = ("staging", "conformed", "marts"), {}
    elif not can_extend(connection):
        outdated = ("conformed", "marts")
    for schema in outdated:
        connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute(f"create schema {schema}")
    connection.execute("delete from settings.built")
    connection.execute("insert into settings.built values (?)", [fingerprint])
    return staged


@cache
def project_fingerprint() -> str:
    """Return a digest of the models, macros and seeds that tables are made by."""
    digest = hashlib.sha256()
    for path in sorted((PROJECT_ROOT / "dbt_project").rglob("*")):
        if path.suffix in (".sql", ".csv") and "tests" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _landing_tables(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    known: Sequence[Manifest],
    night: Night,
) -> None:
    connection.execute(
        """
        create or replace table landing.loads (
            load_id varchar, source_name varchar, table_name varchar, known_at timestamptz,
            as_of date, is_first_extraction boolean, row_count bigint, deleted_rows bigint,
            rejected_rows bigint, high_water_mark timestamptz
        )
        """
    )
    # At once: a statement a load would take a second for a thousand of them.
    loads = pa.table(
        {
            "load_id": [manifest.load_id for manifest in known],
            "source_name": [manifest.source for manifest in known],
            "table_name": [manifest.table for manifest in known],
            "known_at": pa.array([manifest.known_at for manifest in known], _INSTANT),
            "as_of": pa.array([manifest.as_of for manifest in known], pa.date32()),
            "is_first_extraction": [manifest.is_first_extraction for manifest in known],
            "row_count": [manifest.rows for manifest in known],
            "deleted_rows": [manifest.deleted_rows for manifest in known],
            "rejected_rows": [manifest.rejected_rows for manifest in known],
            "high_water_mark": pa.array([manifest.high_water_mark for manifest in known], _INSTANT),
        }
    )
    connection.register("known_loads", loads)
    connection.execute("insert into landing.loads by name from known_loads")
    connection.unregister("known_loads")
    connection.execute("create or replace table landing.nights (known_at timestamptz, as_of date)")
    for known_at, as_of in published_nights(home.landing):
        if night.known_until is None or known_at <= night.known_until:
            connection.execute("insert into landing.nights values (?, ?)", [known_at, as_of])


def _published_forecasts(
    connection: duckdb.DuckDBPyConnection, settings: Settings, home: Home, night: Night
) -> None:
    """Offer what was forecast when, in the currency in which it can be held against what came."""
    columns = ", ".join(f"null::{kind} as {name}" for name, kind in PUBLISHED_FORECAST.items())
    query = f"select {columns} where false"
    if paths := published_forecasts(home.landing):
        files = ", ".join(literal(str(path)) for path in paths)
        query += (
            f" union all by name select * from read_parquet([{files}], union_by_name=true)"
            f" where currency = {literal(settings.reporting_currency)}"
            f" and as_of < {literal(night.as_of)}"
        )
        if night.known_until is not None:
            query += f" and known_at <= {literal(night.known_until)}"
    connection.execute(f"create or replace view landing.published_forecasts as {query}")
