"""Conversion and forecast: pure functions on small frames, and the thin assets around them."""
