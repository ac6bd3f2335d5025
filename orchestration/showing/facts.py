"""What facts, dimensions and the night's own marts show: how much of what there is."""

from __future__ import annotations

import duckdb

from orchestration.showing.markdown import bar, count, grouped, percent, table
from orchestration.showing.views import rows, view

MONTHS = 12


@view(
    "fct_deals",
    "source_name", "pipeline", "stage_category", "is_deleted", "created_at", "amount_reporting",
)  # fmt: skip
def deals(connection: duckdb.DuckDBPyConnection) -> str:
    """How many deals of each pipeline are open, won, lost or removed."""
    found = rows(
        connection,
        """
        select
            source_name || ': ' || pipeline,
            case when is_deleted then 'removed' else stage_category end as state,
            count(*), sum(count(*)) over (partition by source_name, pipeline),
            sum(amount_reporting), count(*) filter (created_at is null)
        from marts.fct_deals
        group by source_name, pipeline, state
        order by source_name, pipeline, array_position(['open', 'won', 'lost'], state) nulls last
        """,
    )
    lines = [
        [pipeline, state, count(number), bar(number, whole), count(amount), count(undated)]
        for pipeline, state, number, whole, amount, undated in found
    ]
    columns = ["state", "deals>", "", "amount>", "without a date>"]
    total = sum(row[2] for row in found)
    return f"**{count(total)} deals.**\n\n" + table(columns, grouped(lines))


@view("fct_leads", "source_name", "pipeline", "status", "is_won", "is_deleted", "converted_at")
def leads(connection: duckdb.DuckDBPyConnection) -> str:
    """How many leads stand where."""
    found = rows(
        connection,
        """
        select
            source_name || ': ' || pipeline, status, count(*), max(count(*)) over (),
            count(converted_at), count(*) filter (is_won)
        from marts.fct_leads
        where not is_deleted
        group by source_name, pipeline, status
        order by source_name, pipeline, count(*) desc, status
        """,
    )
    total, won = (sum(row[place] for row in found) for place in (2, 5))
    lines = [
        [name, status, count(number), bar(number, most), count(converted), count(wins)]
        for name, status, number, most, converted, wins in found
    ]
    rate = percent(won / total) if total else "–"
    columns = ["status", "leads>", "", "converted>", "won>"]
    return f"**{count(total)} leads**, {rate} won.\n\n" + table(columns, grouped(lines))


@view("fct_stage_transitions", "transition_type", "entity_type", "is_inferred", "transitioned_on")
def transitions(connection: duckdb.DuckDBPyConnection) -> str:
    """How many changes of stage of which kind there were."""
    found = rows(
        connection,
        """
        select
            entity_type || 's', transition_type, count(*), max(count(*)) over (),
            count(*) filter (is_inferred), count(*) filter (transitioned_on = settings.as_of())
        from marts.fct_stage_transitions
        group by entity_type, transition_type
        order by entity_type desc, count(*) desc, transition_type
        """,
    )
    lines = [
        [kind, name, count(number), bar(number, most), count(inferred), count(today)]
        for kind, name, number, most, inferred, today in found
    ]
    total, today = (sum(row[place] for row in found) for place in (2, 5))
    columns = ["type", "changes>", "", "inferred>", "on the last day>"]
    told = f"**{count(total)} changes of stage**, {count(today)} on the last day."
    return f"{told}\n\n" + table(columns, grouped(lines))


@view("fct_deal_changes", "field", "changed_on", "deal_key")
def changes(connection: duckdb.DuckDBPyConnection) -> str:
    """How often which field of deals changed."""
    found = rows(
        connection,
        """
        select
            field, count(*), max(count(*)) over (), count(distinct deal_key),
            count(*) filter (changed_on = settings.as_of())
        from marts.fct_deal_changes
        group by field
        order by count(*) desc, field
        """,
    )
    lines = [
        [field, count(number), bar(number, most), count(of), count(today)]
        for field, number, most, of, today in found
    ]
    total = sum(row[1] for row in found)
    columns = ["field", "changes>", "", "deals>", "on the last day>"]
    return f"**{count(total)} changes.**\n\n" + table(columns, lines)


@view("fct_pipeline_daily", "snapshot_date", "amount_reporting", "is_restated")
def daily(connection: duckdb.DuckDBPyConnection) -> str:
    """The pipeline on the last day, and at the end of each of the last months."""
    found = rows(
        connection,
        f"""
        with ends as (
            select distinct
                least(last_day(settings.as_of() - to_months(n::integer)), settings.as_of()) as day
            from range({MONTHS}) as months (n)
        )
        select
            snapshot_date, count(*), sum(amount_reporting), max(sum(amount_reporting)) over (),
            count(*) filter (is_restated)
        from marts.fct_pipeline_daily
        inner join ends on snapshot_date = ends.day
        group by snapshot_date
        order by snapshot_date desc
        """,
    )
    if not found:
        return "No deal was open in the last months."
    lines = [
        [day, count(number), count(amount), bar(amount, most), count(restated)]
        for day, number, amount, most, restated in found
    ]
    columns = ["day", "open deals>", "amount>", "", "restated>"]
    told = f"**{count(found[0][1])} open deals** at the end of {found[0][0]}."
    return f"{told}\n\n" + table(columns, lines)


