"""Side tables of the invented brand: people, effort, coverage, segments, follows and consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import TIME
from hubbub.demo import setting, world
from hubbub.demo.rhythm import DAY, pick
from hubbub.demo.rows import KIND, Ints
from hubbub.demo.shop import Subscribers
from hubbub.demo.tale import Tale, code

LINKED_REGULARS, LINKED_OTHERS = 0.88, 0.55
SEGMENT_NAMES = ("balcony", "office greens", "collectors", "first plant")


def moments(time: Ints) -> pa.Array:
    """Microseconds as times, whole seconds."""
    return pa.array(time // 1_000_000 * 1_000_000).cast(pa.timestamp("us")).cast(TIME)


def people(tale: Tale) -> pa.Table:
    """Which handles are one person, as far as the brand knows."""
    who, channel = _seen(tale)
    many = np.bincount(who, minlength=tale.crowd.size) > 1
    regular = np.zeros(tale.crowd.size, dtype=bool)
    regular[tale.regulars] = True
    known = many & tale.yes(tale.crowd.size, np.where(regular, LINKED_REGULARS, LINKED_OTHERS))
    known[: len(setting.FIXED)] = many[: len(setting.FIXED)]
    keep = known[who]
    who, channel = who[keep], channel[keep]
    names = pa.array(setting.CHANNELS).take(pa.array(channel))
    return pa.table([tale.crowd.labels(who), names, tale.crowd.names(channel, who)], schema=world.PEOPLE)


def _seen(tale: Tale) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Each person on each channel on which they did something within the log."""
    actor = tale.rows.column("actor").astype(np.int64)
    inside = (actor >= 0) & (tale.rows.column("time") <= tale.calendar.end)
    width = len(setting.CHANNELS)
    pairs = np.unique(actor[inside] * width + tale.rows.column("channel")[inside])
    return pairs // width, pairs % width


def effort(tale: Tale) -> pa.Table:
    """Hours, week by week, by mode and campaign, and what was paid out beside them."""
    rows = []
    for mode, parts in setting.EFFORT.items():
        for number, weekly in parts:
            for week in range(52):
                hours = round(weekly * tale.scale * (0.7 + 0.6 * tale.rng.random()), 2)
                if hours > 0:
                    at = tale.calendar.start + timedelta(days=7 * week + 5, hours=17)
                    outlay = hours * setting.OUTLAY[mode] * (0.5 + tale.rng.random())
                    cost = Decimal(f"{outlay:.2f}") if outlay else None
                    rows.append((at, setting.NAMES[number], mode, hours, cost, "EUR"))
    rows.sort(key=lambda row: (row[0], row[2], row[1]))
    columns = list(zip(*rows, strict=True)) or [()] * len(world.EFFORT)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, world.EFFORT, strict=True)], schema=world.EFFORT)


def coverage() -> pa.Table:
    """The whole year for every channel, and what part of it the log sees."""
    end = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    n = len(setting.CHANNELS)
    rows = [list(setting.CHANNELS), [setting.START] * n, [end] * n, list(setting.SEES)]
    return pa.table([pa.array(c, f.type) for c, f in zip(rows, world.COVERAGE, strict=True)], schema=world.COVERAGE)


def segments(tale: Tale) -> pa.Table:
    """The audience as the brand defines it, for some of those it knows."""
    who = np.sort(np.concatenate([tale.regulars, tale.askers[: len(tale.askers) // 3]]))
    channel = tale.crowd.of("home", who)
    which = pick(tale.rng, np.array([4, 2, 2, 3]), len(who))
    return pa.table(
        [
            pa.array(setting.CHANNELS).take(pa.array(channel)), tale.crowd.names(channel, who),
            pa.array(SEGMENT_NAMES).take(pa.array(which)),
        ],
        schema=world.SEGMENTS,
    )  # fmt: skip


def follows(tale: Tale, reposts: Ints) -> pa.Table:
    """Who follows the brand, and who follows those from whom they took a repost."""
    type_, actor, via = (tale.rows.column(name) for name in ("type", "actor", "via"))
    channel, time = tale.rows.column("channel").astype(np.int64), tale.rows.column("time")
    begun = np.flatnonzero((type_ == KIND["follow"]) & (time <= tale.calendar.end))
    child = np.asarray(reposts)[(via[reposts] >= 0) & tale.yes(len(reposts), 0.75)]
    child = child[(actor[via[child]] >= 0) & (actor[via[child]] != actor[child])]
    known = tale.rng.integers(1, 400, len(child)) * DAY
    rows = np.concatenate([begun, child])
    star = tale.crowd.names(channel[child], actor[via[child]].astype(np.int64))
    table = pa.table(
        [
            pa.array(setting.CHANNELS).take(pa.array(channel[rows])), tale.crowd.names(channel[rows], actor[rows].astype(np.int64)),
            pa.concat_arrays([pa.repeat(pa.scalar(setting.HANDLE), len(begun)), star]),
            moments(np.concatenate([time[begun], time[child] - known])),
        ],
        schema=world.FOLLOWS,
    )  # fmt: skip
    return table.sort_by([("time", "ascending"), ("channel", "ascending"), ("actor", "ascending")])


def consent(tale: Tale, on_list: Subscribers) -> pa.Table:
    """What people allowed: mail on sign-up, answers by writing, asks to share for some; and what they withdrew."""
    subscribers, joined_at, left = on_list.person, on_list.since, on_list.left
    mail = np.full(len(subscribers), code("email"))
    asked = tale.yes(len(subscribers), 0.3)
    gone = left <= tale.calendar.end
    talkers = tale.regulars[tale.yes(len(tale.regulars), 0.5)]
    homes = tale.crowd.of("home", talkers)
    blocks = [
        (joined_at, mail, subscribers, "marketing", "given", "consent", "double opt-in"),
        (joined_at[asked] + DAY, mail[asked], subscribers[asked], "ask-to-share", "given", "consent", "preferences page"),
        (left[gone], mail[gone], subscribers[gone], "marketing", "withdrawn", "consent", "link in the mail"),
        (np.sort(tale.when(talkers)), homes, talkers, "answer", "given", "request", "wrote first"),
    ]  # fmt: skip
    tables = []
    for time, channel, who, purpose, state, basis, proof in blocks:
        n = len(who)
        words = [pa.repeat(pa.scalar(text), n) for text in (purpose, state, basis, proof)]
        names = pa.array(setting.CHANNELS).take(pa.array(channel))
        tables.append(pa.table([moments(time), names, tale.crowd.names(channel, who), *words], schema=world.CONSENT))
    together = pa.concat_tables(tables)
    inside = together.filter(pc.less_equal(together["time"], moments(np.array([tale.calendar.end]))[0]))
    return inside.sort_by(
        [("time", "ascending"), ("channel", "ascending"), ("actor", "ascending"), ("purpose", "ascending")]
    )
