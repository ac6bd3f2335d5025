"""Reads of the warehouse that a forecast starts from.

What is made of the frames belongs to the modules beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from orchestration.forecast.history import NEVER, DealHistory, day_number, days_of

# Names of the warehouse -> of the history.
_NAMED = {"owner_key": "owner", "amount_reporting": "amount"}
_ROWS_AT_ONCE = 200_000
# A record without any date is there now; since when, and how long in its stage, is not known.
_UNDATED = """
    select
        deals.deal_key, deals.source_name, deals.pipeline, deals.stage,
        stages.position as stage_position, deals.win_rate, null::date as created_on,
        settings.as_of() as stage_entered_on, settings.as_of() as valid_from,
        null::date as valid_to, facts.amount, facts.currency, facts.amount_reporting,
        deals.expected_close_date, deals.owner_key, deals.team, deals.lead_source, deals.region,
        facts.push_count, facts.crm_win_rate as crm_probability, settings.as_of() as known_on
    from conformed.int_open_deals as deals
    inner join marts.fct_deals as facts on deals.deal_key = facts.deal_key
    left join conformed.int_stage_list as stages
        on deals.source_name = stages.source_name and stages.entity_type = 'deal'
        and deals.pipeline = stages.pipeline and deals.stage = stages.stage
    where deals.days_in_stage is null
"""


@dataclass(frozen=True)
class ForecastInputs:
    """The history of all deals, with what it takes to value the open ones at any day's rates.

    ``own_amounts`` and ``currencies`` stand row by row beside ``history.spans``; ``rates`` has the
    columns rate_date, currency and rate_to_reporting.
    """

    history: DealHistory
    own_amounts: npt.NDArray[np.float64]
    currencies: pd.Categorical
    rates: pd.DataFrame

    def valued_at(self, day: date) -> DealHistory:
        """Return the history with the deals that are open on a day valued at its rates.

        What lies before keeps the rate of its own first day. Without a rate there is no amount.
        """
        spans, today = self.history.spans, day_number(day)
        until = days_of(spans["valid_to"])
        is_open = (days_of(spans["valid_from"]) <= today) & (np.minimum(until, NEVER) > today)
        of_day = self.rates.loc[self.rates["rate_date"] == pd.Timestamp(day)]
        known = dict(zip(of_day["currency"], of_day["rate_to_reporting"], strict=True))
        # The last one is that of no currency, whose code is -1.
        rates = [known.get(currency, np.nan) for currency in self.currencies.categories]
        rate = np.array([*rates, np.nan], dtype=np.float64)[self.currencies.codes[is_open]]
        amounts = spans["amount"].to_numpy().copy()
        amounts[is_open] = np.round(self.own_amounts[is_open] * rate, 2)
        valued = spans.assign(amount=amounts)
        valued.attrs = dict(spans.attrs)
        return replace(self.history, spans=valued)


def read_inputs(connection: duckdb.DuckDBPyConnection, *, undated: bool) -> ForecastInputs:
    """Return every deal's history; ``undated`` adds the open deals without any date, as of now."""
    spans = "from conformed.int_forecast_spans"
    if undated:
        spans += f" union all by name {_UNDATED}"
    table = _read(
        connection,
        f"""
        select * replace (
            win_rate::double as win_rate, amount::double as amount,
            amount_reporting::double as amount_reporting,
            crm_probability::double as crm_probability
        )
        from ({spans})
        order by deal_key, valid_from
        """,
    )
    own_amounts = table["amount"].to_numpy()
    currencies = table["currency"].to_pandas().array
    frame = table.drop_columns(["amount", "currency"]).to_pandas(date_as_object=False)
    del table
    deals = frame["deal_key"]
    closings = _read(
        connection,
        """
        select * replace (amount_reporting::double as amount_reporting)
        from conformed.int_forecast_closings
        order by deal_key, closed_on, known_on
        """,
    ).to_pandas(date_as_object=False)
    rates: pd.DataFrame = connection.execute(
        """
        select rate_date, currency, rate_to_reporting::double as rate_to_reporting
        from marts.fct_fx_rates
        where rate_date = settings.as_of()
            or rate_date in (select as_of from conformed.int_forecast_origins)
        """
    ).df()
    history = DealHistory(frame.rename(columns=_NAMED), closings.rename(columns=_NAMED))
    ordered = history.spans["deal_key"].cat
    places = ordered.categories.get_indexer(deals.cat.categories)
    if not np.array_equal(places[deals.cat.codes], ordered.codes):
        raise ValueError("the history orders its deals otherwise than the engine")
    return ForecastInputs(
        history,
        np.asarray(own_amounts, dtype=np.float64),
        currencies,
        rates,
    )


def _read(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """Return a query's rows with each text as a number into its dictionary.

    A row's texts as objects of their own would take many times the memory of all the rest.
    """
    reader = connection.sql(query).to_arrow_reader(_ROWS_AT_ONCE)
    batches = [
        pa.record_batch(
            [
                column.dictionary_encode() if pa.types.is_string(column.type) else column
                for column in batch.columns
            ],
            names=batch.schema.names,
        )
        for batch in reader
    ]
    schema = pa.schema(
        pa.field(
            field.name,
            pa.dictionary(pa.int32(), field.type) if pa.types.is_string(field.type) else field.type,
        )
        for field in reader.schema
    )
    return pa.Table.from_batches(batches, schema).unify_dictionaries()
