"""What the marts of the forecast show: the range, what came of it, and how the methods compare."""

from __future__ import annotations

import duckdb

from orchestration.showing.markdown import bar, count, grouped, percent, range_bar, table
from orchestration.showing.views import rows, view

MONTHS = 12
ORIGINS = 24
DEALS = 10


@view(
    "mart_forecast",
    "method", "period", "period_start", "dimension", "won_to_date", "expected", "p10", "p25",
    "p75", "p90", "target", "target_probability", "statement",
)  # fmt: skip
def forecast(connection: duckdb.DuckDBPyConnection) -> str:
    """What each method expects of this and the next quarter, within which range."""
    found = rows(
        connection,
        """
        select
            period_start, method, won_to_date, expected, p10, p25, p75, p90, target,
            target_probability, statement, max(greatest(p90, expected)) over (),
            max(period_start) over () = period_start
        from marts.mart_forecast
        where dimension = 'all' and period = 'quarter'
        order by period_start, method
        """,
    )
    if not found:
        return "No forecast yet."
    lines = [
        [start, method, count(won), count(expected), range_bar(ends, None, most), count(ends[0]),
         count(ends[3]), count(target), percent(chance)]
        for start, method, won, expected, *ends, target, chance, _, most, _ in found
    ]  # fmt: skip
    columns = ["method", "won>", "expected>", "8 in 10", "from>", "to>", "target>", "chance>"]
    said = [f"*{row[1]}*: {row[10]}" for row in found if row[12]]
    return (
        "This quarter and the next, the whole company.\n\n"
        + table(columns, grouped(lines))
        + "\n\n"
        + "\n\n".join(said)
    )


@view(
    "mart_deal_forecast",
    "deal_key", "stage", "win_probability", "expected_close_p50", "expected_amount_reporting",
    "is_without_amount",
)  # fmt: skip
def deals(connection: duckdb.DuckDBPyConnection) -> str:
    """The deals from which most is expected. Not why: reasons may speak of their owners."""
    found = rows(
        connection,
        f"""
        select
            deal_key, stage, win_probability, expected_close_p50, expected_amount_reporting,
            count(*) over (), sum(win_probability) over (),
            count(*) filter (where is_without_amount) over ()
        from marts.mart_deal_forecast
        order by expected_amount_reporting desc, deal_key
        limit {DEALS}
        """,
    )
    if not found:
        return "No deal is open."
    *_, whole, wins, without = found[0]
    lines = [
        [deal, stage, percent(chance), bar(chance, 1), close, count(amount)]
        for deal, stage, chance, close, amount, *_ in found
    ]
    columns = ["deal", "stage", "chance>", "", "won by>", "expected>"]
    return (
        f"**{count(wins)} of {count(whole)} open deals** should be won; {count(without)} have no "
        "amount, and are valued at what their group brings.\n\n" + table(columns, lines)
    )


@view(
    "mart_forecast_accuracy",
    "method", "as_of", "period", "period_start", "dimension", "is_as_published", "forecast",
    "p10", "p25", "p75", "p90", "actual",
)  # fmt: skip
def accuracy(connection: duckdb.DuckDBPyConnection) -> str:
    """The model's ranges for the last months, and its 30 days ahead, against what came."""
    months = rows(
        connection,
        f"""
        select
            period_start, p10, p25, p75, p90, actual, actual between p10 and p90,
            max(greatest(p90, actual)) over ()
        from marts.mart_forecast_accuracy
        where method = 'model' and period = 'month' and as_of = period_start - 1
            and dimension = 'all' and not is_as_published and p10 is not null
        order by period_start desc limit {MONTHS}
        """,
    )
    origins = rows(
        connection,
        f"""
        select as_of, forecast, actual, max(greatest(forecast, actual)) over ()
        from marts.mart_forecast_accuracy
        where method = 'model' and period = '30d' and dimension = 'all' and not is_as_published
        order by as_of desc limit {ORIGINS}
        """,
    )
    if not origins:
        return "No period that was forecast is over yet."
    within = sum(bool(month[6]) for month in months)
    fan = table(
        ["month", "range told on its eve, ● came", "from>", "to>", "came>"],
        [
            [month, range_bar(ends, came, most), count(ends[0]), count(ends[3]), count(came)]
            for month, *ends, came, _, most in months
        ],
    )
    ahead = table(
        ["from", "forecast>", "", "came>", ""],
        [
            [day, count(told), bar(told, most), count(came), bar(came, most)]
            for day, told, came, most in origins
        ],
    )
    return (
        f"**{within} of the last {len(months)} months** came out within the range in which 8 of 10 "
        f"should.\n\n{fan}\n\nThe 30 days after each day:\n\n{ahead}"
    )


@view(
    "mart_forecast_scorecard",
    "method", "horizon_days", "period", "seen_rate", "periods", "wape", "bias", "coverage_80",
    "mean_pinball_loss", "brier_score",
)  # fmt: skip
def scorecard(connection: duckdb.DuckDBPyConnection) -> str:
    """How far each method was off, by how far ahead it looked."""
    found = rows(
        connection,
        """
        select
            case
                when period in ('30d', '60d', '90d') then horizon_days || ' days ahead'
                else period || ', ' || round(seen_rate * 100)::integer || ' % over'
            end,
            method, periods, wape, bias, coverage_80, mean_pinball_loss, brier_score
        from marts.mart_forecast_scorecard
        order by
            period not in ('30d', '60d', '90d'), period, seen_rate, horizon_days, wape, method
        """,
    )
    if not found:
        return "No period that was forecast is over yet."
    best: dict[str, str] = {}
    for horizon, method, *_ in found:
        best.setdefault(horizon, method)
    first = sum(method == "model" for method in best.values())
    lines = [
        [horizon, method, count(periods), percent(wape), bar(wape, 1), percent(bias),
         percent(covered), count(loss), "–" if brier is None else f"{brier:.3f}"]
        for horizon, method, periods, wape, bias, covered, loss, brier in found
    ]  # fmt: skip
    columns = ["method", "tries>", "off by>", "", "bias>", "in 80 %>", "pinball>", "Brier>"]
    return f"The model is off least at **{first} of {len(best)}** horizons.\n\n" + table(
        columns, grouped(lines)
    )


VIEWS = (forecast, deals, accuracy, scorecard)
