"""The libraries that a night loads, for the process from which the commands of ``warm`` start."""

from __future__ import annotations

import os

# As the project has it before it imports them.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

import altair  # noqa: F401
import babel  # noqa: F401
import dagster  # noqa: F401
import dagster_dbt  # noqa: F401
import dbt.adapters.duckdb
import dbt.cli.main  # noqa: F401
import great_expectations  # noqa: F401
import pandas  # noqa: F401
import pyarrow  # noqa: F401
import rich  # noqa: F401
import vl_convert  # noqa: F401
