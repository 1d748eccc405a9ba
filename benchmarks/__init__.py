"""One file a benchmark: load, ask, score. See harness/benchmark.py for how to add one."""
