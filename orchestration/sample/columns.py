"""Arrow columns from plain arrays of codes, seconds, days and cents.

Empty values are ``NONE`` in the arrays and null in the columns. Which columns a table has is
decided in ``tables``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.sample.history import NONE, Flags, Ints


def ids(prefix: str | pa.Array, numbers: Ints, digits: int) -> pa.Array:
    """Return ids such as ``D-000123``: number 0 is the first record and gets 1.

    ``prefix`` is one for all, or a column with one for each.
    """
    empty = numbers == NONE
    text = pc.utf8_lpad(pa.array(numbers + 1, mask=empty).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(
        prefix if isinstance(prefix, pa.Array) else pa.scalar(prefix), text, pa.scalar("")
    )


def words(vocabulary: Sequence[str], codes: Ints) -> pa.Array:
    """Return the word of each code."""
    return pa.array(vocabulary, pa.string()).take(pa.array(codes, pa.int64(), mask=codes == NONE))


def phrases(*parts: pa.Array) -> pa.Array:
    """Return the texts of each row with spaces between them; empty ones are left out."""
    return pc.binary_join_element_wise(*parts, pa.scalar(" "), null_handling="skip")


def whole(numbers: Ints) -> pa.Array:
    """Return whole numbers."""
    return pa.array(numbers, pa.int64(), mask=numbers == NONE)


def local_times(seconds: Ints) -> pa.Array:
    """Return local times without an offset."""
    return pa.array(seconds, pa.int64(), mask=seconds == NONE).cast(pa.timestamp("s"))


def days(numbers: Ints) -> pa.Array:
    """Return dates."""
    return pa.array(numbers.astype(np.int32), mask=numbers == NONE).cast(pa.date32())


def flags(values: Flags | Ints) -> pa.Array:
    """Return true, false and null from truth values or from 1, 0 and NONE."""
    return pa.array(values == 1, pa.bool_(), mask=values == NONE)


def money(cents: Ints) -> pa.Array:
    """Return exact amounts with two decimals."""
    # A decimal is a 128-bit number of cents: the value and its sign extended.
    wide = np.empty((len(cents), 2), dtype="<i8")
    wide[:, 0] = cents
    wide[:, 1] = cents >> 63
    valid = pa.array(cents != NONE).buffers()[1]
    return pa.Array.from_buffers(
        pa.decimal128(18, 2), len(cents), [valid, pa.py_buffer(wide.tobytes())]
    )
