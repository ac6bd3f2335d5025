"""Alerts: the deals that need a look today, by key. Names of deals and people stay out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.report.marts import Marts, Row
from orchestration.report.sections.teams import team_numbers

SHOWN = 10


@dataclass(frozen=True)
class Alerts:
    """How many alerts of each kind, and the deals to begin with.

    A row of ``deals`` is a deal: ``deal_key``, ``pipeline``, ``stage``, ``team``, ``team_number``
    (where the team's name is a person's), ``amount`` and its ``alerts`` with ``alert``,
    ``severity``, ``since_date``, ``value``, ``threshold``, ``explanation``.
    """

    kinds: Sequence[Row]
    deals: Sequence[Row]
    total_deals: int
    severities: Mapping[str, int]


def read_alerts(marts: Marts) -> Alerts | None:
    """Return the alerts; null where the mart is not published."""
    if not marts.has("mart_deal_alerts"):
        return None
    kinds = marts.rows(
        """
        select alert, count(*) as alerts, count(*) filter (severity = 'high') as high
        from marts.mart_deal_alerts group by alert order by alerts desc, alert
        """
    )
    severities = marts.rows(
        "select severity, count(distinct deal_key) as deals from marts.mart_deal_alerts group by 1"
    )
    total = marts.row("select count(distinct deal_key) as deals from marts.mart_deal_alerts")
    deals = marts.rows(
        f"""
        with ranked as (
            select
                deal_key,
                max(case severity when 'high' then 3 when 'medium' then 2 else 1 end) as worst,
                count(*) as alerts
            from marts.mart_deal_alerts group by deal_key
        )
        select
            deal_key, deals.pipeline, deals.stage, owners.team,
            deals.amount_reporting as amount
        from ranked
        left join marts.fct_deals as deals using (deal_key)
        left join marts.dim_owner as owners using (owner_key)
        order by worst desc, amount desc nulls last, alerts desc, deal_key
        limit {SHOWN}
        """
    )
    numbers = team_numbers(marts)
    told = marts.rows(
        """
        select deal_key, alert, severity, since_date, value, threshold, explanation
        from marts.mart_deal_alerts where deal_key in (select unnest(?::varchar[]))
        order by
            case severity when 'high' then 1 when 'medium' then 2 else 3 end, since_date, alert
        """,
        [deal["deal_key"] for deal in deals],
    )
    for deal in deals:
        deal["team_number"] = numbers.get(deal["team"])
        deal["alerts"] = [row for row in told if row["deal_key"] == deal["deal_key"]]
    return Alerts(
        kinds,
        deals,
        total["deals"] if total else 0,
        {row["severity"]: row["deals"] for row in severities},
    )
