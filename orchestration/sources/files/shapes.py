"""What this package needs to know of a source's settings.

The settings themselves, with their checks, belong to ``orchestration.settings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class FileTable(Protocol):
    """How one table's file differs from the contract."""

    @property
    def file(self) -> str | None:
        """File or folder below the source's folder."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Contract column -> delivered header."""

    @property
    def defaults(self) -> Mapping[str, str]:
        """Contract column -> value where the file has none."""

    @property
    def encoding(self) -> str | None:
        """Encoding of text files; ``None``: UTF-8. A UTF-16 byte order mark overrules UTF-8."""

    @property
    def delimiter(self) -> str | None:
        """Delimiter of CSV files; ``None``: seen from the header line."""


class FilesSource(Protocol):
    """A folder of exports."""

    @property
    def name(self) -> str:
        """The account's name."""

    @property
    def path(self) -> Path:
        """The folder."""

    @property
    def timezone(self) -> str:
        """Time zone of local times without an offset."""

    @property
    def mode(self) -> str:
        """``changes``, or ``full``: absence counts as deletion."""

    @property
    def tables(self) -> Mapping[str, FileTable]:
        """Settings of the tables that differ from the contract."""


def header_of(source: FilesSource, table: str, column: str) -> str:
    """Return the delivered header of a contract column."""
    settings = source.tables.get(table)
    return settings.columns.get(column, column) if settings else column


def default_of(source: FilesSource, table: str, column: str) -> str | None:
    """Return the value that stands in where a row leaves the column empty."""
    settings = source.tables.get(table)
    value = settings.defaults.get(column) if settings else None
    return None if value is None else str(value)
