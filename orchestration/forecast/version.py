"""What the results of a backtest depend on beside the data: this package and its libraries."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn")


@cache
def forecast_version() -> str:
    """Return a text that changes with the code of the forecast, or a library that it computes by.

    Forecasts of past days are kept from night to night; under another version they are made again.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:16]
