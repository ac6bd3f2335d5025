"""Ids and times as Salesforce spells them."""

from __future__ import annotations

from datetime import UTC, datetime

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
MASTER_RECORD_TYPE = "012000000000000AAA"


def make_id(prefix: str, number: int) -> str:
    """Return an id of 18 characters: key prefix, instance, number in base 62, check."""
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return lengthened(f"{prefix}5g{text:0>10}")


def lengthened(short: str) -> str:
    """Return the form of an id of 15 characters that may be compared without regard to case."""
    suffix = ""
    for block in (short[0:5], short[5:10], short[10:15]):
        suffix += _SUFFIX[sum(1 << place for place, c in enumerate(block) if c.isupper())]
    return short + suffix


def whole_second(at: datetime) -> datetime:
    """Return an instant as Salesforce keeps it."""
    return at.astimezone(UTC).replace(microsecond=0)
