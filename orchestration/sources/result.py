"""What one extraction of one table came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["landed", "unchanged", "absent", "suspicious", "interrupted", "failed"]


@dataclass(frozen=True)
class ExtractResult:
    """The outcome for one table of one source.

    ``landed``: new versions or deletions landed. ``unchanged``: nothing new. ``absent``: no file.
    ``suspicious``: what is new landed, but the delivery looks incomplete, so that absence counted
    for nothing. ``interrupted``: a CRM ended the run early; what came before landed, and the next
    run carries on there. ``failed``: nothing of the delivery could be read. ``rows_read`` counts
    delivered records, ``rows_rejected`` those of them with a problem (landed before or now),
    ``rows_landed`` the versions written (tombstones aside), ``rows_deleted`` the tombstones.
    ``message`` is empty or says what somebody should do. ``requests`` and ``tokens`` were
    spent at the CRM.
    """

    source: str
    table: str
    state: State
    rows_read: int = 0
    rows_landed: int = 0
    rows_deleted: int = 0
    rows_rejected: int = 0
    files: tuple[str, ...] = ()
    load_id: str | None = None
    message: str = ""
    seconds: float = 0.0
    requests: int = 0
    tokens: int = 0
