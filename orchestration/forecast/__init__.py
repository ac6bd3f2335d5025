"""The forecast's statistics: pure functions from deals' pasts to distributions of what is won.

Nothing here reads the warehouse or knows of the orchestrator.
"""
