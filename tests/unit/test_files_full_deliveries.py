"""What a full delivery lacks: taken for deleted, or not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.sources.files import ExtractResult
from tests.support.export_nights import Nights


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def full(nights: Nights, ids: range, tail: str = "") -> ExtractResult:
    nights.mode = "full"
    nights.deliver("deals.csv", "deal_id,stage\n" + "".join(f"{i},New\n" for i in ids) + tail)
    return nights.extract()


def test_absence_in_a_full_delivery_is_a_deletion_and_return_lands_again(nights: Nights) -> None:
    full(nights, range(3))
    result = full(nights, range(1, 3))
    assert (result.state, result.rows_landed, result.rows_deleted) == ("landed", 0, 1)
    assert nights.landed("id, ordinal, is_deleted, payload, file, line")[3:] == [
        ("0", 3, True, "{}", None, None)
    ]
    assert nights.landing.manifests()[-1].deleted_rows == 1
    assert full(nights, range(1, 3), "\n").rows_deleted == 0
    assert full(nights, range(3)).rows_landed == 1
    assert nights.landed("id, is_deleted")[3:] == [("0", True), ("0", False)]


def test_absence_in_changes_means_nothing(nights: Nights) -> None:
    nights.deliver("deals.csv", "deal_id,stage\n1,New\n2,New\n")
    nights.extract()
    nights.deliver("deals.csv", "deal_id,stage\n2,Won\n")
    assert nights.extract().rows_deleted == 0
    assert nights.landed("id, is_deleted") == [("1", False), ("2", False), ("2", False)]


def test_more_than_half_gone_is_not_believed_until_the_delivery_is_whole(nights: Nights) -> None:
    full(nights, range(20))
    result = full(nights, range(11, 21))
    assert (result.state, result.rows_landed, result.rows_deleted) == ("suspicious", 1, 0)
    assert "lacks 11 of 20 records" in result.message
    # The same files are doubted again each night, not taken as seen.
    assert nights.extract().state == "suspicious"
    assert full(nights, range(10, 21)).rows_deleted == 10


def test_small_tables_may_lose_more_than_half(nights: Nights) -> None:
    full(nights, range(19))
    assert full(nights, range(0)).rows_deleted == 19


@pytest.mark.parametrize(
    "content",
    ["", "name\nx\n", "deal_id,stage\n1,New\n2", 'deal_id,stage\n1,New\n2,"Ne'],
    ids=["no bytes", "no key", "cut in a row", "cut in quotes"],
)
def test_a_torn_full_delivery_deletes_nothing(nights: Nights, content: str) -> None:
    full(nights, range(1, 5))
    nights.deliver("deals.csv", content)
    result = nights.extract()
    assert result.rows_deleted == 0
    assert result.state == ("failed" if content.startswith("name") else "suspicious")
    assert "nothing is taken for deleted" in result.message
    assert nights.landed("id, is_deleted")[:4] == [(str(i), False) for i in range(1, 5)]


def test_a_record_in_an_unreadable_row_is_not_gone(nights: Nights) -> None:
    full(nights, range(1, 6))
    result = full(nights, range(1, 4), "4,New,more\n")
    assert (result.state, result.rows_deleted, result.rows_rejected) == ("landed", 1, 1)
    assert nights.landed("id, is_deleted")[-1] == ("5", True)
