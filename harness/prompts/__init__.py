"""What is asked of a model, and what its answer means."""
