"""Records cut out of a page of JSON as the bytes that the vendor sent.

Re-writing JSON would turn ``1500.00`` into ``1500.0`` and long integers into fractions; so a
record is landed as its slice of the page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

_Object = dict[str, msgspec.Raw]
_READ_OBJECT = msgspec.json.Decoder(_Object)
_READ_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def is_json(content: bytes) -> bool:
    """Whether a body is whole JSON, be it such that only a lenient reader takes it."""
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            json.loads(content)
        except ValueError:
            return False
    return True


def slices(content: bytes, path: Sequence[str]) -> list[bytes]:
    """Return the elements of the list at ``path`` of a JSON document, each as its own bytes.

    An absent or null list has no elements; one object in its place counts as a list of one.
    Raises ``ValueError`` where the document is not JSON or the path leads to something else.
    """
    try:
        part: bytes | msgspec.Raw = content
        for key in path:
            part = _READ_OBJECT.decode(part).get(key, msgspec.Raw(b"null"))
        text = bytes(part).lstrip()
        if text.startswith(b"null"):
            return []
        if text.startswith(b"{"):
            return [bytes(text)]
        return [bytes(item) for item in _READ_LIST.decode(part)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _lenient_slices(content, path)


def _lenient_slices(content: bytes, path: Sequence[str]) -> list[bytes]:
    """Cut a page that holds NaN or half a character: the engine will say which record it is."""
    found = json.loads(content)
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if found is None:
        return []
    if not isinstance(found, list):
        found = [found]
    return [json.dumps(item, ensure_ascii=True).encode() for item in found]


def text_at(record: bytes, path: Sequence[str]) -> str | None:
    """Return a value inside a record as text: a string's content, a number as written; or null."""
    try:
        part: bytes | msgspec.Raw = record
        for key in path:
            found = _READ_OBJECT.decode(part).get(key)
            if found is None:
                return None
            part = found
        text = bytes(part).strip()
        if text == b"null":
            return None
        if text.startswith(b'"'):
            return str(msgspec.json.decode(text))
        return text.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = json.loads(record)
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value)
