"""Before a GPU is touched: what a model's licence allows, whether its files are safe, what GitLab says of it."""
