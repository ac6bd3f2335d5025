"""Running dbt inside this process.

Here belong the invocation, its folders and its progress. What dbt builds is in ``dbt_project``;
how its results become assets is in ``assets``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from orchestration.home import PROJECT_ROOT, Home


class BuildError(Exception):
    """dbt could not build; the message says which node and why."""


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
    relation: str | None

    @property
    def succeeded(self) -> bool:
        """Whether the node was built, or the test passed or only warned."""
        return self.status in ("success", "pass", "warn")


@dataclass
class BuildResult:
    """The results of one dbt invocation, in the order in which they finished."""

    nodes: list[NodeResult] = field(default_factory=list)


def _arguments(home: Home, *words: str) -> list[str]:
    return [
        *words,
        "--project-dir", str(PROJECT_ROOT),
        "--profiles-dir", str(PROJECT_ROOT / "profiles"),
        "--target-path", str(home.dbt / "target"),
        "--log-path", str(home.dbt / "logs"),
        # The terminal belongs to the night's own progress; dbt's log file has everything.
        "--log-level", "none",
        "--log-level-file", "info",
    ]  # fmt: skip


def manifest_path(home: Home) -> Path:
    """Return dbt's parsed project, parsing it first if a file of the project changed.

    Raises ``BuildError`` if the project can't be parsed.
    """
    manifest = home.dbt / "target" / "manifest.json"
    stamp = home.dbt / "target" / "manifest.sources"
    now = _project_fingerprint()
    if manifest.exists() and stamp.exists() and stamp.read_text("utf-8") == now:
        return manifest
    # Whole: a parse that only looks at changed files has been seen to miss a description.
    _invoke(home, _arguments(home, "parse", "--no-partial-parse"), home.warehouse, None)
    stamp.write_text(now, "utf-8")
    return manifest


def _project_fingerprint() -> str:
    digest = hashlib.sha256()
    files = [PROJECT_ROOT / "dbt_project.yml", *sorted((PROJECT_ROOT / "dbt_project").rglob("*"))]
    for path in [*files, PROJECT_ROOT / "profiles" / "profiles.yml"]:
        if path.is_file() and path.suffix in (".sql", ".yml", ".md"):
            digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def run_build(
    home: Home,
    command: Literal["run", "test"],
    *,
    select: Sequence[str] = (),
    on_node: Callable[[NodeResult], None] | None = None,
    warehouse: Path | None = None,
) -> BuildResult:
    """Build models and seeds into the working file, or run the tests on it.

    Two commands, because one that does both leaves out what lies behind a failed test, and a
    night wants to see everything that fails. ``select`` names nodes (empty: everything).
    ``on_node`` hears of each node as it finishes. A failing test is a result, not an error;
    ``BuildError`` is raised when dbt itself could not run. Leaves no connection to the working
    file open.
    """
    if command == "run":
        words = ["build", "--resource-type", "model", "--resource-type", "seed"]
    else:
        words = ["test", "--exclude-resource-type", "unit_test"]
    if select:
        words += ["--select", *select]
    return _invoke(home, _arguments(home, *words), warehouse or home.warehouse, on_node)


def _invoke(
    home: Home,
    arguments: list[str],
    warehouse: Path,
    on_node: Callable[[NodeResult], None] | None,
) -> BuildResult:
    os.environ["FUNNEL_WAREHOUSE"] = str(warehouse)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    # Imported late: a second and a half that only a build needs.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    home.dbt.mkdir(parents=True, exist_ok=True)
    result = BuildResult()

    def hear(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node = _from_event(event)
        result.nodes.append(node)
        if on_node is not None:
            on_node(node)

    try:
        outcome = dbtRunner(callbacks=[hear]).invoke(arguments)
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
        relation=None,
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
        relation=getattr(node, "relation_name", None),
    )


def load_manifest(home: Home) -> dict[str, Any]:
    """Return dbt's parsed project as a dictionary."""
    return json.loads(manifest_path(home).read_text("utf-8"))  # type: ignore[no-any-return]
