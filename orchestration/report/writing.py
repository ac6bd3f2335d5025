"""Writing the report of a release into a file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from orchestration.report.marts import open_marts
from orchestration.report.page import Edition, read_contents, render

REPORT = "report.html"


@dataclass(frozen=True)
class WrittenReport:
    """Where the report lies, its size, and the time that it took."""

    path: Path
    bytes: int
    seconds: float


def write_report(database: Path, path: Path, edition: Edition) -> WrittenReport:
    """Write the report of the release file ``database`` (schema ``marts``) to ``path``.

    A file that is there is replaced in one step. Errors of DuckDB, of drawing and of the file
    system pass through, and leave no half page behind.
    """
    started = time.monotonic()
    with open_marts(database) as marts:
        contents = read_contents(marts, edition.as_of)
    page = render(contents, edition).encode()
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(page)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return WrittenReport(path, len(page), time.monotonic() - started)
