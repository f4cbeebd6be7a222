"""Task schemas: what a task is, from the columns of its rows to the questions that a curator answers."""
