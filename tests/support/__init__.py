"""Helpers that several tests share: small companies, the real path, comparing, shrinking."""
