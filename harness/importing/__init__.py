"""Results that other harnesses have written, as baselines to compare runs with."""
