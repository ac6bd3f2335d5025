"""HubSpot: its account, its objects, and how each is pulled."""
