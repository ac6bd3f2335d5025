"""What the report says: one module a section, each reads its marts and returns plain values.

A section whose tables are absent or empty is null or has no rows; the page then says so.
"""
