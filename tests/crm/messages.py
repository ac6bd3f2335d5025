"""Requests that a stand-in reads and answers that it gives, with what vendors check about them.

Here belong parsing, and the checks that every vendor makes in its own words. Serving belongs to
``standin``.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Body = bytes | Iterable[bytes]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. A body that is no bytes is streamed in chunks."""

    status: int = 200
    body: Body = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer of JSON; ``Decimal`` and dates must be spelled by the vendor before."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(
        status, body, {"Content-Type": "application/json;charset=UTF-8", **(headers or {})}
    )


def html_answer(status: int) -> Answer:
    """Return the page that a gateway puts in the place of an API's answer."""
    body = b"<!DOCTYPE html><html><head><title>Attention</title></head><body>Busy</body></html>"
    return Answer(status, body, {"Content-Type": "text/html; charset=UTF-8"})


class Refused(Exception):
    """Ends a request with the vendor's own error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


class BadParameter(ValueError):
    """A parameter that the vendor would not take; the stand-in words the error."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


@dataclass(frozen=True)
class Request:
    """A parsed request. ``at`` holds the values of the route's placeholders.

    ``headers`` have lower-case names; of a repeated query parameter all values are kept.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    at: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str | None = None) -> str | None:
        """Return a query parameter. Raises ``BadParameter`` if it is repeated."""
        values = self.query.get(name, [])
        if len(values) > 1:
            raise BadParameter(name, "given more than once")
        return values[0] if values else default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number within bounds, both included. Raises ``BadParameter``."""
        text = self.one(name)
        if text is None:
            return default
        if not text.isdecimal() or not low <= int(text) <= high:
            raise BadParameter(name, f"must be a number from {low} to {high}, not {text}")
        return int(text)

    def choice(self, name: str, default: str | None, allowed: Collection[str]) -> str | None:
        """Return a parameter out of a list. Raises ``BadParameter``."""
        text = self.one(name)
        if text is None:
            return default
        if text not in allowed:
            raise BadParameter(name, f"must be one of {', '.join(sorted(allowed))}, not {text}")
        return text

    def words(self, name: str) -> list[str]:
        """Return a comma-separated parameter, whether repeated or not."""
        return [word for text in self.query.get(name, []) for word in text.split(",") if word]

    def only(self, *known: str) -> None:
        """Refuse query parameters that the endpoint doesn't know. Raises ``BadParameter``."""
        for name in self.query:
            if name not in known:
                raise BadParameter(name, "unknown parameter")

    def json(self) -> Any:
        """Return the body as JSON. Raises ``BadParameter``."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise BadParameter("body", f"no JSON: {error}") from error

    def form(self) -> dict[str, str]:
        """Return the body of a form. Raises ``BadParameter`` for one of another type."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            raise BadParameter("Content-Type", f"must be a form, not {kind!r}")
        pairs = parse_qsl(self.body.decode(), keep_blank_values=True)
        return dict(pairs)


def only_keys(value: Mapping[str, Any], known: Collection[str], name: str = "body") -> None:
    """Refuse keys of a JSON object that the vendor doesn't know. Raises ``BadParameter``."""
    for key in value:
        if key not in known:
            raise BadParameter(key, f"unknown in {name}")


def make_cursor(**state: Any) -> str:
    """Return an opaque cursor: the same state always gives the same text."""
    plain = json.dumps(state, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(plain) + plain).decode().rstrip("=")


def read_cursor(text: str, name: str = "cursor") -> dict[str, Any]:
    """Return the state of a cursor. Raises ``BadParameter`` for one that was not made here."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        seal, plain = raw[:6], raw[6:]
        if seal != _seal(plain):
            raise ValueError("its seal is broken")
        state = json.loads(plain)
    except ValueError as error:
        raise BadParameter(name, f"not a cursor of this server: {error}") from error
    assert isinstance(state, dict)
    return state


def _seal(plain: bytes) -> bytes:
    return hashlib.sha256(b"cursor" + plain).digest()[:6]
