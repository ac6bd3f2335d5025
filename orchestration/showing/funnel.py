"""What the marts of conversion and velocity show: the funnel, the bottleneck, the flow."""

from __future__ import annotations

import duckdb

from orchestration.showing.markdown import bar, count, days, grouped, percent, span, table
from orchestration.showing.views import rows, view

MONTHS = 6


@view(
    "mart_funnel_conversion",
    "cohort_month", "dimension", "entity_type", "pipeline", "from_stage", "to_stage",
    "from_position", "entered", "lost", "observed_rate", "observed_low", "observed_high",
    "eventual_rate", "median_days",
)  # fmt: skip
def funnel(connection: duckdb.DuckDBPyConnection) -> str:
    """Every stage, how many passed it, and how many of them passed the next one."""
    steps = rows(
        connection,
        """
        with steps as (
            select
                *,
                -- The last stage has one way on; the others have two, to the next and to won.
                count(*) over (partition by entity_type, pipeline, from_stage) = 1
                or to_stage <> 'won' as is_next,
                max(entered) over (partition by entity_type, pipeline) as first_entered
            from marts.mart_funnel_conversion
            where cohort_month is null and dimension = 'all'
        )
        select
            pipeline || ' (' || entity_type || 's)', from_stage, to_stage, entered, first_entered,
            observed_rate, observed_low, observed_high, eventual_rate, median_days, lost
        from steps
        where is_next
        order by entity_type desc, pipeline, from_position, from_stage
        """,
    )
    if not steps:
        return "Nothing has entered a funnel yet."
    funnel_name, start, end, entered, *_ = worst = max(steps, key=lambda step: (step[-1], step[1]))
    lines = [
        [
            name, stage, count(passed), bar(passed, first), percent(rate), span(low, high),
            percent(eventual), count(median),
        ]
        for name, stage, _, passed, first, rate, low, high, eventual, median, _ in steps
    ]  # fmt: skip
    return (
        f"**Most are lost between {start} and {end}** of {funnel_name}: "
        f"{count(worst[-1])} of {count(entered)}.\n\n"
        + table(
            ["stage", "passed>", "", "to next>", "95 %>", "eventually>", "days>"],
            grouped(lines),
        )
    )  # fmt: skip


@view(
    "mart_stage_velocity",
    "entity_type", "pipeline", "stage", "stage_position", "dimension", "median_days", "p90_days",
    "visits", "open_deals", "is_bottleneck",
)  # fmt: skip
def bottlenecks(connection: duckdb.DuckDBPyConnection) -> str:
    """How long visits to each stage last, and where they last longest."""
    stages = rows(
        connection,
        """
        select
            pipeline || ' (' || entity_type || 's)', stage, median_days, p90_days, visits,
            open_deals, is_bottleneck,
            max(median_days) over (partition by entity_type, pipeline)
        from marts.mart_stage_velocity
        where dimension = 'all'
        order by entity_type desc, pipeline, stage_position, stage
        """,
    )
    slow = [
        f"**{stage}** of {name}, {days(median)} days"
        for name, stage, median, *_, is_bottleneck, _ in stages
        if is_bottleneck
    ]
    told = f"Bottlenecks, by median: {'; '.join(slow)}." if slow else "No bottleneck to tell yet."
    lines = [
        [
            name, f"{stage} ◀" if is_bottleneck else stage, days(median), bar(median, longest),
            days(p90), count(visits), count(open_deals),
        ]
        for name, stage, median, p90, visits, open_deals, is_bottleneck, longest in stages
    ]  # fmt: skip
    columns = ["stage", "median days>", "", "nine in ten>", "visits>", "open>"]
    return f"{told}\n\n" + table(columns, grouped(lines))


