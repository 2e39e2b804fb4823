"""The slow reading: METHODS and docs/readings.md in plain Python, to hold the fast engine against.

It shares no code with the engine, only the words and codes of `hubbub.activity` and `hubbub.tables`. Rows are
dicts, money is whole millionths, ratios are fractions; only draws and quantiles use numpy and scipy. It is meant for
logs of a few hundred rows.

Where neither document decides, it reads as follows.

- An `undo` is of the same actor if the same person (or the brand) made both rows.
- A share that names a `*` row is no orphan. What came through an undone share whose parent is hidden has a hidden
  parent too.
- A person's handles are all that people.csv names, also those without a row; only those with a row of their own are
  in the table; `segment` is that of the smallest handle that has one.
- `end` is what coverage says; only a silence reckons with the last touch where that is later.
- `origin_*`, `origin_campaign` and `retained_*` are null for those known before. `touches_hidden` and
  `touches_unanswered` count the touches whose mode would change.
- Currencies are told over all converts of people, refunds included.
- A campaign is listed for a person who has a standing touch in it. A post is about the brand also if it inherits a
  campaign.
- `touched` counts only rows whose `via` leads to a standing node. A post that nobody shared is not running.
- Words are cleared and replaced in reading order, by whoever sends the `delete` or `update`, `*` excepted.
- Ties in the product limit are one step: 1 - (waits equal to w) / (waits at risk at w). The jackknife fits F anew and
  has Kish degrees of freedom over the people's shares of each cascade.
- The best unit is taken out with both its sums.
- Deciles of audience are cut at numpy's linear quantiles, a value on a cut to the lower side. Both Mantel-Haenszel
  ratios are ratios of means; for people the jackknife leaves out one ISO week at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .people import People, PersonRow
from .reading import Log, key_of
from .settings import DAY, HOUR, WEEK, EffortRow, Row, Settings
from .trees import CascadeRow

__all__ = ["DAY", "HOUR", "WEEK", "EffortRow", "Result", "Row", "Settings", "read"]


@dataclass(frozen=True)
class Result:
    """What the log says.

    persons : one row a person, by label (two handles whose channel:actor read the same have two rows)
    cascades : (channel, root) -> one row a cascade
    order : (channel, id) of every row in reading order
    modes : (channel, id) of every touch -> its mode as it is known at the end
    end : time of the last row, None for an empty log
    valued, currency : `value`, `count` or `none`, and in what
    """

    persons: list[PersonRow]
    cascades: dict[tuple[str, str], CascadeRow]
    order: list[tuple[str, str]]
    modes: dict[tuple[str, str], str]
    end: int | None
    valued: str
    currency: str | None

    @property
    def people(self) -> dict[str, PersonRow]:
        """The persons by label; KeyError if two share one."""
        out = {row["person"]: row for row in self.persons}
        if len(out) != len(self.persons):
            raise KeyError("two persons have the same label: use `persons`")
        return out


def read(rows: Iterable[Row], settings: Settings) -> Result:
    """The slow reading of valid rows, unique by (channel, id), in whatever order they come."""
    log = Log(rows, settings)
    people = People(log)
    touches = [i for person in log.people for i in people.modes.touches(person)]
    return Result(
        persons=[people.row(person) for person in log.people],
        cascades=people.trees.table(),
        order=[key_of(row) for row in log.rows],
        modes={key_of(log.rows[i]): people.modes.mode(i) for i in touches},
        end=log.end,
        valued=people.money.kind,
        currency=people.money.currency,
    )
