"""Thousands of batches on hundreds of workers in seconds: what each way of choosing comes to."""
