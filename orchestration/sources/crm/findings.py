"""What trying an account before its first night shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: what, whether it worked, and in plain words what was found or,
    where something is missing, what it is and where to grant it. Without ``is_needed`` a night
    can do without it."""

    subject: str
    is_good: bool
    message: str
    is_needed: bool = True
