"""The vendors' stand-ins, each with its own endpoints, words and quirks."""
