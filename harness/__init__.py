"""Evaluates a model for a GitLab Duo feature: plan, ask, judge, write down, summarise."""

__version__ = "0.1.0"
