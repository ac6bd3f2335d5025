"""The rows behind a failed check, from the working file."""

from __future__ import annotations

import difflib

import click
import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.engine import connect
from orchestration.home import Home
from orchestration.run_log import CheckRecord, checks_of, latest_run

CELL = 60


def _failed(connection: duckdb.DuckDBPyConnection) -> list[CheckRecord]:
    run_id = latest_run(connection)
    checks = [] if run_id is None else checks_of(connection, run_id)
    return [check for check in checks if not check.passed]


def print_failed_checks(home: Home) -> None:
    """List the failed checks of the last run, blocking ones first."""
    with connect(home.warehouse) as connection:
        failed = sorted(_failed(connection), key=lambda check: check.severity)
    if not failed:
        click.echo("Every check of the last run passed.")
        return
    table = Table("check", "on", "severity", "expected", "observed")
    for check in failed:
        table.add_row(
            check.check_name, check.table_name, check.severity, check.expected, check.observed
        )
    Console().print(table)


def print_failing_rows(home: Home, name: str, limit: int) -> None:
    """Print the rows that a check found; ``click.ClickException`` where there are none to show."""
    with connect(home.warehouse) as connection:
        failed = _failed(connection)
        chosen = [check for check in failed if check.check_name == name]
        if not chosen:
            near = difflib.get_close_matches(name, [check.check_name for check in failed], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise click.ClickException(f"No failed check of the last run is called {name}{hint}")
        for check in chosen:
            click.echo(f"{check.check_name} on {check.table_name}")
            click.echo(f"  expected: {check.expected}")
            click.echo(f"  observed: {check.observed}")
            if check.rows_at is None:
                click.echo("  This check looks at the table as a whole: there are no single rows.")
                continue
            schema, table = check.rows_at.split(".", 1)
            result = connection.execute(f'select * from "{schema}"."{table}" limit {int(limit)}')
            shown = Table(*[column[0] for column in result.description or []])
            for row in result.fetchall():
                shown.add_row(*["" if value is None else str(value)[:CELL] for value in row])
            Console().print(shown)
