"""Ways to judge an answer that several benchmarks share."""
