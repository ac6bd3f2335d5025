"""The dbt project as dbt parsed it: kept in the home folder, parsed again when a file changed.

Parsing costs seconds and a night needs it three times (asset definitions, models, tests), so it
is done once and handed on. Running what was parsed belongs to ``build``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orchestration.home import PROJECT_ROOT, Home
from orchestration.session import NightLock

_LONGEST_PARSE = 300.0

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
    fingerprint = _fingerprint()
    if fingerprint not in _parsed:
        # Imported late: a second and a half that only a build needs.
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        with _up_to_date(home, fingerprint):
            packed = (home.dbt / "target" / "partial_parse.msgpack").read_bytes()
        manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
        _parsed[fingerprint] = manifest
    _forget_compilation(_parsed[fingerprint])
    return _parsed[fingerprint]


def _forget_compilation(manifest: Any) -> None:
    """Let an invocation compile every node anew.

    dbt compiles a node that it has compiled before, but does not again put the ephemeral models
    in front of it that it reads.
    """
    for node in manifest.nodes.values():
        if getattr(node, "extra_ctes_injected", False):
            node.compiled, node.extra_ctes_injected, node.extra_ctes = False, False, []


def manifest_dictionary(home: Home) -> dict[str, Any]:
    """Return the manifest as the dictionary of ``manifest.json``."""
    with _up_to_date(home, _fingerprint()):
        text = (home.dbt / "target" / "manifest.json").read_text("utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@contextmanager
def _up_to_date(home: Home, fingerprint: str) -> Iterator[None]:
    """Keep other processes from parsing while the files of a parse of this project are read.

    Definitions are loaded before the night's lock is taken, so two nights may come here at once.
    """
    target = home.dbt / "target"
    target.mkdir(parents=True, exist_ok=True)
    with NightLock(home.dbt / "parse.lock").holding(
        _LONGEST_PARSE, lambda _: None, what="parsing the dbt project"
    ):
        stamp = target / "parsed_from"
        if not (stamp.exists() and stamp.read_text("utf-8") == fingerprint):
            _parse(home)
            stamp.write_text(fingerprint, "utf-8")
        yield


def _parse(home: Home) -> None:
    os.environ["FUNNEL_WAREHOUSE"] = str(home.warehouse)
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Whole: a parse that only looks at changed files has been seen to miss a description.
        outcome = dbtRunner().invoke(arguments(home, "parse", "--no-partial-parse"))
    finally:
        DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        raise BuildError(str(outcome.exception or "dbt could not parse the project"))


def _fingerprint() -> str:
    digest = hashlib.sha256()
    files = [PROJECT_ROOT / "dbt_project.yml", PROJECT_ROOT / "profiles" / "profiles.yml"]
    for path in [*files, *sorted((PROJECT_ROOT / "dbt_project").rglob("*"))]:
        if path.is_file() and path.suffix in (".sql", ".yml", ".md", ".py"):
            digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    # Seeds are known by their place: the manifest holds the checkout's path.
    digest.update(str(PROJECT_ROOT).encode())
    return digest.hexdigest()
