"""Records are cut out of a page as the bytes that the vendor sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.sources.crm.records import is_json, slices, text_at

PAGE = (
    b'{"data": {"records": [{"id": 2904963933786093, "money": 1500.00},'
    b' {"id": "a\\"b", "n": 123456789012345678901234567890, "x": null}]}, "more": false}'
)


def test_a_record_keeps_the_vendor_s_own_spelling() -> None:
    assert slices(PAGE, ("data", "records")) == [
        b'{"id": 2904963933786093, "money": 1500.00}',
        b'{"id": "a\\"b", "n": 123456789012345678901234567890, "x": null}',
    ]


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (b'{"data": null}', ("data",), []),
        (b"{}", ("data", "records"), []),
        (b'[{"id":1}]', (), [b'{"id":1}']),
        (b'{"user": {"id":1}}', ("user",), [b'{"id":1}']),
        (b'{"data": []}', ("data",), []),
    ],
)
def test_a_list_may_be_missing_null_or_one_object(
    body: bytes, path: tuple[str, ...], expected: list[bytes]
) -> None:
    assert slices(body, path) == expected


def test_ids_are_text_whatever_the_vendor_sends() -> None:
    first, second = slices(PAGE, ("data", "records"))
    assert text_at(first, ("id",)) == "2904963933786093"
    assert text_at(second, ("id",)) == 'a"b'
    assert text_at(second, ("x",)) is None
    assert text_at(second, ("absent", "deeper")) is None


def test_a_page_that_only_a_lenient_reader_takes_still_gives_its_records() -> None:
    body = b'{"data": [{"id": 1, "v": NaN}, {"id": 2, "s": "\\ud800"}]}'
    assert is_json(body)
    assert [text_at(record, ("id",)) for record in slices(body, ("data",))] == ["1", "2"]


def test_half_a_page_is_no_json() -> None:
    assert not any(is_json(PAGE[:length]) for length in range(1, len(PAGE)))
    with pytest.raises(ValueError, match=r".+"):
        slices(PAGE[:30], ("data",))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=4), st.booleans())
def test_slices_hold_what_the_page_held(records: list[dict[str, object]], ascii_: bool) -> None:
    body = json.dumps({"data": records}, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    assert [json.loads(each) for each in slices(body, ("data",))] == records
