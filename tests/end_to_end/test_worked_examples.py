"""The field's worked examples, through a real night, to the last digit."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

from tests.end_to_end.nights import query, run, write_company, write_settings

STAGES = (
    ("first", 10, 65),
    ("second", 40, 34),
    ("third", 60, 27),
    ("fourth", 80, 15),
    ("fifth", 90, 6),
)


def test_weighted_pipeline_and_leads_needed(tmp_path: Path) -> None:
    stages = "entity_type,stage,position,category,win_rate\n" + "".join(
        f"deal,{name},{place},open,{rate}\n" for place, (name, rate, _) in enumerate(STAGES, 1)
    )
    stages += "deal,signed,6,won,100\nlead,prospect,1,open,\nlead,handed over,2,won,\n"
    deals = "deal_id,stage,created_at,amount,currency,closed_at\n" + "".join(
        f"{name}-{number},{name},2024-01-10,500000,EUR,\n"
        for name, _, count in STAGES
        for number in range(count)
    )
    deals += "w1,signed,2024-01-10,1000,EUR,2024-01-20\nw2,signed,2024-01-10,1000,EUR,2024-01-25\n"
    leads = "lead_id,status,created_at,converted_at,converted_deal_id\n" + "".join(
        f"p{number},prospect,2024-01-02,,\n" for number in range(18)
    )
    leads += "p18,handed over,2024-01-02,2024-01-09,w1\np19,handed over,2024-01-02,2024-01-09,w2\n"
    write_company(tmp_path / "files", stages=stages, deals=deals, leads=leads)
    settings = write_settings(tmp_path / "funnel.toml", "2024-01-31")
    night = run(tmp_path / "home", settings)
    assert night.code == 0, night.output

    pipeline = query(
        tmp_path / "home",
        """
        select stage, deals, weighted_amount_reporting from marts.mart_pipeline_summary
        where snapshot_date = '2024-01-31' and dimension = 'all' order by stage_position
        """,
    )
    assert pipeline == [
        ("first", 65, Decimal("3250000")),
        ("second", 34, Decimal("6800000")),
        ("third", 27, Decimal("8100000")),
        ("fourth", 15, Decimal("6000000")),
        ("fifth", 6, Decimal("2700000")),
    ]
    whole = query(
        tmp_path / "home",
        """
        select expected_from_open, expected from marts.mart_forecast
        where method = 'configured' and period_start is null and dimension = 'all'
        """,
    )
    assert whole == [(Decimal("26850000"), Decimal("26850000"))]

    leads_of, won_of = query(
        tmp_path / "home",
        """
        select entered, reached from marts.mart_funnel_conversion
        where entity_type = 'lead' and from_stage = 'prospect' and to_stage = 'won'
            and cohort_month is null and dimension = 'all'
        """,
    )[0]
    assert (leads_of, won_of) == (20, 2)
    assert [math.ceil(wins * leads_of / won_of) for wins in (1, 6)] == [10, 60]
