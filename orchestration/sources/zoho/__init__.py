"""Zoho CRM: its account, its objects, and how each is pulled."""
