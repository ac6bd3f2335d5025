"""Facts of made-up and of named companies, against the plain reading in ``tests/reference``.

One warehouse holds them all, each a source of its own, and one sequence of nights builds it. Set
FUNNEL_PROPERTY_SEED to meet other companies, FUNNEL_PROPERTY_COMPANIES for more of them, and
FUNNEL_PROPERTY_ROUNDS (8, say) to have a failing one made smaller.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.properties.cases import CASES
from tests.properties.strategies import companies
from tests.reference.company import reference_of
from tests.reference.flow import flow_rows
from tests.reference.funnel import COUNTS
from tests.support import compare_periods
from tests.support.batch import FLOW, FUNNEL, Built, build_nights, shipped_templates, source_name
from tests.support.companies import AS_OF, Company, rules_of
from tests.support.compare import STEP, differences, differences_of_builds
from tests.support.compare_periods import CLOSE_DATES, WATERFALL
from tests.support.made_up import made_up
from tests.support.reduce import reduced

_SEED = int(os.environ.get("FUNNEL_PROPERTY_SEED", "20240331"))
_COMPANIES = int(os.environ.get("FUNNEL_PROPERTY_COMPANIES", "40"))
_SHOWN = 30
_ROUNDS = int(os.environ.get("FUNNEL_PROPERTY_ROUNDS", "0"))


class Batch:
    """Companies that went through the nights together."""

    def __init__(self, members: Sequence[Company], folder: Path) -> None:
        self.members = members
        self.nightly, self.rebuilt = build_nights(members, folder)
        self.expected = [
            reference_of(company.deliveries(), rules_of(company, shipped_templates()))
            for company in members
        ]

    def differences(self, number: int, built: Built) -> list[str]:
        """Return how one company's tables differ from the reference."""
        reference, source = self.expected[number], source_name(number)
        lines = differences(reference, built, source)
        for mart in (WATERFALL, CLOSE_DATES):
            expected = compare_periods.expected(reference, mart, source)
            lines += compare_periods.differences(expected, built, mart, source)
        return lines

    def failing(self) -> list[tuple[Company, list[str]]]:
        """Return the companies that differ, the smallest first."""
        found = [
            (company, lines)
            for number, company in enumerate(self.members)
            if (lines := self.differences(number, self.nightly))
        ]
        return sorted(found, key=lambda pair: pair[0].size)


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    members = [case.company for case in CASES] + made_up(companies(), _COMPANIES, _SEED)
    return Batch(members, tmp_path_factory.mktemp("batch"))


def _differ(members: Sequence[Company]) -> list[Company]:
    with TemporaryDirectory() as folder:
        return [company for company, _ in Batch(members, Path(folder)).failing()]


def test_made_up_companies_have_the_facts_that_the_contract_gives_them(batch: Batch) -> None:
    failing = [pair for pair in batch.failing() if not pair[0].name]
    if not failing:
        return
    smallest, lines = failing[0]
    if _ROUNDS:
        smallest = reduced(smallest, _differ, _ROUNDS)
        with TemporaryDirectory() as folder:
            ((smallest, lines),) = Batch([smallest], Path(folder)).failing()
    pytest.fail(
        f"{len(failing)} of {_COMPANIES} companies differ; the smallest:\n{smallest!r}\n"
        + "\n".join(lines[:_SHOWN])
    )


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
def test_named_case_has_the_facts_that_the_contract_gives_it(batch: Batch, number: int) -> None:
    lines = batch.differences(number, batch.nightly)
    assert not lines, "\n".join([repr(batch.members[number]), *lines[:_SHOWN]])


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.id for case in CASES])
def test_reference_reads_the_named_case_as_it_is_written(batch: Batch, number: int) -> None:
    case = CASES[number]
    assert case.seen(batch.expected[number]) == case.expected


@pytest.mark.parametrize("mart", [WATERFALL, CLOSE_DATES])
def test_periods_of_all_companies_add_up_in_every_dimension(batch: Batch, mart: str) -> None:
    expected = compare_periods.summed(
        compare_periods.expected(reference, mart, source_name(number))
        for number, reference in enumerate(batch.expected)
    )
    lines = compare_periods.differences(expected, batch.nightly, mart)
    assert not lines, "\n".join([f"{len(lines)} differ:", *lines[:_SHOWN]])


def test_nights_in_sequence_give_what_a_rebuild_gives(batch: Batch) -> None:
    assert differences_of_builds(batch.nightly, batch.rebuilt) == []


def test_funnel_rows_add_up_for_every_source_and_over_all_of_them(batch: Batch) -> None:
    rows = batch.nightly.tables[FUNNEL]
    totals: dict[str, Counter[tuple[object, ...]]] = {"all": Counter(), "source_name": Counter()}
    for row in rows:
        rest = sum(int(str(row[name])) for name in ("reached", "lost", "still_open", "removed"))
        assert row["entered"] == rest, row
        for name in COUNTS:
            key = (*(row[column] for column in STEP), name)
            totals[str(row["dimension"])][key] += int(str(row[name]))
    assert totals["all"] == totals["source_name"]
    assert sum(totals["all"].values()) > 0


def test_the_flow_through_stages_is_that_of_all_companies_together(batch: Batch) -> None:
    expected = flow_rows(
        (reference.flow for reference in batch.expected),
        AS_OF,
    )
    got = [{name: row[name] for name in expected[0]} for row in batch.nightly.tables[FLOW]]
    order = ("entity_type", "pipeline", "stage", "month_start")
    got.sort(key=lambda row: tuple(str(row[name]) for name in order))
    expected.sort(key=lambda row: tuple(str(row[name]) for name in order))
    assert got == expected
    for measure in ("regressed", "moved", "removed", "won", "lost"):
        assert sum(int(str(row[measure])) for row in got) > 0, measure
