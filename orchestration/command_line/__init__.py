"""The commands that people and machines call, and what they print."""
