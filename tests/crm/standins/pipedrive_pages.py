"""Pipedrive's errors, times and cursors, as its stand-in reads and writes them."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from tests.crm.messages import Answer, BadParameter, Request, json_answer


def refusal(
    status: int, text: str, info: str | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """Return the vendor's error body."""
    body = {"success": False, "error": text, "errorCode": status, "error_info": info, "data": None}
    return json_answer(body, status, headers)


def time_of(request: Request, name: str) -> str | None:
    """Return a time parameter, null if it is not given. Raises ``BadParameter``."""
    text = request.one(name)
    if text is None:
        return None
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise BadParameter(name, "must be like 2025-01-01T10:20:00Z") from error
    return text


def make_cursor(**state: Any) -> str:
    """Return the cursor of a list: where its next page begins, readable but not promised."""
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")


def read_cursor(text: str) -> dict[str, Any]:
    """Return what a list's cursor says. Raises ``BadParameter``."""
    try:
        state = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        assert isinstance(state, dict)
        return state
    except (ValueError, AssertionError) as error:
        raise BadParameter("cursor", "not a cursor of this server") from error


def read_log_cursor(text: str) -> int:
    """Return the number of the newest change of a log's next page."""
    try:
        kind, _, number = base64.b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        if kind != "id":
            raise ValueError(kind)
        return int(number)
    except ValueError as error:
        raise BadParameter("cursor", "not a cursor of this server") from error
