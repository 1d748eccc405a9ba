"""The static site that ``evaluate report`` writes: overview, features, runs, and a browser of their samples.

It opens from a file as well as from a server, loads nothing from elsewhere, and never runs what a model wrote.
"""
