"""What is passed on: share links with codes of their own, reposts on networks, and the visits they bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hubbub.demo import setting
from hubbub.demo.rhythm import DAY, HOUR, SECOND, pick, waits
from hubbub.demo.rows import NONE, Ints
from hubbub.demo.tale import Tale, blank, code
from hubbub.demo.trees import Forest, branching, within

OWN_ACCORD = 0.25
"""Sharers without a link of the brand, for each one with it."""
VISITS_A_SHARE = 1.15
OVERDISPERSION = 1.2
"""Variance of the mean number of children over its square: a few people bring many."""


@dataclass(frozen=True)
class Came:
    """People who came over a share or a link: who, when, and the row of their touch."""

    person: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    row: npt.NDArray[np.int32]


def _delay(rng: np.random.Generator, n: int) -> npt.NDArray[np.int64]:
    return waits(rng, n, setting.GENERATION_MEDIAN_HOURS, setting.GENERATION_SIGMA)


def share(tale: Tale) -> Came:
    """Cascades of share links, campaign by campaign, with one lucky hit and one that still runs at the end."""
    shares: list[Came] = []
    planted = {}
    for number, campaign in enumerate(setting.CAMPAIGNS):
        roots, seeds = _seeds(tale, number, campaign)
        shares.append(_pass_on(tale, number, campaign.reproduction, seeds, roots))
        planted[campaign.name] = {
            "reproduction": campaign.reproduction,
            "seeds": len(seeds),
            "shares": int((shares[-1].time <= tale.calendar.end).sum()),
        }
    tale.truth["campaigns"] = planted
    shares.append(_lucky(tale))
    shares.append(_running(tale))
    everyone = Came(*(np.concatenate([getattr(part, name) for part in shares]) for name in ("person", "time", "row")))
    return _visits(tale, everyone)


def _seeds(tale: Tale, number: int, campaign: setting.Campaign) -> tuple[Ints, npt.NDArray[np.int64]]:
    """First sharers: those who came over a link of the brand, and some who took a link of their own accord.

    returns : the link of the brand, or NONE, and the moment of each
    """
    ours = np.flatnonzero(tale.link_campaign == number)[: tale.many(campaign.editions)]
    n = tale.many(campaign.seeds) if len(ours) else 0
    which = ours[pick(tale.rng, 1 / (1 + np.arange(len(ours))) ** 0.7, n)] if n else ours[:0]
    led = tale.link_time[which] + waits(tale.rng, n, 16.0, 1.4)
    free = np.zeros(tale.many(campaign.seeds * OWN_ACCORD), dtype=np.int64)
    weights = np.zeros(tale.calendar.days)
    for first, last in campaign.windows:
        weights[tale.calendar.day(first) : tale.calendar.day(last) + 1] = 1
    own = tale.calendar.times(tale.rng, weights, free)
    return np.concatenate([tale.links[which], free + NONE]), np.concatenate([led, own])


def _links(tale: Tale, campaign: int, who: Ints, time: Ints, via: Ints) -> npt.NDArray[np.int32]:
    n = len(who)
    about = setting.CAMPAIGNS[campaign]
    known = pick(tale.rng, np.array(about.disclosed), n)
    promised = tale.yes(n, about.rewarded)
    audience = np.minimum(np.exp(4.6 + 1.1 * tale.rng.standard_normal(n)), 90_000).astype(np.int64)
    return tale.rows.add(
        time, type="share", channel=code("web"), actor=who, via=via, campaign=campaign,
        content=blank(tale.write("share", who, campaign), tale.yes(n, 0.5)),
        object_text=setting.SHOP + about.name.lower().replace(" ", "-"),
        disclosed=np.array([1, 0, NONE])[known], rewarded=np.where(promised, 1, np.where(tale.yes(n, 0.6), 0, NONE)),
        audience=np.where(tale.yes(n, 0.5), audience, NONE), automated=np.where(tale.yes(n, 0.8), 0, NONE),
    )  # fmt: skip


def _pass_on(tale: Tale, campaign: int, mean: float, seeds: Ints, roots: Ints) -> Came:
    """Shares that come from `seeds`, each of which came over one of `roots`, or over none."""
    n = len(seeds)
    forest = branching(
        tale.rng, seeds, np.arange(n), np.full(n, mean), _delay, tale.calendar.end, OVERDISPERSION
    )  # fmt: skip
    who = _sharers(tale, forest)
    first = tale.rows.size
    via = np.where(forest.parent < 0, roots[forest.tree], first + forest.parent)
    rows = _links(tale, campaign, who, forest.time, via)
    return Came(who, forest.time, rows)


def _sharers(tale: Tale, forest: Forest) -> npt.NDArray[np.int64]:
    """Many of the first ones are known people; most of those who follow are new."""
    n = len(forest.time)
    known = tale.yes(n, np.where(forest.parent < 0, 0.4, 0.1))
    who = np.zeros(n, dtype=np.int64)
    pool = np.concatenate([tale.regulars, tale.fans])
    who[known] = tale.some(pool, int(known.sum()))
    who[~known] = tale.crowd.add(int((~known).sum()), code("web"))
    return who


def _lucky(tale: Tale) -> Came:
    """One card that caught fire, months before the end."""
    when = tale.calendar.first + tale.calendar.day(setting.LUCKY_DAY) * DAY + 9 * HOUR
    direct = tale.many(setting.LUCKY_DIRECT)
    return _planted(tale, "lucky_hit", setting.PLANTPALS, when, direct, setting.LUCKY_REPRODUCTION)


def _running(tale: Tale) -> Came:
    """One card that still runs when the log ends."""
    when = tale.calendar.first + tale.calendar.day(setting.RUNNING_DAY) * DAY + setting.RUNNING_HOUR * HOUR
    direct = tale.many(setting.RUNNING_DIRECT)
    return _planted(tale, "running", setting.INES, when, direct, setting.RUNNING_REPRODUCTION)


def _planted(tale: Tale, name: str, person: int, when: int, direct: int, mean: float) -> Came:
    root = _links(tale, setting.CARD, np.array([person]), np.array([when]), np.array([NONE]))
    seeds = when + waits(tale.rng, direct, 3.0, 1.0)
    came = _pass_on(tale, setting.CARD, mean, seeds, np.repeat(root, direct))
    tale.truth[name] = {
        "root_row": int(root[0]), "campaign": setting.NAMES[setting.CARD], "shares": int((came.time <= tale.calendar.end).sum()), "direct": direct,
        "reproduction": mean,
    }  # fmt: skip
    return came


def _visits(tale: Tale, shares: Came) -> Came:
    """People who came over somebody's link without a link of their own; some come again."""
    many = tale.rng.poisson(VISITS_A_SHARE, len(shares.row))
    source, _ = within(many)
    n = len(source)
    known = tale.yes(n, 0.12)
    who = np.zeros(n, dtype=np.int64)
    who[known] = tale.some(np.concatenate([tale.regulars, tale.fans]), int(known.sum()))
    who[~known] = tale.crowd.add(int((~known).sum()), code("web"))
    time = tale.awake(shares.time[source] + waits(tale.rng, n, 2.0, 1.3), who)
    rows = tale.rows.add(
        time, type="visit", channel=code("web"), actor=who, via=shares.row[source],
        automated=np.array([0, NONE])[pick(tale.rng, np.array([0.8, 0.2]), n)],
    )  # fmt: skip
    again = np.flatnonzero(tale.yes(n, 0.08))
    tale.rows.add(
        time[again] + tale.rng.integers(DAY, 70 * DAY, len(again)), type="visit", channel=code("web"), actor=who[again],
        object_text=setting.SHOP, automated=0,
    )  # fmt: skip
    return Came(
        np.concatenate([shares.person, who]), np.concatenate([shares.time, time]), np.concatenate([shares.row, rows])
    )