@view(
    "mart_stage_flow",
    "month_start", "entity_type", "pipeline", "stage", "stage_position", "opening", "entered",
    "advanced", "regressed", "won", "lost", "moved", "removed", "closing",
)  # fmt: skip
def stage_flow(connection: duckdb.DuckDBPyConnection) -> str:
    """What came into each stage in the last month, and where it went."""
    flows = rows(
        connection,
        """
        select
            flow.pipeline || ' (' || flow.entity_type || 's)', flow.stage, flow.opening,
            flow.entered, flow.advanced, flow.regressed, flow.won, flow.lost,
            flow.moved + flow.removed, flow.closing, flow.month_start
        from marts.mart_stage_flow as flow
        where flow.month_start = (select max(month_start) from marts.mart_stage_flow)
        order by flow.entity_type desc, flow.pipeline, flow.stage_position, flow.stage
        """,
    )
    if not flows:
        return "Nothing has moved yet."
    lines = [[name, stage, *map(count, numbers)] for name, stage, *numbers, _ in flows]
    columns = ["stage", "opening>", "in>", "on>", "back>", "won>", "lost>", "gone>", "closing>"]
    return f"The month from {flows[0][-1]}.\n\n" + table(columns, grouped(lines))


@view(
    "mart_period_win_rate",
    "month_start", "dimension", "won", "lost", "win_rate", "won_amount_reporting",
    "average_cycle_days",
)  # fmt: skip
def win_rates(connection: duckdb.DuckDBPyConnection) -> str:
    """How many of the deals closed in each of the last months were won."""
    months = rows(
        connection,
        f"""
        select month_start, won, lost, win_rate, won_amount_reporting, average_cycle_days
        from marts.mart_period_win_rate
        where dimension = 'all'
        order by month_start desc
        limit {MONTHS}
        """,
    )
    if not months:
        return "No deal is closed yet."
    last = months[0]
    lines = [
        [month, count(won), count(lost), percent(rate), bar(rate, 1), count(amount), days(cycle)]
        for month, won, lost, rate, amount, cycle in months
    ]
    columns = ["month", "won>", "lost>", "win rate>", "", "won amount>", "cycle days>"]
    told = f"In the month from {last[0]}, **{percent(last[3])}** of {count(last[1] + last[2])} won."
    return f"{told}\n\n" + table(columns, lines)


@view(
    "mart_sales_velocity",
    "month_start", "dimension", "open_deals", "average_won_amount_reporting", "win_rate",
    "average_cycle_days", "velocity_per_day",
)  # fmt: skip
def sales_velocity(connection: duckdb.DuckDBPyConnection) -> str:
    """What the pipeline brings a day, in the last months."""
    months = rows(
        connection,
        f"""
        select
            month_start, open_deals, average_won_amount_reporting, win_rate, average_cycle_days,
            velocity_per_day, max(velocity_per_day) over ()
        from marts.mart_sales_velocity
        where dimension = 'all'
        order by month_start desc
        limit {MONTHS}
        """,
    )
    if not months:
        return "No pipeline yet."
    lines = [
        [month, count(deals), count(amount), percent(rate), days(cycle), count(velocity),
         bar(velocity, most)]
        for month, deals, amount, rate, cycle, velocity, most in months
    ]  # fmt: skip
    columns = ["month", "open deals>", "average won>", "win rate>", "cycle days>", "a day>", ""]
    return f"**{count(months[0][5])}** a day at present.\n\n" + table(columns, lines)


@view(
    "mart_required_leads",
    "period_start", "period_end", "dimension", "dimension_value", "target", "won_so_far", "gap",
    "required_wins", "required_leads",
)  # fmt: skip
def required_leads(connection: duckdb.DuckDBPyConnection) -> str:
    """How many leads the gaps of the targets ask for."""
    needed = rows(
        connection,
        """
        select
            period_start, period_end, dimension_value, target, won_so_far, gap,
            required_wins, required_leads
        from marts.mart_required_leads
        where dimension in ('all', 'source_name') and period_end >= settings.as_of()
        order by period_start, period_end, dimension_value
        limit 12
        """,
    )
    if not needed:
        return "No target lies ahead."
    lines = [
        [f"{start} to {end}", whose, count(target), count(won), bar(won, target), count(gap),
         count(wins), count(leads)]
        for start, end, whose, target, won, gap, wins, leads in needed
    ]  # fmt: skip
    columns = ["whose", "target>", "won>", "", "gap>", "wins needed>", "leads needed>"]
    told = "What the targets that are still open ask for."
    return f"{told}\n\n" + table(columns, grouped(lines))


VIEWS = (funnel, bottlenecks, stage_flow, win_rates, sales_velocity, required_leads)
