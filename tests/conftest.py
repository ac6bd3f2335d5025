"""How the tests are shared out between workers.

A file's tests stay together, so that what a file sets up once (a batch of companies, a night on the
sample) is not set up again in every worker.
"""

from __future__ import annotations

import pytest

# These files read the same night on the sample.
_SAMPLE = ("test_sample", "test_killed")


# Before the workers' plugin, which reads the groups in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = item.path.stem
        group = "sample" if name.startswith(_SAMPLE) else name
        item.add_marker(pytest.mark.xdist_group(group))
