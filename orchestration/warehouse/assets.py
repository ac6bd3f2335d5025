"""The dbt project as assets: staging, conformed tables, facts and the marts built in SQL.

Thin: what is built stands in ``dbt_project``, how dbt is run in ``build``, what it starts from in
``layout``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtProject,
    dbt_assets,
)

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.run_log import record_checks
from orchestration.session import NightSession
from orchestration.settings import Settings
from orchestration.showing.metadata import table_metadata
from orchestration.sources.assets import extracted_keys
from orchestration.warehouse.build import NodeResult, run_build
from orchestration.warehouse.idle import build_idle_staging, idle_kinds, staging_of
from orchestration.warehouse.landing_views import landed_tables
from orchestration.warehouse.layout import Night, lay_out
from orchestration.warehouse.memory import remember_build
from orchestration.warehouse.parsed_project import manifest_dictionary
from orchestration.warehouse.partitions import RANGE_END, RANGE_START, snapshot_days
from orchestration.warehouse.test_results import attached_node, check_records

DAILY = dg.AssetKey(["marts", "fct_pipeline_daily"])
# What takes longer is told while the night runs, so that somebody who watches sees it move.
SLOW_NODE_SECONDS = 2.0
LAYERS = {
    "staging": "stage",
    "conformed": "conform",
    "reference": "conform",
    "facts": "facts",
    "marts": "marts",
}


def landing_asset(settings: Settings) -> dg.AssetsDefinition:
    """Return the asset that offers the landing to dbt: one view a table, over committed files."""
    idle = idle_kinds(settings)
    offered = [(kind, table) for kind, table in landed_tables() if kind not in idle]
    described = {
        ("settings", "pipelines"): "Pipelines without a stage list, and the template each takes.",
        ("reference", "ecb_rates"): (
            "Reference rates of the European Central Bank, units of the currency for one euro."
        ),
        ("landing", "loads"): "Every committed load: its source, table, stamp and counts.",
        ("landing", "nights"): "Every published night; tells what later knowledge restated.",
        ("landing", "published_forecasts"): "Every forecast as it was published on its day.",
        ("settings", "sources"): "The configured sources and what is set for each; no secrets.",
        **{
            ("landing", f"{kind}__{table}"): (
                f"Landed `{table}` of all {kind} sources, loads not staged yet."
            )
            for kind, table in offered
        },
    }
    extracted = {
        ("landing", f"{kind}__{table}"): extracted_keys(settings, kind, table)
        for kind, table in offered
    }
    everything = [key for keys in extracted.values() for key in keys]
    of_all_sources = {("landing", "loads"): everything, ("landing", "nights"): everything}
    deps = {**extracted, **of_all_sources}

    @dg.multi_asset(
        name="offer_landing",
        specs=[
            dg.AssetSpec(
                list(key),
                deps=deps.get(key, []),
                description=description,
                group_name="landing",
                kinds={"duckdb", "parquet"},
                owners=["team:data-engineering"],
            )
            for key, description in described.items()
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def offer_landing(
        context: dg.AssetExecutionContext, session: NightSession
    ) -> Iterator[dg.MaterializeResult]:
        _lay_out_once(session, context.run.tags)
        with connect(session.home.warehouse) as connection:
            for schema, name in described:
                rows = connection.execute(f"select count(*) from {schema}.{name}").fetchone()
                yield dg.MaterializeResult(
                    asset_key=[schema, name],
                    metadata={"dagster/row_count": rows[0] if rows else 0},
                )

    return offer_landing


def _lay_out_once(session: NightSession, tags: Mapping[str, str]) -> None:
    """Lay out what dbt starts from, unless an earlier step of the run has."""
    if session.is_due("lay out"):
        first, last = _requested_days(tags)
        night = Night(session.as_of, rebuild_from=first, rebuild_to=last)
        with connect(session.home.warehouse) as connection:
            lay_out(connection, session.settings, session.home, night)


class FunnelTranslator(DagsterDbtTranslator):
    """Names, groups and partitions of the dbt nodes in the asset graph."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False))
        self._days = snapshot_days(settings)
        self._idle = tuple(f"stg_{kind}__" for kind in idle_kinds(settings))

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Leave out of the graph what no configured source can fill."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        used = [dep for dep in spec.deps if not dep.asset_key.path[-1].startswith(self._idle)]
        return spec.replace_attributes(deps=used) if self._idle else spec

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Group by layer, named for the step of the story that it tells."""
        if dbt_resource_props["resource_type"] == "source":
            return "landing"
        return LAYERS[dbt_resource_props["config"].get("group") or "reference"]

    def get_partitions_def(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.PartitionsDefinition[str] | None:
        """Only the daily pipeline has days of its own."""
        return self._days if dbt_resource_props["name"] == DAILY.path[-1] else None

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        """Name the team of the layer."""
        layer = dbt_resource_props["config"].get("group")
        return ["team:analytics" if layer in ("facts", "marts") else "team:data-engineering"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Show the description; the SQL stands in the project."""
        return str(dbt_resource_props.get("description") or "")


