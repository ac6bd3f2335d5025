"""A day more for a generated company: a share of its deals changes, in files of its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb


def write_next_day(exports: Path, day: date, share: float) -> int:
    """Replace the company's files by what one more day delivers; return how many deals changed.

    Of ``share`` of all deals, open ones grow by a tenth and enter their stage's successor, closed
    ones are told again with another loss reason. What did not change is not delivered.
    """
    modulus = max(1, round(1 / share))
    with duckdb.connect() as engine:
        engine.execute(
            f"""
            create table changed as
            select * from '{exports}/deals.parquet' where hash(deal_id) % {modulus} = 0;
            create table later as
            select
                changed.deal_id, changed.pipeline, stages.stage, changed.currency,
                changed.amount * 1.1 as amount, changed.expected_close_date, changed.owner_id,
                (timestamp '{day}' + interval 9 hour
                    + to_seconds((hash(deal_id) % 28800)::bigint)) as entered_at,
                stages.win_rate::bigint as probability
            from changed
            inner join '{exports}/stages.parquet' as at_present
                on at_present.entity_type = 'deal' and changed.pipeline = at_present.pipeline
                and changed.stage = at_present.stage and at_present.category = 'open'
            inner join '{exports}/stages.parquet' as stages
                on stages.entity_type = 'deal' and stages.pipeline = at_present.pipeline
                and stages.position = at_present.position + 1 and stages.category = 'open';
            """
        )
        engine.execute(
            f"""
            copy (
                select changed.* replace (
                    coalesce(later.stage, changed.stage) as stage,
                    coalesce(later.amount, changed.amount)::decimal(18, 2) as amount,
                    coalesce(later.probability, changed.probability) as probability,
                    case when later.deal_id is null and changed.loss_reason is not null
                        then 'Told again' else changed.loss_reason end as loss_reason,
                    coalesce(later.entered_at, timestamp '{day}' + interval 9 hour) as updated_at
                )
                from changed left join later using (deal_id) order by deal_id
            ) to '{exports}/deals.parquet.next' (format parquet);
            copy (
                select
                    (select max(event_id) from '{exports}/stage_history.parquet')
                        + row_number() over (order by entered_at, deal_id) as event_id,
                    'deal' as entity_type, deal_id as entity_id, pipeline, stage, entered_at,
                    amount::decimal(18, 2) as amount, currency, expected_close_date, owner_id,
                    probability
                from later order by event_id
            ) to '{exports}/stage_history.parquet.next' (format parquet);
            """
        )
        row = engine.execute("select count(*) from changed").fetchone()
    for table in ("deals", "stage_history"):
        (exports / f"{table}.parquet.next").replace(exports / f"{table}.parquet")
    for table in ("leads", "owners", "targets", "stages"):
        (exports / f"{table}.parquet").unlink()
    return int(row[0]) if row else 0
