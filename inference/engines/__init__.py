"""Engines behind one small protocol, each adapter named for its vendor."""
