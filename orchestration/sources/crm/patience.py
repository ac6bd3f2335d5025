"""Waiting as a CRM asks for, and repeating what broke on the way.

``tenacity`` repeats; here belong how long, how often, what is told meanwhile, and the end of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, retry_if_result

from orchestration.sources.crm.errors import QuotaExhausted, SourceUnavailable

Answer = TypeVar("Answer")

_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
# Gateways and servers in trouble; 520 to 524 are a content network's own.
TROUBLED = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_ATTEMPTS = 8
_LONGEST_BACKOFF = 60.0


@dataclass(frozen=True)
class Pause:
    """A request has to be repeated: why, and after how many seconds (null: ever longer ones)."""

    why: str
    seconds: float | None = None


@dataclass
class Patience:
    """How one account waits: for pauses that an answer carries as ``pause``, and broken requests.

    ``longest`` is in seconds; ``say`` takes short texts; ``mask`` takes secrets out of a text.
    """

    name: str
    longest: float
    say: Callable[[str], None]
    mask: Callable[[str], str]
    sleep: Callable[[float], None]

    def __post_init__(self) -> None:
        """Draw the jitter from a source of its own."""
        self._jitter = random.Random()

    def repeating(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        """Return a call that is repeated as long as it makes sense.

        It raises ``QuotaExhausted`` for a pause that is too long, and ``SourceUnavailable`` after
        too many failures.
        """
        return Retrying(
            retry=retry_if_result(_must_wait) | retry_if_exception_type(_BROKEN),
            wait=self._seconds_to_wait,
            stop=self._is_over,
            before_sleep=self._tell,
            retry_error_callback=self._give_up,
            sleep=self.sleep,
        ).wraps(call)

    def _seconds_to_wait(self, state: RetryCallState) -> float:
        pause = _pause_of(state)
        if pause is not None and pause.seconds is not None:
            # A little more than asked, and never all waiters at once.
            return pause.seconds + self._jitter.uniform(0.05, 0.25) * max(pause.seconds, 1.0)
        backoff: float = min(2.0**state.attempt_number, _LONGEST_BACKOFF)
        return backoff * self._jitter.uniform(0.5, 1.0)

    def _is_over(self, state: RetryCallState) -> bool:
        pause = _pause_of(state)
        if pause is not None and pause.seconds is not None:
            return pause.seconds > self.longest or state.attempt_number >= 5 * _ATTEMPTS
        return state.attempt_number >= _ATTEMPTS

    def _tell(self, state: RetryCallState) -> None:
        seconds = state.next_action.sleep if state.next_action else 0.0
        self.say(f"{self.name}: {self._why(state)}: again in {seconds:.0f} s")

    def _give_up(self, state: RetryCallState) -> Any:
        pause = _pause_of(state)
        if pause is not None and pause.seconds is not None:
            raise QuotaExhausted(
                f"{self.name}: {pause.why}; it asks to wait {pause.seconds:,.0f} s, "
                f"longest_wait_seconds allows {self.longest:,}"
            )
        raise SourceUnavailable(
            f"{self.name}: {self._why(state)}, {state.attempt_number} times in a row"
        ) from None

    def _why(self, state: RetryCallState) -> str:
        pause = _pause_of(state)
        if pause is not None:
            return pause.why
        error = state.outcome.exception() if state.outcome else None
        name = "no answer in time" if isinstance(error, requests.Timeout) else "no connection"
        return f"{name} ({self.mask(type(error).__name__)})"


def _must_wait(result: Any) -> bool:
    return getattr(result, "pause", None) is not None


def _pause_of(state: RetryCallState) -> Pause | None:
    outcome = state.outcome
    if outcome is None or outcome.failed:
        return None
    return getattr(outcome.result(), "pause", None)


def retry_after(response: requests.Response) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as seconds or as a date."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    with suppress(ValueError, TypeError):
        wait = parsedate_to_datetime(text) - datetime.now(UTC)
        return max(wait.total_seconds(), 0.0)
    return None
