"""What leads and deals are, and what can happen to them.

Plain data in the words of the field, without any vendor's spelling. Putting happenings in order and
asking for a moment's state belong to ``truth``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple

EntityType = Literal["lead", "deal"]
Outcome = Literal["open", "won", "lost"]
Category = Literal["open", "won", "lost"]
Value = str | int | Decimal | date | datetime | None

# What a happening is called. Whatever it is called, its ``values`` say what the record became.
Kind = Literal[
    "created",
    "changed",  # any field but the place: amount, currency, expected close date, owner, account
    "moved",  # another stage, perhaps of another pipeline
    "won",  # for a lead: converted
    "lost",  # for a lead: disqualified
    "reopened",
    "deleted",
    "restored",
    "merged",  # away, into another record
    "archived",
    "unarchived",
    "touched",  # nothing but the time of the last change
]

# The fields whose changes make the funnel; the order in which one happening tells several.
TRACKED = (
    *("pipeline", "stage", "outcome", "amount", "currency"),
    *("expected_close_date", "owner"),
)


class Ref(NamedTuple):
    """Names a lead or deal; vendors make their own ids from the number."""

    entity_type: EntityType
    number: int

    def __str__(self) -> str:
        return f"{self.entity_type} {self.number}"


@dataclass(frozen=True)
class Record:
    """A lead or deal at one moment.

    ``stage`` is the open stage that it is in, or was in when it was closed; ``outcome`` is what
    became of it. ``account`` is a company's name, ``owner`` an owner's number. ``lead`` of a deal
    and ``deal`` of a lead are numbers; a lead converted without a deal has none.
    """

    ref: Ref
    name: str
    pipeline: str
    stage: str
    created_at: datetime
    updated_at: datetime
    stage_changed_at: datetime
    outcome: Outcome = "open"
    amount: Decimal | None = None
    currency: str | None = None
    expected_close_date: date | None = None
    owner: int | None = None
    account: str | None = None
    lead_source: str | None = None
    loss_reason: str | None = None
    lead: int | None = None
    deal: int | None = None
    closed_at: datetime | None = None
    deleted_at: datetime | None = None
    merged_into: int | None = None
    archived_at: datetime | None = None

    @property
    def place(self) -> str:
        """The key of the stage where a closing is a stage: won, lost, or the open stage."""
        return self.stage if self.outcome == "open" else self.outcome

    @property
    def is_deleted(self) -> bool:
        """Whether the record is removed; a merge removes it too."""
        return self.deleted_at is not None


@dataclass(frozen=True)
class Happening:
    """One thing that happens to one record at an instant (aware, UTC).

    ``number`` is unique and orders what happens at one instant. ``values`` are the fields that
    change, with what they become. ``visible_at`` is when the change can first be read: later than
    ``at`` where a commit takes its time. ``by`` is the number of the owner who did it.
    """

    ref: Ref
    at: datetime
    visible_at: datetime
    number: int
    kind: Kind
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    by: int | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        """What orders happenings."""
        return self.at, self.number


@dataclass(frozen=True)
class Change:
    """One field of one record becoming another value; at the creation the old one is null.

    ``number`` is the happening's, so that the changes of one happening belong together.
    """

    ref: Ref
    at: datetime
    number: int
    visible_at: datetime
    field: str
    old: Value
    new: Value
    is_creation: bool
    by: int | None
