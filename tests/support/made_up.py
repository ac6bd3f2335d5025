"""Companies as hypothesis makes them up, many at once: a build for each would take hours."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.support.companies import Company

_STRIDE = 7


def made_up(companies: SearchStrategy[Company], count: int, seeded: int) -> list[Company]:
    """Return ``count`` companies.

    Most of hypothesis's examples are an earlier one with a small change, so only some are taken.
    """
    found: list[Company] = []

    @seed(seeded)
    @settings(
        max_examples=count * _STRIDE,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(companies)
    def collect(company: Company) -> None:
        found.append(company)

    collect()
    return found[::_STRIDE]