@view("fct_fx_rates", "rate_date", "currency", "rate_to_reporting", "rate_source")
def rates(connection: duckdb.DuckDBPyConnection) -> str:
    """The latest rate of each currency that deals are in."""
    found = rows(
        connection,
        """
        select currency, max(rate_date), arg_max(rate_to_reporting, rate_date),
            arg_max(rate_source, rate_date)
        from marts.fct_fx_rates
        where currency in (select currency from marts.fct_deals)
        group by currency
        order by currency
        """,
    )
    lines = [[currency, day, f"{rate:.6g}", source] for currency, day, rate, source in found]
    told = "The latest rates of the currencies that deals are in."
    return f"{told}\n\n" + table(["currency", "day", "rate>", "from"], lines)


@view(
    "dim_stage",
    "source_name", "entity_type", "pipeline", "stage", "label", "position", "category", "win_rate",
    "is_current",
)  # fmt: skip
def stage_lists(connection: duckdb.DuckDBPyConnection) -> str:
    """The open stages of every pipeline, with their win rates."""
    found = rows(
        connection,
        """
        select
            source_name || ': ' || pipeline || ' (' || entity_type || 's)', label, category,
            win_rate
        from marts.dim_stage
        where is_current
        order by source_name, entity_type desc, pipeline, position, stage
        """,
    )
    lines = [
        [name, label, category, percent(rate), bar(rate, 1)]
        for name, label, category, rate in found
    ]
    columns = ["stage", "category", "win rate>", ""]
    return f"**{count(len(found))} stages.**\n\n" + table(columns, grouped(lines))


@view("dim_owner", "source_name", "is_active", "team")
def owners(connection: duckdb.DuckDBPyConnection) -> str:
    """How many owners and teams each source has. No names: they are of people."""
    found = rows(
        connection,
        """
        select source_name, count(*), count(*) filter (is_active), count(distinct team)
        from marts.dim_owner
        group by source_name
        order by source_name
        """,
    )
    lines = [[source, *map(count, numbers)] for source, *numbers in found]
    told = f"**{count(sum(row[1] for row in found))} owners.**"
    return f"{told}\n\n" + table(["source", "owners>", "active>", "teams>"], lines)


@view("dim_date", "date_day", "fiscal_year", "fiscal_quarter", "day_of_fiscal_quarter")
def calendar(connection: duckdb.DuckDBPyConnection) -> str:
    """The span of days, and where the last reported one lies."""
    ((first, last, today),) = rows(
        connection,
        """
        select min(date_day), max(date_day),
            any_value('fiscal year ' || fiscal_year || ', quarter ' || fiscal_quarter || ', day '
                || day_of_fiscal_quarter) filter (date_day = settings.as_of())
        from marts.dim_date
        """,
    )
    if first is None:
        return "No days."
    return f"From {first} to {last}; the last reported day is of {today or 'no fiscal year'}."


@view("mart_source_status", "source_name", "object", "state", "records_last_run", "records_total")
def sources(connection: duckdb.DuckDBPyConnection) -> str:
    """How fresh each source is."""
    found = rows(
        connection,
        """
        select source_name, object, state, records_last_run, records_total
        from marts.mart_source_status
        where state <> 'never'
        order by source_name, object
        """,
    )
    fresh = sum(row[2] == "fresh" for row in found)
    lines = [
        [source, name, state, count(last), count(total)]
        for source, name, state, last, total in found
    ]
    columns = ["object", "state", "last run>", "records>"]
    told = f"**{fresh} of {len(found)}** delivered objects are fresh."
    return f"{told}\n\n" + table(columns, grouped(lines))


@view(
    "mart_quality_checks",
    "run_id", "checked_at", "check_name", "table_name", "severity", "passed", "observed",
)  # fmt: skip
def checks(connection: duckdb.DuckDBPyConnection) -> str:
    """What the last run's checks found."""
    found = rows(
        connection,
        """
        select check_name, table_name, severity, observed, passed
        from marts.mart_quality_checks
        where run_id = (
            select run_id from marts.mart_quality_checks order by checked_at desc limit 1
        )
        order by severity, table_name, check_name
        """,
    )
    failed = [row[:4] for row in found if not row[4]]
    told = f"**{count(len(found) - len(failed))} of {count(len(found))}** checks passed."
    if not failed:
        return told
    return f"{told}\n\n" + table(["check", "on", "severity", "observed"], failed)


@view("mart_quarantine", "source_name", "table_name", "seen_at")
def quarantine(connection: duckdb.DuckDBPyConnection) -> str:
    """How many rows of which table were set aside. Not why: reasons quote what was delivered."""
    found = rows(
        connection,
        """
        select source_name, table_name, count(*), max(count(*)) over (), max(seen_at)::date
        from marts.mart_quarantine
        group by source_name, table_name
        order by count(*) desc, source_name, table_name
        """,
    )
    if not found:
        return "Every delivered row could be read."
    lines = [[s, t, count(number), bar(number, most), day] for s, t, number, most, day in found]
    return table(["source", "table", "rows>", "", "last seen"], lines)


VIEWS = (
    deals, leads, transitions, changes, daily, rates, stage_lists, owners, calendar, sources,
    checks, quarantine,
)  # fmt: skip
