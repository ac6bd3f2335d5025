"""Which fields of a Salesforce object are asked for, and when two texts of a record are the same.

REST and bulk results spell one record in two ways; landed is what came, compared is what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.landing.envelope import quote_literal

# Compound fields and documents, which bulk queries don't take; the parts of compounds are fields.
_LEFT_OUT = frozenset({"address", "location", "base64", "complexvalue", "json"})
_NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})


@dataclass(frozen=True)
class Fields:
    """The fields that this login may read of an object, in the order of its description."""

    types: dict[str, str]

    @classmethod
    def of(cls, description: dict[str, Any]) -> Fields:
        """Return the fields of an answer of ``/sobjects/{object}/describe``."""
        compounds = {field.get("compoundFieldName") for field in description["fields"]}
        return cls(
            {
                field["name"]: field["type"]
                for field in description["fields"]
                if field["type"] not in _LEFT_OUT
                # Person names are compounds too, but a plain text by themselves.
                and (field["name"] not in compounds or field["name"] == "Name")
            }
        )

    def missing(self, wanted: Sequence[str]) -> list[str]:
        """Return those of the wanted fields that this login does not see."""
        return [name for name in wanted if name not in self.types]

    def select(self) -> str:
        """Return the list of fields for a query, ``Id`` at its end.

        A result that is cut off can then not end in a whole row by chance: ids have one length.
        """
        return ", ".join([*(name for name in self.types if name != "Id"), "Id"])

    def same_text(self) -> str:
        """Return a SQL expression over ``payload``: equal for two spellings of one record.

        Numbers count by value, times by instant, line ends as one; what is empty is left out.
        """
        groups: dict[str, list[str]] = {"numbers": [], "times": [], "texts": []}
        for name in sorted(self.types):
            kind = self.types[name]
            place = "numbers" if kind in _NUMBERS else "times" if kind == "datetime" else "texts"
            groups[place].append(name)
        spelled = {
            "numbers": "coalesce(try_cast(pair[2] AS DOUBLE)::VARCHAR, pair[2])",
            "times": "regexp_replace(pair[2], '(\\+00:?00|Z)$', '')",
            "texts": "replace(pair[2], chr(13), '')",
        }
        parts = [
            f"list_aggregate(list_transform(list_zip({_list(names)},"
            f" payload ->> {_list([_path(name) for name in names])}),"
            f" lambda pair: pair[1] || '=' || {spelled[group]}), 'string_agg', chr(31))"
            for group, names in groups.items()
            if names
        ]
        return f"concat_ws(chr(30), {', '.join(parts)})"


def _path(name: str) -> str:
    return f'$."{name}"'


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(quote_literal(text) for text in texts)}]"
