"""Checks of single values in the settings, and how a value that breaks one is reported.

Here belong functions from one value to that value or a mistake. Which key takes which check is said
in ``models``; the wording of the whole message in ``loading``.
"""

from __future__ import annotations

import csv
import difflib
import zoneinfo
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from orchestration.home import PROJECT_ROOT

MISTAKE = "setting"
STAGE_TEMPLATES = PROJECT_ROOT / "dbt_project" / "seeds" / "stage_templates.csv"
SOURCE_TYPES = ("files", "salesforce", "hubspot", "pipedrive", "zoho", "neocrm")

# Present in some zone databases, but they mean another thing on another machine.
_NOT_ZONES = frozenset({"localtime", "posixrules", "Factory"})


def mistake(hint: str = "", **context: str) -> PydanticCustomError:
    """Return the error of one wrong value.

    ``hint`` is added to the message. ``allowed`` in ``context`` replaces what the key's description
    allows, ``problem`` replaces "found <value>", ``key`` is appended to the key.
    """
    return PydanticCustomError(MISTAKE, "wrong setting", {"hint": hint, **context})


def all_mistakes(
    value: Any, handler: Callable[[Any], Any], found: Iterable[InitErrorDetails]
) -> Any:
    """Validate ``value`` with ``handler`` and raise its mistakes together with those of ``found``.

    Without this a check across entries would stay silent until every single entry is right.
    """
    mistakes = list(found)
    result = None
    try:
        result = handler(value)
    except ValidationError as error:
        mistakes = [_again(each) for each in error.errors(include_url=False)] + mistakes
    if mistakes:
        raise ValidationError.from_exception_data("settings", mistakes, hide_input=True)
    return result


def _again(error: Any) -> InitErrorDetails:
    context = error.get("ctx", {})
    custom = error["type"] == MISTAKE
    return InitErrorDetails(
        type=PydanticCustomError(MISTAKE, "wrong setting", context) if custom else error["type"],
        loc=error["loc"],
        input=error["input"],
        ctx=context,
    )


def did_you_mean(found: object, known: Iterable[str]) -> str:
    """Return ``did you mean "…"?`` for the known name closest to ``found``, or an empty text."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(str(found).lower(), by_lower, n=1, cutoff=0.6)
    return f'did you mean "{by_lower[close[0]]}"?' if close else ""


def repeated(values: Iterable[Any], key: str) -> list[InitErrorDetails]:
    """Return a mistake for every value of ``key`` that an earlier entry of the list already has."""
    first: dict[str, int] = {}
    mistakes = []
    for index, value in enumerate(values):
        if not isinstance(value, str):
            continue
        if value in first:
            error = mistake(f"entry [{first[value]}] has it already", allowed="a name used once")
            mistakes.append(InitErrorDetails(type=error, loc=(index, key), input=value))
        first.setdefault(value, index)
    return mistakes


@cache
def known_timezones() -> frozenset[str]:
    """Return the names of all IANA time zones known here."""
    return frozenset(zoneinfo.available_timezones() - _NOT_ZONES)


def timezone(name: str) -> str:
    """Accept the name of an IANA time zone."""
    if name not in known_timezones():
        raise mistake(did_you_mean(name, sorted(known_timezones())))
    return name


def day(value: Any) -> Any:
    """Accept a TOML date or the text ``YYYY-MM-DD``."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        # The length keeps out the week dates and bare digits that fromisoformat takes too.
        if isinstance(value, str) and len(value) == len("2017-12-31"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise mistake()


@cache
def stage_template_names() -> tuple[str, ...]:
    """Return the names of the shipped stage templates, in the order of their file."""
    with STAGE_TEMPLATES.open(encoding="utf-8", newline="") as file:
        return tuple(dict.fromkeys(row["template"] for row in csv.DictReader(file)))


def stage_template(name: str) -> str:
    """Accept the name of a shipped stage template."""
    names = stage_template_names()
    if name not in names:
        raise mistake(did_you_mean(name, names), allowed=", ".join(names))
    return name


def web_address(value: str) -> str:
    """Accept the address of a server, without a slash at its end; plain http only on loopback."""
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise mistake()
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise mistake("a secret would travel in plain text: use https")
    return value.rstrip("/")


def default_text(value: Any) -> str:
    """Return a default as the text that a file would hold in its place.

    Numbers are written without exponent, booleans as ``true``/``false``, dates and times in ISO
    8601.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and Decimal(value).is_finite():
        return format(Decimal(repr(value)), "f")
    if isinstance(value, date | time):
        return value.isoformat()
    raise mistake()


def text_encoding(name: str) -> str:
    """Accept the name of a text encoding that Python knows."""
    try:
        "".encode(name)
    except (LookupError, ValueError):
        raise mistake() from None
    return name


def delimiter(value: str) -> str:
    """Accept one character that can separate the fields of a CSV file."""
    if len(value) != 1 or value in '"\r\n':
        raise mistake()
    return value


def inside_folder(value: str) -> str:
    """Accept a relative path that stays inside its folder."""
    for kind in (PurePosixPath, PureWindowsPath):
        path = kind(value)
        if path.is_absolute() or path.drive or ".." in path.parts:
            raise mistake()
    return value


def mapping_mistakes(tables: Any) -> list[InitErrorDetails]:
    """Return a mistake for every table and column of ``tables`` that the contract doesn't know.

    ``tables`` is the part ``[sources.tables]``: table name -> ``columns`` and ``defaults``. What
    has another shape is left to the models.
    """
    # Imported here because the package of the file reader may read the settings itself.
    from orchestration.sources.files.tables import TABLES

    mistakes: list[InitErrorDetails] = []
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if name not in TABLES:
            error = mistake(
                did_you_mean(name, TABLES),
                problem=f'unknown table "{name}"',
                allowed=", ".join(TABLES),
            )
            mistakes.append(InitErrorDetails(type=error, loc=(name,), input=None))
            continue
        known = TABLES[name].columns
        parts: tuple[Literal["columns", "defaults"], ...] = ("columns", "defaults")
        for part in parts:
            mapped = table.get(part) if isinstance(table, dict) else getattr(table, part, None)
            for column in mapped if isinstance(mapped, dict) else ():
                if column not in known:
                    error = mistake(
                        did_you_mean(column, known),
                        problem=f'"{column}" is no column of {name}',
                        allowed=", ".join(known),
                    )
                    mistakes.append(
                        InitErrorDetails(type=error, loc=(name, part, column), input=None)
                    )
    return mistakes
