"""Benchmarks: each against a named peer on the same work in one run, results checked equal first."""
