"""What the marts of the pipeline show: where it stands, what moved it, what needs a look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import duckdb

from orchestration.showing.markdown import (
    bar,
    count,
    floating_bar,
    grouped,
    percent,
    span,
    table,
)
from orchestration.showing.views import rows, view

ALERTS = 12


@view(
    "mart_pipeline_summary",
    "snapshot_date", "pipeline", "stage", "stage_position", "dimension", "deals",
    "amount_reporting", "weighted_amount_reporting",
)  # fmt: skip
def stages(connection: duckdb.DuckDBPyConnection) -> str:
    """The open pipeline of the last day, by stage."""
    standing = rows(
        connection,
        """
        select
            pipeline, stage, deals, amount_reporting, weighted_amount_reporting,
            max(amount_reporting) over (partition by pipeline), snapshot_date
        from marts.mart_pipeline_summary
        where dimension = 'all'
            and snapshot_date = (select max(snapshot_date) from marts.mart_pipeline_summary)
        order by pipeline, stage_position, stage
        """,
    )
    if not standing:
        return "No deal is open."
    deals, amount = (sum(row[place] for row in standing) for place in (2, 3))
    lines = [
        [pipeline, stage, count(number), count(worth), bar(worth, most), count(weighted)]
        for pipeline, stage, number, worth, weighted, most, _ in standing
    ]
    told = f"**{count(deals)} open deals** worth {count(amount)} at the end of {standing[0][-1]}."
    columns = ["stage", "deals>", "amount>", "", "weighted>"]
    return f"{told}\n\n" + table(columns, grouped(lines))


MOVEMENTS = (
    "new", "reopened", "increased", "decreased", "fx", "transferred_in", "transferred_out",
    "won", "lost", "removed",
)  # fmt: skip


@view(
    "mart_pipeline_waterfall",
    "period", "period_start", "dimension", "opening", *MOVEMENTS, "closing",
)  # fmt: skip
def waterfall(connection: duckdb.DuckDBPyConnection) -> str:
    """What moved the pipeline in the last week and month."""
    periods = rows(
        connection,
        f"""
        select period, period_start, opening, {", ".join(MOVEMENTS)}, closing
        from marts.mart_pipeline_waterfall
        where dimension = 'all' and period in ('week', 'month')
        qualify period_start = max(period_start) over (partition by period)
        order by period desc
        """,
    )
    told = [
        _waterfall(period, start, opening, moves, closing)
        for period, start, opening, *moves, closing in periods
    ]
    return "\n\n".join(told) or "No pipeline yet."


def _waterfall(
    period: str, start: object, opening: float, moves: Sequence[float], closing: float
) -> str:
    levels = list(accumulate(moves, initial=opening))
    whole = max(levels)
    lines = [["opening", count(opening), floating_bar(0, opening, whole)]]
    lines += [
        [name.replace("_", " "), f"{move:+,.0f}", floating_bar(*pair, whole)]
        for name, move, pair in zip(MOVEMENTS, moves, pairwise(levels), strict=True)
        if move
    ]
    lines.append(["closing", count(closing), floating_bar(0, closing, whole)])
    head = f"**The {period} from {start}**: {count(opening)} → {count(closing)}."
    return f"{head}\n\n" + table(["", "amount>", ""], lines)


OUTCOMES = ("won", "lost", "removed", "pushed_out", "pulled_in", "still_due")


@view("mart_close_date_moves", "period", "period_start", "dimension", "due", *OUTCOMES)
def close_dates(connection: duckdb.DuckDBPyConnection) -> str:
    """What became of the deals that were due in the last month and quarter."""
    periods = rows(
        connection,
        f"""
        select period, period_start, due, {", ".join(OUTCOMES)}
        from marts.mart_close_date_moves
        where dimension = 'all' and period in ('month', 'quarter')
        qualify period_start = max(period_start) over (partition by period)
        order by period
        """,
    )
    told = []
    for period, start, due, *outcomes in periods:
        lines = [
            [name.replace("_", " "), count(deals), percent(deals / due) if due else "–",
             bar(deals, due)]
            for name, deals in zip(OUTCOMES, outcomes, strict=True)
        ]  # fmt: skip
        head = f"**The {period} from {start}**: {count(due)} deals were due at its start."
        told.append(f"{head}\n\n" + table(["became", "deals>", "share>", ""], lines))
    return "\n\n".join(told) or "No deal was due yet."


@view(
    "mart_target_attainment",
    "period_start", "period_end", "dimension", "dimension_value", "target", "won",
    "attainment_rate", "open_due", "coverage",
)  # fmt: skip
def attainment(connection: duckdb.DuckDBPyConnection) -> str:
    """How far the company's targets of the running periods are met."""
    found = rows(
        connection,
        """
        select
            period_start, period_end, dimension_value, target, won, attainment_rate, open_due,
            coverage
        from marts.mart_target_attainment
        where dimension in ('all', 'source_name')
            and settings.as_of() between period_start and period_end
        order by period_start, period_end, dimension_value
        """,
    )
    if not found:
        return "No target of the company runs at present."
    lines = [
        [f"{start} to {end}", whose, count(target), count(won), percent(rate), bar(rate, 1),
         count(due), "–" if coverage is None else f"{coverage:.1f} ×"]
        for start, end, whose, target, won, rate, due, coverage in found
    ]  # fmt: skip
    columns = ["whose", "target>", "won>", "attained>", "", "open and due>", "coverage>"]
    told = "The company's targets that run at present."
    return f"{told}\n\n" + table(columns, grouped(lines))