def repost(tale: Tale) -> npt.NDArray[np.int32]:
    """Reposts on the networks; most networks name only the post at the root. Returns their rows."""
    here = np.flatnonzero(np.isin(tale.post_channel, [code(name) for name in setting.NATIVE]))
    n = tale.many(3_000)
    weight = np.array([c.likes for c in setting.CAMPAIGNS])[tale.post_campaign[here]]
    root = here[pick(tale.rng, weight, n)]
    seeds = tale.post_time[root] + waits(tale.rng, n, 5.0, 1.3)
    mean = np.array([c.reproduction for c in setting.CAMPAIGNS])[tale.post_campaign[root]]
    forest = branching(tale.rng, seeds, np.arange(n), mean, _delay, tale.calendar.end, OVERDISPERSION)
    root = root[forest.tree]
    channel = tale.post_channel[root]
    who = _neighbours(tale, channel)
    named = np.isin(channel, [code(name) for name in setting.NAMES_PARENT])
    first = tale.rows.size
    via = np.where(forest.parent < 0, tale.posts[root], first + forest.parent)
    many = len(root)
    words = tale.write("share", who, tale.post_campaign[root])
    rows = tale.rows.add(
        forest.time, type="share", channel=channel, actor=who, object=tale.posts[root], via=np.where(named, via, NONE),
        content=blank(words, tale.yes(many, 0.3)), audience=np.where(
            tale.yes(many, 0.7), np.exp(5.0 + 1.2 * tale.rng.standard_normal(many)).astype(np.int64), NONE),
        disclosed=np.where(tale.yes(many, 0.5), 1, NONE),
    )  # fmt: skip
    undone = np.flatnonzero(tale.yes(many, 0.01))
    tale.rows.add(
        forest.time[undone] + waits(tale.rng, len(undone), 3.0), type="undo", channel=channel[undone], actor=who[undone],
        object=rows[undone],
    )  # fmt: skip
    seen = forest.time <= tale.calendar.end
    tale.truth["reposts"] = {
        "rows": int(seen.sum()), "parent_named": int((seen & named).sum()), "parent_hidden": int((seen & ~named).sum()),
    }  # fmt: skip
    return rows


