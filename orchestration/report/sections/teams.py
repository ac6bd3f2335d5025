"""Names of teams that may be shown.

Many companies name a team after its manager, and a person's name has no place in a report that is
passed on.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.report.marts import Marts


def team_numbers(marts: Marts) -> Mapping[str, int]:
    """Return a number for each team that bears the name of an owner or a manager, from 1."""
    if not marts.has("dim_owner"):
        return {}
    rows = marts.rows(
        """
        with people as (
            select lower(trim(name)) as name from marts.dim_owner
            union
            select lower(trim(substr(manager_key, length(source_name) + 2))) from marts.dim_owner
        )
        select distinct team from marts.dim_owner
        where lower(trim(team)) in (select name from people where name is not null)
        order by team
        """
    )
    return {row["team"]: number for number, row in enumerate(rows, 1)}
