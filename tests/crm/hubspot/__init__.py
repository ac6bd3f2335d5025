"""What is extracted from HubSpot, held against the known truth."""
