"""Published figures of populations of cascades, to stand beside a brand's own, each with how far it was checked."""

from __future__ import annotations

from typing import Any

PUBLISHED: tuple[dict[str, Any], ...] = (
    {
        "population": "Twitter15",
        "what": "cascades of rumours, picked because they were much shared; replies and shares as one tree",
        "cascades": 1490,
        "size_mean": 402.1,
        "size_median": 260,
        "depth_mean": 3.66,
        "structural_virality_median": 2.34,
        "said": None,
        "source": "trees of Ma, Gao and Wong (2017) on posts of Liu and others (2015)",
        "checked": "reckoned here from the published trees",
    },
    {
        "population": "Twitter, all domains",
        "what": "about a billion events of news, videos, pictures and petitions",
        "cascades": None,
        "size_mean": None,
        "size_median": None,
        "depth_mean": None,
        "structural_virality_median": None,
        "said": "structural virality is typically low, whatever the size: the largest broadcast makes the size",
        "source": "Goel, Anderson, Hofman and Watts (2016)",
        "checked": "read in the abstract; its numbers were not looked up and are not shown",
    },
    {
        "population": "Seven services",
        "what": "from messengers to games and short messages",
        "cascades": None,
        "size_mean": None,
        "size_median": None,
        "depth_mean": None,
        "structural_virality_median": None,
        "said": "nearly all cascades are small and end one step from where they began",
        "source": "Goel, Watts and Goldstein (2012)",
        "checked": "read in the abstract; its numbers were not looked up and are not shown",
    },
)
"""Figures of others; a number that nobody looked up is None."""

WARNING = (
    "Size alone moves depth and virality: compare cascades of one size. Differences between true and false news went "
    "away once that was done (Juul and Ugander 2021)."
)
