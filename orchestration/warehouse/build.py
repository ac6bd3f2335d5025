"""Running dbt inside this process.

Here belong the invocation, its folders and its progress. What dbt builds is in ``dbt_project``;
how its results become assets is in ``assets``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from orchestration.engine import memory_limit
from orchestration.home import Home
from orchestration.warehouse.parsed_project import BuildError, arguments, parsed_project


@dataclass(frozen=True)
class NodeResult:
    """What became of one model, seed or test.

    ``status`` is dbt's own word: success, pass, warn, fail, error or skipped. ``failures`` counts
    the rows that a test returned.
    """

    unique_id: str
    name: str
    resource_type: str
    status: str
    seconds: float
    failures: int | None
    message: str

    @property
    def succeeded(self) -> bool:
        """Whether the node was built, or the test passed or only warned."""
        return self.status in ("success", "pass", "warn")

    @property
    def is_short_of_memory(self) -> bool:
        """Whether the engine could not put enough aside to go on."""
        return self.status == "error" and "Out of Memory" in self.message


@dataclass
class BuildResult:
    """The results of one dbt invocation, in the order in which they finished."""

    nodes: list[NodeResult] = field(default_factory=list)

    @property
    def broken(self) -> list[NodeResult]:
        """What could not be built; what was skipped behind it is not named."""
        return [node for node in self.nodes if node.status == "error"]

    @property
    def to_build_alone(self) -> list[str]:
        """Names of what ran short of memory beside others, and of what was skipped behind it.

        Empty if anything else is broken too: what is skipped may then rest on that.
        """
        if not all(node.is_short_of_memory for node in self.broken):
            return []
        return [node.name for node in self.nodes if node.status in ("error", "skipped")]

    def raise_if_broken(self) -> None:
        """Raise ``BuildError`` saying what is broken, why, and what to do if that is known."""
        if not self.broken:
            return
        said = [f"{node.name}: {node.message}" for node in self.broken]
        if any(node.is_short_of_memory for node in self.broken):
            said.append(
                f"The engine may take {memory_limit()} of memory; give it more: FUNNEL_MEMORY=4GB"
            )
        raise BuildError("\n".join(said))


def run_build(
    home: Home,
    command: Literal["run", "test"],
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    on_node: Callable[[NodeResult], None] | None = None,
    warehouse: Path | None = None,
) -> BuildResult:
    """Build models and seeds into the working file, or run the tests on it.

    Two commands, because one that does both leaves out what lies behind a failed test, and a
    night wants to see everything that fails. ``select`` names nodes (empty: everything) and
    ``exclude`` those to leave out. What runs short of memory is built once more, alone.
    ``on_node`` hears of each node as it finishes. A failing test is a result, not an error;
    ``BuildError`` is raised when dbt itself could not run. Leaves no connection to the working
    file open.
    """
    if command == "run":
        words = ["build", "--resource-type", "model", "--resource-type", "seed"]
    else:
        words = ["test", "--exclude-resource-type", "unit_test"]
    chosen = (["--select", *select] if select else []) + (
        ["--exclude", *exclude] if exclude else []
    )
    os.environ["FUNNEL_WAREHOUSE"] = str(warehouse or home.warehouse)
    built = _invoke(home, [*words, *chosen], on_node)
    if alone := built.to_build_alone:
        rest = _invoke(home, [*words, "--select", *alone, "--threads", "1"], on_node)
        again = {node.unique_id for node in rest.nodes}
        built.nodes = [node for node in built.nodes if node.unique_id not in again] + rest.nodes
    return built


def _invoke(
    home: Home, words: Sequence[str], on_node: Callable[[NodeResult], None] | None
) -> BuildResult:
    # The files that dbt would write are those of the parse over again; what it tells is heard here.
    words = arguments(home, *words, "--no-write-json")
    project = parsed_project(home)
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    result = BuildResult()

    def hear(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node = _from_event(event)
        result.nodes.append(node)
        if on_node is not None:
            on_node(node)

    try:
        outcome = dbtRunner(manifest=project, callbacks=[hear]).invoke(words)
    finally:
        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        raise BuildError(str(outcome.exception)) from outcome.exception
    if not outcome.success and not result.nodes:
        raise BuildError("dbt stopped before its first node; see the log in " + str(home.dbt))
    run_results = getattr(outcome.result, "results", None)
    if run_results is not None:
        result.nodes = [_from_result(node) for node in run_results]
    return result


def _from_event(event: Any) -> NodeResult:
    info = event.data.node_info
    return NodeResult(
        unique_id=info.unique_id,
        name=info.node_name,
        resource_type=info.resource_type,
        status=str(event.data.run_result.status),
        seconds=float(event.data.run_result.execution_time),
        failures=None,
        message=str(event.data.run_result.message or ""),
    )


def _from_result(result: Any) -> NodeResult:
    node = result.node
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(result.status),
        seconds=float(result.execution_time),
        failures=result.failures,
        message=str(result.message or ""),
    )
