"""What a night came to, in the terminal: funnel, pipeline, forecast, checks, and where to look."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orchestration.automation.runner import RunOutcome
from orchestration.command_line.published import Published, open_published
from orchestration.engine import connect
from orchestration.home import Home
from orchestration.run_log import checks_of

WIDTH = 110


def _console(stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=WIDTH)


def print_summary(home: Home, outcome: RunOutcome | None) -> None:
    """Print the published night; with an outcome, also how long each part took."""
    console = _console()
    with open_published(home) as published:
        as_of = published.as_of()
        console.print()
        console.rule(f"[bold]Sales funnel and pipeline as of {as_of}")
        for part in (_funnel, _pipeline, _forecast, _sources):
            console.print(part(published))
        # Not in a table: names of checks are long, and are meant to be copied.
        console.print(_checks(published), soft_wrap=True)
        if outcome is not None:
            console.print(_times(outcome))
        console.print(_next_steps(home))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for index, column in enumerate(columns):
        words = index == 0 or column in ("stage", "next stage", "object", "message", "check", "on")
        table.add_column(
            column, justify="left" if words else "right", no_wrap=not words or column == "period"
        )
    return table


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"


def _money(amount: object) -> str:
    return "–" if amount is None else f"{amount:,.0f}"


def _funnel(published: Published) -> Table:
    table = _table(
        "Funnel, all time (rates with 95 % intervals)",
        "pipeline", "stage", "passed", "to next stage", "interval", "lost", "open", "to won",
    )  # fmt: skip
    rows = published.rows(
        """
        with steps as (
            select * from marts.mart_funnel_conversion
            where cohort_month is null and dimension = 'all'
        )
        select
            next.entity_type, next.pipeline, next.from_stage, next.entered,
            next.observed_rate, next.observed_low, next.observed_high,
            next.lost, next.still_open, coalesce(won.observed_rate, next.observed_rate)
        from steps as next
        left join steps as won
            on won.entity_type = next.entity_type and won.pipeline = next.pipeline
            and won.from_stage = next.from_stage and won.to_stage = 'won'
        where next.to_stage <> 'won' or not exists (
            select 1 from steps as other
            where other.entity_type = next.entity_type and other.pipeline = next.pipeline
                and other.from_stage = next.from_stage and other.to_stage <> 'won'
        )
        order by next.entity_type desc, next.pipeline, next.from_position
        """
    )
    previous = None
    for kind, pipeline, stage, entered, rate, low, high, lost, still_open, won in rows:
        name = f"{pipeline} ({kind}s)"
        if previous is not None and name != previous:
            table.add_section()
        table.add_row(
            "" if name == previous else name, stage, f"{entered:,}", _percent(rate),
            f"{_percent(low)} to {_percent(high)}", f"{lost:,}", f"{still_open:,}", _percent(won),
        )  # fmt: skip
        previous = name
    return table


def _pipeline(published: Published) -> Table:
    currency = published.rows(
        "select currency from marts.fct_fx_rates where rate_source = 'reporting currency' limit 1"
    )
    unit = currency[0][0] if currency else ""
    table = _table(
        f"Open pipeline by stage ({unit})", "pipeline", "stage", "deals", "amount", "weighted"
    )
    rows = published.rows(
        """
        select pipeline, stage, deals, amount_reporting, weighted_amount_reporting
        from marts.mart_pipeline_summary
        where dimension = 'all'
            and snapshot_date = (select max(snapshot_date) from marts.mart_pipeline_summary)
        order by pipeline, stage_position
        """
    )
    previous = None
    for pipeline, stage, deals, amount, weighted in rows:
        if previous is not None and pipeline != previous:
            table.add_section()
        table.add_row(
            "" if pipeline == previous else pipeline, stage, f"{deals:,}",
            _money(amount), _money(weighted),
        )  # fmt: skip
        previous = pipeline
    return table


def _forecast(published: Published) -> Table:
    table = _table(
        "Forecast against target",
        "quarter", "source", "won", "expected", "8 in 10 outcomes", "target", "chance",
    )  # fmt: skip
    rows = published.rows(
        """
        select
            period_start, dimension_value, won_to_date, expected, p10, p90, target,
            target_probability, period_start > as_of, period_end > as_of
        from marts.mart_forecast
        where method = 'model' and dimension = 'source_name' and period = 'quarter'
        order by period_start, dimension_value
        """
    )
    for start, source, won, expected, low, high, target, chance, is_next, is_open in rows:
        table.add_row(
            f"{'next' if is_next else 'this'}, from {start}", source, _money(won),
            _money(expected), f"{_money(low)}–{_money(high)}" if is_open else "over",
            _money(target), _percent(chance), style="bold cyan" if is_next else "",
        )  # fmt: skip
    table.caption = " ".join([*_statement(published), *_record(published)])
    table.caption_justify = "left"
    return table


def _statement(published: Published) -> list[str]:
    """How the forecast was made, in its own words."""
    said = published.rows(
        """
        select any_value(statement) from marts.mart_forecast
        where method = 'model' and dimension = 'all' and period = 'quarter'
        """
    )
    return [text for (text,) in said if text]


def _record(published: Published) -> list[str]:
    """How good it has been, beside the best of the other methods."""
    scores = published.rows(
        """
        select method, wape, coverage_80, periods from marts.mart_forecast_scorecard
        where horizon_days = 90 and wape is not null
        order by wape, method
        """
    )
    model = next((row for row in scores if row[0] == "model"), None)
    if model is None:
        return ["No forecast of 90 days could be judged yet."]
    _, wape, coverage, periods = model
    told = f"Over 90 days it was off by {_percent(wape)} in {periods} tries"
    others = [row for row in scores if row[0] != "model"]
    if others:
        told += f" ({others[0][0]}: {_percent(others[0][1])})"
    return [f"{told}; {_percent(coverage)} came out within the range, 80% should."]


def _sources(published: Published) -> Table:
    table = _table("Sources", "source", "object", "state", "records", "message")
    rows = published.rows(
        """
        select source_name, object, state, records_total, coalesce(message, '')
        from marts.mart_source_status
        where state <> 'never'
        order by source_name, object
        """
    )
    for source, name, state, records, message in rows:
        colour = "green" if state == "fresh" else "yellow" if state == "stale" else "red"
        table.add_row(source, name, Text(state, style=colour), f"{records:,}", message)
    return table


def _checks(published: Published) -> Text:
    rows = published.rows(
        """
        select check_name, table_name, passed, observed
        from marts.mart_quality_checks
        where run_id = (
            select run_id from marts.mart_quality_checks order by checked_at desc limit 1
        )
        order by passed, table_name, check_name
        """
    )
    passed = sum(1 for row in rows if row[2])
    text = Text(f"{passed} of {len(rows)} checks passed", style="bold green")
    missed = [row for row in rows if not row[2]]
    if missed:
        text.append("\nWarnings, which don't keep a night from being published:", style="yellow")
    for name, on, _, observed in missed:
        text.append(f"\n! {name} on {on}: {observed}", style="not bold yellow")
    return text


def _times(outcome: RunOutcome) -> Text:
    parts: dict[str, float] = {}
    for step, seconds in outcome.seconds.items():
        name = (
            "extract" if step.startswith("sources__") else step.replace("__", " ").replace("_", " ")
        )
        parts[name] = parts.get(name, 0.0) + seconds
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
    return Text(f"Took {outcome.total_seconds:.1f} s: {told}", style="dim")


def _next_steps(home: Home) -> Panel:
    database = home.published / "funnel.duckdb"
    lines = Text()
    lines.append("Published: ", style="bold")
    lines.append(f"{database}\n")
    lines.append("Parquet:   ", style="bold")
    lines.append(f"{home.published / 'parquet'}\n")
    lines.append("Report:    ", style="bold")
    report = home.published / "report.html"
    if report.exists():
        lines.append(f"{report}\n\n")
    else:
        lines.append("not written; the reason: make failing-rows\n\n", style="yellow")
    lines.append("Try next:\n", style="bold")
    lines.append(
        "  make ui                            the orchestrator, with every table and check\n"
    )
    lines.append("  make failing-rows CHECK=<check>    the rows behind a warning\n")
    lines.append("  make summary                       this page again\n")
    lines.append("  make run                           the next night: only what changed is built")
    return Panel(lines, expand=False)


def print_failure(outcome: RunOutcome, home: Home) -> None:
    """Say why a run failed, and what to do about it."""
    console = _console(stderr=True)
    console.print()
    if outcome.is_busy:
        console.print(Text("Another run holds the home folder.", style="bold red"))
        console.print(Text(outcome.message))
        return
    console.print(
        Text("The night failed; what was published before stays as it was.", style="bold red")
    )
    failed = []
    if home.warehouse.exists():
        with connect(home.warehouse) as connection:
            failed = [check for check in checks_of(connection, outcome.run_id) if check.blocks]
    if failed:
        console.print(Text("Blocking checks that failed:", style="bold"))
    for check in failed:
        console.print(Text(f"\n✗ {check.check_name}", style="red"), soft_wrap=True)
        told = {"on": check.table_name, "expected": check.expected, "observed": check.observed}
        if check.rows_at:
            told["the rows"] = f"make failing-rows CHECK={check.check_name}"
        for name, text in told.items():
            console.print(Text(f"  {name}: {text}"), soft_wrap=True)
    if not failed:
        console.print(Text(outcome.message), soft_wrap=True)
    console.print(Text(f"\nThe whole run: make ui, then the run {outcome.run_id}", style="dim"))
