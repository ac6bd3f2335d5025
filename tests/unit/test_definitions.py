"""What the orchestrator shows of the project: every asset explained, owned and in its place."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.home import Home
from orchestration.published_tables import PUBLISHED_TABLES
from tests.support.prepared import lend_parse


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        lend_parse(Home(home))
        patch.setenv("FUNNEL_HOME", str(home))
        patch.delenv("FUNNEL_CONFIG", raising=False)
        from orchestration.definitions import definitions as load

        return load()


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    return list(definitions.resolve_all_asset_specs())


def test_every_asset_is_described_owned_and_of_a_kind(specs: list[dg.AssetSpec]) -> None:
    incomplete = [
        spec.key.to_user_string()
        for spec in specs
        if not (spec.description and spec.owners and spec.kinds and spec.group_name)
    ]
    assert incomplete == []


def test_there_is_one_asset_a_source_and_table(specs: list[dg.AssetSpec]) -> None:
    extracted = {spec.key.path[1:3][0]: 0 for spec in specs if spec.group_name == "extract"}
    for spec in specs:
        if spec.group_name == "extract":
            extracted[spec.key.path[1]] += 1
    assert extracted == {"maven": 7, "demo": 7}


def test_the_groups_tell_the_story_in_one_direction(specs: list[dg.AssetSpec]) -> None:
    order = ["extract", "landing", "stage", "conform", "facts", "marts", "quality", "publish"]
    assert {spec.group_name for spec in specs} == set(order)
    group_of = {spec.key: spec.group_name for spec in specs}
    # Conformed tables may look at facts (a forecast starts from deals), facts never at marts.
    ranks = {name: 4 if name == "facts" else rank for rank, name in enumerate(order)} | {
        "conform": 4
    }
    backwards = [
        (dep.asset_key.to_user_string(), spec.key.to_user_string())
        for spec in specs
        for dep in spec.deps
        if ranks[str(group_of[dep.asset_key])] > ranks[str(spec.group_name)]
    ]
    assert backwards == []


def test_everything_published_is_an_asset_with_checks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    published = {dg.AssetKey(["marts", table]) for table in PUBLISHED_TABLES}
    assert published <= set(graph.get_all_asset_keys())
    checked = {key.asset_key for key in graph.asset_check_keys}
    # The results of the checks are themselves made of the checks.
    assert published - checked == {dg.AssetKey(["marts", "mart_quality_checks"])}
