"""A generated company as read back from its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from orchestration.sample.company import GeneratedCompany

SPAN = {"first_day": date(2015, 7, 1), "last_day": date(2017, 12, 31)}
AFTER = pd.Timestamp("2018-01-01")
TABLES = ("deals", "leads", "stage_history", "stages", "owners", "targets")
WON, LOST = ["Won", "Signed"], ["Lost"]
EUR_PER_UNIT = {"EUR": 1.0, "USD": 0.90, "GBP": 1.22}
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Tables:
    """A company as read back from its files."""

    company: GeneratedCompany

    def read(self, name: str, *times: str) -> pd.DataFrame:
        return pd.read_csv(
            self.company.files[name], parse_dates=list(times), low_memory=False,
            keep_default_na=False, na_values=[""],
        )  # fmt: skip

    @cached_property
    def deals(self) -> pd.DataFrame:
        return self.read("deals", "created_at", "closed_at", "updated_at", "expected_close_date")

    @cached_property
    def leads(self) -> pd.DataFrame:
        return self.read("leads", "created_at", "converted_at", "updated_at")

    @cached_property
    def history(self) -> pd.DataFrame:
        return self.read("stage_history", "entered_at", "expected_close_date")

    @cached_property
    def stages(self) -> pd.DataFrame:
        return self.read("stages")

    @cached_property
    def owners(self) -> pd.DataFrame:
        return self.read("owners")

    @cached_property
    def targets(self) -> pd.DataFrame:
        return self.read("targets", "period_start", "period_end")

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Stage changes of deals, with the stage before and the days until the next change."""
        rows = self.history[self.history.entity_type == "deal"]
        rows = rows.merge(self.stages, on=["entity_type", "pipeline", "stage"], validate="m:1")
        rows = rows.sort_values("event_id")
        before = rows.groupby("entity_id")[["pipeline", "stage"]].shift()
        rows = rows[(before.stage != rows.stage) | (before.pipeline != rows.pipeline)].copy()
        grouped = rows.groupby("entity_id")
        for column in ("pipeline", "position", "category"):
            rows[f"from_{column}"] = grouped[column].shift()
        rows["days"] = (grouped.entered_at.shift(-1) - rows.entered_at) / DAY
        return rows

    @cached_property
    def closed(self) -> pd.DataFrame:
        """Deals that are closed and not removed."""
        rows = self.deals[self.deals.closed_at.notna() & ~self.deals.is_deleted].copy()
        rows["cycle_days"] = (rows.closed_at - rows.created_at) / DAY
        rows["is_won"] = rows.stage.isin(WON)
        rows["euros"] = rows.amount * rows.currency.map(EUR_PER_UNIT)
        return rows
