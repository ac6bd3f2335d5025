"""Salesforce, proved against its stand-in."""
