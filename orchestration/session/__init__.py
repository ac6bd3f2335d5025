"""One run on one home folder: the lock, the stamp and the settings of a night."""

from orchestration.session.lock import NightLock, NightLockBusy
from orchestration.session.night_session import NightSession

__all__ = ["NightLock", "NightLockBusy", "NightSession"]
