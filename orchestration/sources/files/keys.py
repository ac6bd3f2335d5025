"""SQL for the id of a delivered row, and for what stands in the way of one.

Text clean-up that keys and staged columns share belongs here. Reading files does not.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestration.landing.envelope import quote_literal
from orchestration.sources.files.shapes import FilesSource, default_of, header_of
from orchestration.sources.files.tables import TABLES

# What a cell may be padded with; the engine's trim() alone removes blanks only.
_PADDING = " \t\r\n\u00a0\ufeff"


def cleaned(expression: str, default: str | None = None) -> str:
    """Return SQL for a text without padding; the default, or null, if nothing is left."""
    value = f"nullif(trim({expression}, {quote_literal(_PADDING)}), '')"
    return value if default is None else f"coalesce({value}, {quote_literal(default)})"


def json_pointer(header: str) -> str:
    """Return the JSON pointer of a delivered header, as a SQL literal.

    Pointers, not paths: a path takes ``*`` in a header for a wildcard.
    """
    return quote_literal("/" + header.replace("~", "~0").replace("/", "~1"))


class RowKey:
    """How the rows of one table are identified, as SQL over columns ``k0``, ``k1`` …."""

    def __init__(self, source: FilesSource, table: str) -> None:
        """Look up the table's key columns and how the source delivers them."""
        self._spec = TABLES[table]
        own = (self._spec.own_key,) if self._spec.own_key else ()
        self._columns = self._spec.key + own
        self.headers = [header_of(source, table, column) for column in self._columns]
        self._defaults = [default_of(source, table, column) for column in self._columns]

    def values(self, cell_of: Callable[[int, str], str | None]) -> str:
        """Return the select list of ``k0`` ….

        ``cell_of`` gives the SQL of a header's text from its place in ``headers`` and its name,
        or ``None`` if the file doesn't have it.
        """
        return ", ".join(
            f"{cleaned(cell_of(index, header) or 'NULL::VARCHAR', default)} AS k{index}"
            for index, (header, default) in enumerate(
                zip(self.headers, self._defaults, strict=True)
            )
        )

    @property
    def id(self) -> str:
        """The id; null or meaningless where something is ``missing``."""
        parts = len(self._spec.key)
        if parts == 1:
            return "k0"
        # Escaped, so that several parts stay apart whatever they contain.
        joined = " || '|' || ".join(
            f"replace(replace(coalesce(k{index}, ''), '\\', '\\\\'), '|', '\\|')"
            for index in range(parts)
        )
        return f"coalesce(k{parts}, {joined})" if self._spec.own_key else joined

    @property
    def missing(self) -> str:
        """The first contract column that the id lacks, or null."""
        return self._first_missing(self._columns)

    @property
    def missing_header(self) -> str:
        """The same as the header that was delivered."""
        return self._first_missing(tuple(self.headers))

    def _first_missing(self, names: tuple[str, ...]) -> str:
        cases = [
            f"WHEN k{index} IS NULL THEN {quote_literal(names[index])}"
            for index, column in enumerate(self._spec.key)
            if column in self._spec.required
        ]
        if self._spec.own_key:
            cases.insert(0, f"WHEN k{len(self._spec.key)} IS NOT NULL THEN NULL")
        return f"CASE {' '.join(cases)} END"
