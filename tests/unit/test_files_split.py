"""Where records start and end in CSV, against a slow reading of the same bytes."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.sources.files.delimited import split_csv
from orchestration.sources.files.jsonlines import split_json_lines
from orchestration.sources.files.split import SplitFile, UnreadableFile


class Seen:
    """What a splitter made of some bytes."""

    def __init__(self, content: bytes, delimiter: str | None = None, lines: bool = False) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "delivered"
            path.write_bytes(content)
            with SplitFile(Path(folder)) as out:
                if lines:
                    split_json_lines(path, out)
                else:
                    split_csv(path, out, delimiter)
            self.out = out
            self.good = out.good_path.read_bytes()
            self.places: list[tuple[int, int]] = []
            for row in csv.reader(out.segments_path.open("r", encoding="ascii")):
                _, rows, line, ordinal = map(int, row)
                self.places += [(line + index, ordinal + index) for index in range(rows)]
            self.bad = [
                (row["line"], row["ordinal"], row["text"], row["problem"], row["problem_column"])
                for row in map(json.loads, out.bad_path.read_text("utf-8").split("\n")[:-1])
            ]

    @property
    def rows(self) -> list[list[str]]:
        text = io.StringIO(self.good.decode(), newline="")
        return list(csv.reader(text, delimiter=self.out.delimiter, strict=True))

    @property
    def lines(self) -> list[int]:
        return [line for line, _ in self.places]


def test_plain_rows_are_one_segment() -> None:
    seen = Seen(b"a,b\n1,2\n3,4\n5,6")
    assert seen.out.header == ("a", "b")
    assert seen.good == b"1,2\n3,4\n5,6\n"
    assert seen.places == [(2, 1), (3, 2), (4, 3)]
    assert seen.out.segments == 1
    assert not seen.out.ends_with_newline


def test_lines_are_physical_across_multiline_cells_blank_lines_and_broken_rows() -> None:
    seen = Seen(b'a,"b\nb"\r\n\r\n1,"x\ny"\r\n2\r\n\n3,4\n"p\nq"\n5,6\n')
    assert seen.out.header == ("a", "b\nb")
    assert seen.rows == [["1", "x\ny"], ["3", "4"], ["5", "6"]]
    assert seen.places == [(4, 1), (8, 3), (11, 5)]
    assert [bad[:3] for bad in seen.bad] == [(6, 2, "2"), (9, 4, '"p\nq"')]


@pytest.mark.parametrize(
    ("row", "problem", "column"),
    [
        (b"1,2", "2 cells where the header has 3", "c"),
        (b"1", "1 cells where the header has 3", "b"),
        (b"1,2,3,4", "4 cells where the header has 3", None),
        (b'1,"x"y,3', "text after the closing quote of a cell", "b"),
        (b'1,2,"x', "a quote is opened and never closed", "c"),
        (b"1,\xffx,3", "not valid in the file's encoding", "b"),
        (b'1,2,"\xe9\n"', "not valid in the file's encoding", "c"),
    ],
)
def test_a_broken_row_costs_itself_only(row: bytes, problem: str, column: str | None) -> None:
    seen = Seen(b"a,b,c\n1,2,3\n" + row + b"\n4,5,6\n")
    assert seen.rows == [["1", "2", "3"], ["4", "5", "6"]]
    ((line, ordinal, text, found, found_column),) = seen.bad
    assert (line, ordinal, found, found_column) == (3, 2, problem, column)
    assert text == row.decode("utf-8", "backslashreplace")


def test_a_quote_left_open_does_not_swallow_the_rows_up_to_the_next_quote() -> None:
    seen = Seen(b'a,b,c\n1,"2,3\n4,5,6\n7,"8",9\n10,"11,12\n13,14,"15"\n16,17,18\n')
    assert seen.rows == [["4", "5", "6"], ["7", "8", "9"], ["13", "14", "15"], ["16", "17", "18"]]
    assert [(bad[0], bad[2]) for bad in seen.bad] == [(2, '1,"2,3'), (5, '10,"11,12')]
    assert seen.lines == [3, 4, 6, 7]


def test_tolerated_forms_keep_their_text() -> None:
    seen = Seen(b'a,b\n5" pipe,x"y\n "q,r" ,1\n x ,\tz\n1\r2,"3\r4"\n')
    assert seen.bad == []
    # The first three stay as delivered; a bare carriage return is quoted for the engine.
    assert seen.good == b'5" pipe,x"y\n "q,r" ,1\n x ,\tz\n"1\r2","3\r4"\n'
    assert seen.lines == [2, 3, 4, 5]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_from_the_header(delimiter: str) -> None:
    header = delimiter.join(["deal_id", '"a, b; c|d\te"', "stage"])
    seen = Seen(f"{header}\n1{delimiter}2{delimiter}3\n".encode())
    assert seen.out.delimiter == delimiter
    assert seen.out.header == ("deal_id", "a, b; c|d\te", "stage")
    assert seen.rows == [["1", "2", "3"]]


def test_a_given_delimiter_a_mark_and_a_spreadsheet_s_hint() -> None:
    assert Seen(b"a;b,c\n1;2,3\n", ";").out.header == ("a", "b,c")
    assert Seen(b"\xef\xbb\xbfa,b\n1,2\n").out.header == ("a", "b")
    hinted = Seen(b"sep=|\r\na|b,c,d\r\n1|2\r\n")
    assert hinted.out.header == ("a", "b,c,d")
    assert hinted.places == [(3, 1)]


def test_headers_without_a_name_or_twice_get_one() -> None:
    assert Seen(b"a,,a,a,\n").out.header == ("a", "column_2", "a_2", "a_3", "column_5")


def test_a_single_column_has_no_empty_records() -> None:
    seen = Seen(b'a\n1\n\n""\n2\n')
    assert seen.rows == [["1"], [""], ["2"]]
    assert seen.lines == [2, 4, 5]


def test_files_without_rows_or_with_a_broken_header() -> None:
    assert Seen(b"").out.header == ()
    assert Seen(b"\n\n").out.header == ()
    assert (Seen(b"a,b").out.header, Seen(b"a,b\n").out.rows) == (("a", "b"), 0)
    with pytest.raises(UnreadableFile, match="unclosed quote"):
        Seen(b'"a,b\n1,2\n')
    with pytest.raises(UnreadableFile, match="encoding"):
        Seen(b"a,\xe9\n1,2\n")


def test_many_broken_encodings_in_one_run() -> None:
    rows = [b"%d,x%s" % (i, b"\xe9" if i % 3 == 0 else b"y") for i in range(3000)]
    seen = Seen(b"a,b\n" + b"\n".join(rows) + b"\n")
    assert [bad[0] for bad in seen.bad] == [i + 2 for i in range(3000) if i % 3 == 0]
    assert seen.lines == [i + 2 for i in range(3000) if i % 3]


CELL = st.text(alphabet=st.sampled_from('ab",;\n\r\t |é中\u2028\x00'), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8)
    ),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_a_csv_writer_writes_is_split_into_its_rows(
    rows: list[list[str]], newline: str
) -> None:
    width = len(rows[0]) if rows else 2
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow([f"h{index}" for index in range(width)])
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    seen = Seen(text.getvalue().encode())
    assert seen.bad == []
    assert seen.rows == rows
    assert seen.places == [(line, index + 1) for index, line in enumerate(lines)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(b'ab,"\n\r\xe9x'), max_size=60).map(bytes))
def test_every_byte_of_any_file_is_in_a_row_or_set_aside(content: bytes) -> None:
    seen = Seen(b"h1,h2\n" + content)
    assert seen.out.rows == len(seen.places) + len(seen.bad)
    ordinals = sorted([place[1] for place in seen.places] + [bad[1] for bad in seen.bad])
    assert ordinals == list(range(1, seen.out.rows + 1))
    places = sorted(
        [(ordinal, line) for line, ordinal in seen.places] + [(bad[1], bad[0]) for bad in seen.bad]
    )
    lines = [line for _, line in places]
    assert lines == sorted(set(lines))
    letters = seen.good + "".join(bad[2] for bad in seen.bad).encode()
    for letter in (b"a", b"b"):
        assert letters.count(letter) >= content.count(letter)


def test_json_lines_keep_their_bytes_and_lines() -> None:
    seen = Seen(b'{"a": 1}\r\n\r\n{"b":\xc3\xa9}\n{"c":\xe9}\nx\ry\n{"d": 1', lines=True)
    assert seen.good == b'{"a": 1}\n{"b":\xc3\xa9}\n{"d": 1\n'
    assert seen.places == [(1, 1), (3, 2), (6, 5)]
    assert [(bad[0], bad[1], bad[2]) for bad in seen.bad] == [
        (4, 3, '{"c":\\xe9}'),
        (5, 4, "x\ry"),
    ]
    assert not seen.out.ends_with_newline
