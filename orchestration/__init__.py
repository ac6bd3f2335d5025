"""The sales funnel and pipeline warehouse: sources, landing, warehouse, marts, quality, publication."""
