"""What `make bench` measures. No test is timed; these are run by hand, and say on what machine they ran."""
