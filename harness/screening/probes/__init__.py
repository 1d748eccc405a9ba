"""Scripts that look at hostile files in processes of their own: they stand alone, and are run by confined.py."""
