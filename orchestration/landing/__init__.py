"""The append-only raw store of everything that the sources delivered."""

from orchestration.landing.manifest import InputFile, LandedFile, LandingError, Manifest, Window
from orchestration.landing.store import Landing, LoadWriter

__all__ = [
    "InputFile",
    "LandedFile",
    "Landing",
    "LandingError",
    "LoadWriter",
    "Manifest",
    "Window",
]
