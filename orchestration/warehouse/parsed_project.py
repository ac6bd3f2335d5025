"""The dbt project as dbt parsed it: kept in the home folder, parsed again when a file changed.

Parsing costs seconds and a night needs it three times (asset definitions, models, tests), so it
is done once and handed on. Running what was parsed belongs to ``build``.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from orchestration.home import PROJECT_ROOT, Home

_parsed: dict[str, Any] = {}


class BuildError(Exception):
    """dbt could not parse or build; the message says which node and why."""


def arguments(home: Home, *words: str) -> list[str]:
    """Return a dbt command line for the project, with its folders inside the home folder."""
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


def parsed_project(home: Home) -> Any:
    """Return dbt's own manifest object. Raises ``BuildError`` if the project can't be parsed."""
    fingerprint = _bring_up_to_date(home)
    if fingerprint not in _parsed:
        # Imported late: a second and a half that only a build needs.
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        packed = (home.dbt / "target" / "partial_parse.msgpack").read_bytes()
        manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
        _parsed[fingerprint] = manifest
    return _parsed[fingerprint]


def manifest_dictionary(home: Home) -> dict[str, Any]:
    """Return the manifest as the dictionary of ``manifest.json``."""
    _bring_up_to_date(home)
    text = (home.dbt / "target" / "manifest.json").read_text("utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def _bring_up_to_date(home: Home) -> str:
    """Parse the project unless its files are those of the last parse; return their fingerprint."""
    target = home.dbt / "target"
    stamp = target / "parsed_from"
    now = _fingerprint()
    if stamp.exists() and stamp.read_text("utf-8") == now:
        return now
    os.environ["FUNNEL_WAREHOUSE"] = str(home.warehouse)
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    target.mkdir(parents=True, exist_ok=True)
    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Whole: a parse that only looks at changed files has been seen to miss a description.
        outcome = dbtRunner().invoke(arguments(home, "parse", "--no-partial-parse"))
    finally:
        DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        raise BuildError(str(outcome.exception or "dbt could not parse the project"))
    stamp.write_text(now, "utf-8")
    return now


def _fingerprint() -> str:
    digest = hashlib.sha256()
    files = [PROJECT_ROOT / "dbt_project.yml", PROJECT_ROOT / "profiles" / "profiles.yml"]
    for path in [*files, *sorted((PROJECT_ROOT / "dbt_project").rglob("*"))]:
        if path.is_file() and path.suffix in (".sql", ".yml", ".md"):
            digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    # Seeds are known by their place: the manifest holds the checkout's path.
    digest.update(str(Path(PROJECT_ROOT)).encode())
    return digest.hexdigest()
