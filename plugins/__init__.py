"""Hook specifications and the loader for extensions."""