@view(
    "mart_deal_alerts",
    "as_of", "deal_key", "alert", "severity", "since_date", "explanation", "amount_reporting",
)  # fmt: skip
def alerts(connection: duckdb.DuckDBPyConnection) -> str:
    """How many alerts there are, and the deals to begin with."""
    kinds = rows(
        connection,
        """
        select
            alert, count(*), count(*) filter (severity = 'high'),
            count(*) filter (since_date = as_of), max(count(*)) over ()
        from marts.mart_deal_alerts
        group by alert
        order by count(*) desc, alert
        """,
    )
    if not kinds:
        return "No deal needs a look."
    first = rows(
        connection,
        f"""
        select deal_key, amount_reporting, explanation
        from marts.mart_deal_alerts
        where severity = 'high'
        qualify row_number() over (
            partition by deal_key order by alert = 'disqualify' desc, since_date, alert
        ) = 1
        order by amount_reporting desc nulls last, deal_key
        limit {ALERTS}
        """,
    )
    high, new = (sum(kind[place] for kind in kinds) for place in (2, 3))
    told = f"**{count(high)} alerts are high**, {count(new)} of all are new today."
    counted = table(
        ["alert", "deals>", "", "high>", "new today>"],
        [
            [kind, count(deals), bar(deals, most), count(severe), count(fresh)]
            for kind, deals, severe, fresh, most in kinds
        ],
    )
    listed = table(
        ["deal", "amount>", "why"], [[deal, count(amount), why] for deal, amount, why in first]
    )
    return f"{told}\n\n{counted}\n\nThe largest deals with one that is high:\n\n{listed}"


@view(
    "mart_win_rate_calibration",
    "probability_source", "bin", "bin_low", "bin_high", "dimension", "deals",
    "mean_predicted_rate", "actual_win_rate", "actual_low", "actual_high", "brier_score",
)  # fmt: skip
def calibration(connection: duckdb.DuckDBPyConnection) -> str:
    """What was said of deals against what became of them."""
    bins = rows(
        connection,
        """
        select
            probability_source, bin_low, bin_high, deals, mean_predicted_rate, actual_win_rate,
            actual_low, actual_high, brier_score
        from marts.mart_win_rate_calibration
        where dimension = 'all'
        order by probability_source, bin
        """,
    )
    if not bins:
        return "No closed deal had a probability while it was open."
    far = max(bins, key=lambda row: (row[3] >= 20) * abs(row[4] - row[5]))
    lines = [
        [source, span(low, high), count(deals), percent(said), percent(won), bar(won, 1),
         span(from_, to), f"{brier:.3f}"]
        for source, low, high, deals, said, won, from_, to, brier in bins
    ]  # fmt: skip
    told = (
        f"Farthest off: **{percent(far[4])} said, {percent(far[5])} won** "
        f"({far[0]}, {count(far[3])} deals)."
    )
    columns = ["bin>", "deals>", "said>", "won>", "", "95 %>", "Brier>"]
    return f"{told}\n\n" + table(columns, grouped(lines))


VIEWS = (stages, waterfall, close_dates, attainment, alerts, calibration)
