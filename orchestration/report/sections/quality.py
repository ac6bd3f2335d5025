"""Quality of the data: how fresh the sources are, how the checks came out, what was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.report.marts import Marts, Row

# Best first; a source is as fresh as its worst object.
STATES = ("fresh", "stale", "failed")


@dataclass(frozen=True)
class Quality:
    """State of the sources, checks of the last run, rows in quarantine by source and table."""

    sources: Sequence[Row]
    checks_passed: int
    checks: int
    failed: Sequence[Row]
    quarantine: Sequence[Row]

    @property
    def not_fresh(self) -> int:
        """Sources that are not fresh."""
        return sum(row["state"] != "fresh" for row in self.sources)

    @property
    def quarantined(self) -> int:
        """Rows that were set aside."""
        return sum(row["rows"] for row in self.quarantine)


def read_quality(marts: Marts) -> Quality:
    """Return what the run-log marts say; messages and rows stay where engineers look."""
    checks = _last_run(marts)
    return Quality(
        _sources(marts),
        sum(check["passed"] for check in checks),
        len(checks),
        [check for check in checks if not check["passed"]],
        _quarantine(marts),
    )


def _last_run(marts: Marts) -> list[Row]:
    if not marts.has("mart_quality_checks"):
        return []
    return marts.rows(
        """
        select check_name, table_name, passed, failing_rows from marts.mart_quality_checks
        where run_id = (
            select run_id from marts.mart_quality_checks order by checked_at desc limit 1
        )
        order by severity, table_name, check_name
        """
    )


def _quarantine(marts: Marts) -> list[Row]:
    if not marts.has("mart_quarantine"):
        return []
    return marts.rows(
        "select source_name, table_name, count(*) as rows from marts.mart_quarantine "
        "group by all order by all"
    )


def _sources(marts: Marts) -> list[Row]:
    """Return a row a source: its worst state, the objects in it, last success, records."""
    if not marts.has("mart_source_status"):
        return []
    rows = marts.rows(
        """
        select source_name, object, state, last_success_at, records_total
        from marts.mart_source_status where state <> 'never' order by source_name, object
        """
    )
    sources = []
    for name in dict.fromkeys(row["source_name"] for row in rows):
        own = [row for row in rows if row["source_name"] == name]
        worst = max((row["state"] for row in own), key=_badness)
        successes = [row["last_success_at"] for row in own if row["last_success_at"] is not None]
        sources.append(
            {
                "source_name": name,
                "state": worst,
                "objects": [row["object"] for row in own if row["state"] == worst != "fresh"],
                "last_success_at": min(successes, default=None),
                "records": sum(row["records_total"] for row in own),
            }
        )
    return sources


def _badness(state: str) -> int:
    return STATES.index(state) if state in STATES else len(STATES)
