"""Stand-ins for the CRMs, one a vendor."""
