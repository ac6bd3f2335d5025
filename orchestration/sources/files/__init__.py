"""Exports of any system: a folder of CSV, JSON lines or Parquet files."""

from orchestration.sources.files.delivery import delivered_but_unmapped
from orchestration.sources.files.extract import extract_table
from orchestration.sources.files.staging_sql import staged_columns_sql
from orchestration.sources.files.tables import TABLES, TableSpec
from orchestration.sources.result import ExtractResult

__all__ = [
    "TABLES",
    "ExtractResult",
    "TableSpec",
    "delivered_but_unmapped",
    "extract_table",
    "staged_columns_sql",
]
