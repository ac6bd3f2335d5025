"""Conversion and forecast as marts: pure functions on small frames, thin assets around them."""
