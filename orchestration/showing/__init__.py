"""What a table shows of itself in the orchestrator: its size, what was found, a few rows.

Here belong small Markdown tables with bars of text, which the orchestrator's pages render and a
terminal can read too. Charts for readers of the marts belong to the report.
"""
