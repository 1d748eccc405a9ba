"""Runs in the formats of others: tables for analysts, results for lm-eval's viewers, reports for CI."""
