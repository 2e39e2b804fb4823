"""Experiments: what to test and with how many people, who is in which arm, and what came out, looked at any time."""