def warehouse_asset(settings: Settings, home: Home) -> dg.AssetsDefinition:
    """Return the dbt models, seeds and tests as one asset definition."""
    manifest = manifest_dictionary(home)
    idle = staging_of(idle_kinds(settings))

    @dbt_assets(
        manifest=manifest,
        name="build_warehouse",
        dagster_dbt_translator=FunnelTranslator(settings),
        backfill_policy=dg.BackfillPolicy.single_run(),
        exclude=" ".join(["resource_type:unit_test", *idle]),
    )
    def build_warehouse(context: dg.AssetExecutionContext, session: NightSession) -> Iterator[Any]:
        chosen = {
            node["unique_id"]: key
            for key, node in _nodes_by_key(manifest).items()
            if key in context.selected_asset_keys
        }
        names = [manifest["nodes"][unique_id]["name"] for unique_id in chosen]
        everything = len(context.selected_asset_keys) == len(context.assets_def.keys)

        def progress(node: NodeResult) -> None:
            text = f"{node.name}: {node.status} after {node.seconds:.1f} s"
            (context.log.info if node.seconds >= SLOW_NODE_SECONDS else context.log.debug)(text)

        # A backfill of single tables from the UI begins here, with days of its own.
        _lay_out_once(session, context.run.tags)
        build_idle_staging(session.home, session.settings)
        built = run_build(
            session.home,
            "run",
            select=[] if everything else names,
            exclude=idle,
            on_node=progress,
        )
        with connect(session.home.warehouse) as connection:
            # In the order in which they were built: each after what it rests on.
            for node in built.nodes:
                key = chosen.get(node.unique_id)
                if key is None or not node.succeeded:
                    continue
                yield dg.Output(
                    None,
                    output_name=key.to_python_identifier(),
                    metadata={
                        # Pictures read other tables too, which a broken build may lack.
                        **({} if built.broken else table_metadata(connection, *key.path)),
                        "seconds": round(node.seconds, 3),
                    },
                )
        built.raise_if_broken()
        tested = run_build(
            session.home,
            "test",
            select=[] if everything else names,
            exclude=idle,
            on_node=progress,
        )
        records = check_records(tested, manifest, context.run_id, session.known_at)
        with connect(session.home.warehouse) as connection:
            record_checks(connection, records.values())
            # Checks look at what changed, so it stays changed until they have passed.
            if everything and not any(record.blocks for record in records.values()):
                remember_build(connection)
        wanted = context.selected_asset_check_keys
        for unique_id, record in records.items():
            check = _check_key(manifest, unique_id)
            if check in wanted:
                yield dg.AssetCheckResult(
                    asset_key=check.asset_key,
                    check_name=check.name,
                    passed=record.passed,
                    severity=(
                        dg.AssetCheckSeverity.ERROR
                        if record.severity == "error"
                        else dg.AssetCheckSeverity.WARN
                    ),
                    metadata={
                        "observed": record.observed,
                        "expected": record.expected,
                        "failing rows": record.failing_rows or 0,
                        "rows at": record.rows_at or "-",
                    },
                )

    return build_warehouse


def _nodes_by_key(manifest: Mapping[str, Any]) -> dict[dg.AssetKey, Mapping[str, Any]]:
    return {
        dg.AssetKey([node["schema"], node["name"]]): node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


def _check_key(manifest: Mapping[str, Any], unique_id: str) -> dg.AssetCheckKey:
    test = manifest["nodes"][unique_id]
    node = attached_node(manifest, test)
    return dg.AssetCheckKey(dg.AssetKey([node["schema"], node["name"]]), test["name"])


def _requested_days(tags: Mapping[str, str]) -> tuple[date | None, date | None]:
    first, last = tags.get(RANGE_START), tags.get(RANGE_END)
    single = tags.get("dagster/partition")
    if first and last:
        return date.fromisoformat(first), date.fromisoformat(last)
    if single:
        return date.fromisoformat(single), date.fromisoformat(single)
    return None, None
