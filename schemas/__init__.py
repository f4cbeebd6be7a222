"""The vocabulary every other package shares: settings, errors, states, tables and wire schemas."""
