"""The same kernels on Spark, when a log outgrows one machine: Spark brings groups together, and nothing else.

Rows that name each other are found by joins and connected components; each kernel then runs unchanged under a
grouped map (`applyInArrow`) over unions of whole groups. Only the two finished tables, the distinct names of
channels, campaigns and currencies, and one tally a partition come back to the driver.
"""

from __future__ import annotations

from hubbub.spark.engine import measure, plans, session

__all__ = ["measure", "plans", "session"]
