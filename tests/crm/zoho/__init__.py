"""Zoho CRM: nights against its stand-in."""
