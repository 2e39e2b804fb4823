"""Who follows whom, from follows.csv: handles become persons, the brand's handles the brand."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hubbub.log.permission import is_brand, labels
from hubbub.log.settings import Settings
from hubbub.tables import FOLLOWS


def follows_of(settings: Settings) -> pa.Table | None:
    """tables.FOLLOWS; None without follows.csv."""
    table = settings.follows
    if table is None:
        return None
    table = table.filter(pc.invert(is_brand(table, "actor", settings)))
    whom = labels(table["channel"], table["follows"], settings.people)
    out = {
        "channel": table["channel"],
        "person": labels(table["channel"], table["actor"], settings.people),
        "follows": pc.if_else(is_brand(table, "follows", settings), pa.scalar(None, pa.string()), whom),
        "since_us": table["time"].cast(pa.int64()),
    }
    return pa.table(out).cast(FOLLOWS)
