"""How often Python looks its objects through for garbage."""

from __future__ import annotations

import gc


def look_seldom() -> None:
    """Let a process look for garbage seldom, as suits one in which most of what is made stays.

    After so many new objects these are looked through, after so many times those that stayed, and
    then all. As Python comes (700, 10, 10), that took an eighth of a small night. What is large
    must not refer to itself then: it would stay until much else is made.
    """
    gc.set_threshold(100_000, 20, 20)
