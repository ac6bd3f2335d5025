"""What every CRM source has in common: HTTP with patience, windows of change, landing."""
