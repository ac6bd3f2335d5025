"""Targets: what is won against them, and what is expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.report.marts import Marts, Row
from orchestration.report.sections.teams import team_numbers

# Teams in the chart; the smallest targets are left out beyond it, and it is said.
SHOWN = 12


@dataclass(frozen=True)
class Targets:
    """Running targets of company and teams, expectations by period, leads that are needed.

    Rows are those of the marts; a row of ``attainment`` has ``team_number`` where the team's name
    is a person's.
    """

    is_published: bool
    attainment: Sequence[Row]
    left_out: int
    expected: Sequence[Row]
    required: Sequence[Row]

    @property
    def company(self) -> Row | None:
        """The company's running target with the longest period up to a quarter, else any."""
        own = [row for row in self.attainment if row["dimension"] == "all"]
        quarters = [row for row in own if (row["period_end"] - row["period_start"]).days <= 92]
        return max(
            quarters or own,
            key=lambda row: row["period_end"] - row["period_start"],
            default=None,
        )

    @property
    def has_numbered_teams(self) -> bool:
        """Whether a team's name is left out."""
        return any(row["team_number"] is not None for row in self.attainment)

    @property
    def has_spread(self) -> bool:
        """Whether the forecast says how far the result may lie from what is expected."""
        return any(row["p10"] is not None and row["p90"] is not None for row in self.expected)

    @property
    def statements(self) -> Sequence[tuple[str, str]]:
        """The methods of what is expected, with how each was made."""
        told = {row["method"]: row["statement"] for row in self.expected if row["statement"]}
        return sorted(told.items(), reverse=True)

    def coming_quarter(self, as_of: date) -> Row | None:
        """Return the forecast of the running quarter, or of the next if it ends with ``as_of``."""
        quarters = [row for row in self.expected if row["period"] == "quarter"]
        return next((row for row in quarters if row["period_end"] > as_of), None)


def read_targets(marts: Marts, as_of: date) -> Targets:
    """Return the targets whose period holds ``as_of``, and the forecast of the whole company."""
    attainment = _attainment(marts, as_of)
    teams = [row for row in attainment if row["dimension"] == "team"]
    hidden = sorted(teams, key=lambda row: -row["target"])[SHOWN:]
    return Targets(
        marts.has("mart_target_attainment"),
        [row for row in attainment if row not in hidden],
        len(hidden),
        _expected(marts, as_of),
        _required(marts, as_of),
    )


def _attainment(marts: Marts, as_of: date) -> list[Row]:
    if not marts.has("mart_target_attainment"):
        return []
    rows = marts.rows(
        """
        select * from marts.mart_target_attainment
        where as_of = $1 and dimension in ('all', 'team') and target > 0
            and $1 between period_start and period_end
        order by dimension = 'team', period_end - period_start, period_start, target desc,
            dimension_value
        """,
        as_of,
    )
    numbers = team_numbers(marts)
    for row in rows:
        row["team_number"] = numbers.get(row["dimension_value"])
    return rows


def _expected(marts: Marts, as_of: date) -> list[Row]:
    """Return this and the next month and quarter: the best method that is published."""
    if not marts.has("mart_forecast"):
        return []
    spread = "p10, p90" if marts.has("mart_forecast", "p10", "p90") else "null as p10, null as p90"
    statement = "statement" if marts.has("mart_forecast", "statement") else "null as statement"
    return marts.rows(
        f"""
        select
            method, period, period_start, period_end, won_to_date, expected_from_open,
            expected_from_new, expected, target, {spread}, {statement}
        from marts.mart_forecast
        where as_of = ? and dimension = 'all' and period_start is not null
            and period in ('month', 'quarter') and method in ('historical', 'model')
        qualify method = max(method) over (partition by period, period_start)
        order by period_start, period
        """,
        as_of,
    )


def _required(marts: Marts, as_of: date) -> list[Row]:
    if not marts.has("mart_required_leads"):
        return []
    return marts.rows(
        """
        select * from marts.mart_required_leads
        where dimension = 'all' and period_end >= ? and required_leads is not null and gap > 0
        order by period_start, period_end limit 2
        """,
        as_of,
    )
