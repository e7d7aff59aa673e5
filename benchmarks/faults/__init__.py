"""Faults and loads on purpose: `make faults`, or `python -m benchmarks.faults --list`; one JSON line a figure."""
