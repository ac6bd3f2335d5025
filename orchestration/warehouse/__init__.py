"""The working warehouse: access to the engine, and dbt on it.

Knows DuckDB and dbt; knows neither vendors nor what is published.
"""