def _neighbours(tale: Tale, channel: Ints) -> npt.NDArray[np.int64]:
    """Fans and regulars who are at home on the channel."""
    pool = np.concatenate([tale.fans, tale.fans, tale.regulars])
    home = tale.crowd.of("home", pool)
    who = np.zeros(len(channel), dtype=np.int64)
    for ch in np.unique(channel):
        mine = np.flatnonzero(channel == ch)
        local = pool[home == ch]
        who[mine] = tale.some(local if len(local) else pool, len(mine))
    return who


def one_tap(tale: Tale) -> None:
    """Likes and follows, and what of them is taken back."""
    n = tale.many(31_000)
    weight = np.array([c.likes for c in setting.CAMPAIGNS])[tale.post_campaign] * (tale.post_channel < code("podcast"))
    post = pick(tale.rng, weight, n)
    channel = tale.post_channel[post]
    who = _neighbours(tale, channel)
    time = tale.awake(tale.post_time[post] + waits(tale.rng, n, 3.5, 1.4), who)
    rows = tale.rows.add(time, type="like", channel=channel, actor=who, object=tale.posts[post])
    taken = np.flatnonzero(tale.yes(n, 0.012))
    tale.rows.add(
        time[taken] + waits(tale.rng, len(taken), 1.0), type="undo", channel=channel[taken], actor=who[taken],
        object=rows[taken],
    )  # fmt: skip
    follow(tale)


def follow(tale: Tale) -> None:
    """People begin to follow the brand where they are at home; a few stop."""
    pool = np.concatenate([tale.fans, tale.regulars])
    who = pool[np.isin(tale.crowd.of("home", pool), [code(name) for name in setting.NATIVE])]
    who = who[tale.yes(len(who), 0.75)]
    channel, time = tale.crowd.of("home", who), tale.when(who)
    rows = tale.rows.add(time, type="follow", channel=channel, actor=who, object_text=setting.HANDLE)
    stop = np.flatnonzero(tale.yes(len(who), 0.07))
    sale = tale.calendar.first + tale.calendar.day("2026-04-08") * DAY
    later = np.where(
        time[stop] < sale, sale + tale.rng.integers(0, 20 * DAY, len(stop)), time[stop] + tale.rng.integers(SECOND, 60 * DAY, len(stop)),
    )  # fmt: skip
    unfollow = tale.yes(len(stop), 0.85)
    tale.rows.add(
        later[unfollow], type="unfollow", channel=channel[stop][unfollow], actor=who[stop][unfollow], object_text=setting.HANDLE
    )  # fmt: skip
    undo = stop[~unfollow]
    tale.rows.add(later[~unfollow], type="undo", channel=channel[undo], actor=who[undo], object=rows[undo])
