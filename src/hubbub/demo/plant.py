"""Planted worlds: logs of 50 to ten million invented rows whose value, retention, spread and best action are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.demo import world
from hubbub.demo.rhythm import DAY, HOUR, SECOND, pick
from hubbub.demo.rows import BRAND, EVERYBODY, KIND, NO_MONEY, NONE, Ints, Rows, Texts, fixed, joined, micros
from hubbub.demo.sides import moments
from hubbub.demo.spec import MOST_EXCHANGES, Spec, posts_to_talk_about, truth
from hubbub.demo.trees import branching, pareto_sizes, times_down, within
from hubbub.demo.words import Writer, subjects
from hubbub.demo.world import World

NOTE = "Invented: a planted world, drawn from a specification; no brand, person or number in it exists."
START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = round(START.timestamp()) * SECOND
HANDLE = "brand"
CHANNELS = ("mastodon", "email", "web")
TALK, MAIL, WEB = range(3)
CAMPAIGNS = ("Talk", "Card", "Posts", "Sale mail")
TALKING, CARD, POSTS, SALE = range(4)
LAST_START_DAYS = 40
"""Nobody is first seen later than so many days before the end (but in running cascades), so that no order is cut off."""
SHOP = "https://brand.example/"


@dataclass
class _Field:
    """The state of one planting: rows, random numbers, how many people there are, and what came out."""

    spec: Spec
    rng: np.random.Generator
    rows: Rows
    end: int
    people: int = 0
    handles: list[tuple[npt.NDArray[np.int64], int, int]] = field(default_factory=list)
    consents: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]] = field(default_factory=list)
    drawn: dict[str, Any] = field(default_factory=dict)

    def new(self, n: int) -> npt.NDArray[np.int64]:
        self.people += n
        return np.arange(self.people - n, self.people)

    def starts(self, n: int) -> npt.NDArray[np.int64]:
        """First moments: from the second day on, early enough that nothing is cut off."""
        return FIRST + DAY + self.rng.integers(0, max(self.spec.days - LAST_START_DAYS - 1, 1) * DAY, n)

    def yes(self, n: int, chance: float | npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        return self.rng.random(n) < chance

    def wait(self, n: int) -> npt.NDArray[np.int64]:
        hours = self.spec.generation_hours * np.exp(self.spec.generation_sigma * self.rng.standard_normal(n))
        return np.maximum((hours * HOUR).astype(np.int64), SECOND)


def plant(spec: Spec, seed: int = 0) -> World:
    """A world drawn from a specification.

    seed : fixes everything; the same specification and seed give the same bytes
    returns : a world whose `truth` holds what is expected (see `spec.truth` and its `formulas`), and under `drawn`
        what came out in this draw
    """
    rng = np.random.default_rng([seed, 46_656])
    rows = Rows(CHANNELS, CAMPAIGNS, (), _name, lambda channel: HANDLE)
    plot = _Field(spec, rng, rows, FIRST + spec.days * DAY)
    posts = _posts(plot)
    _talk(plot, posts)
    _ignored(plot, posts)
    audience = _audience(plot, posts)
    _strangers(plot)
    _cascades(plot)
    _lucky(plot, posts)
    _traps(plot)
    _bring_back(plot, posts)
    _mail(plot, audience, posts)
    _fill(plot, posts)
    return _world(plot, seed)


def _name(channel: Ints, who: Ints) -> Texts:
    return joined("p", fixed(who, 8))


def _posts(plot: _Field) -> npt.NDArray[np.int32]:
    """Posts to talk about, evenly over the log, and a last one that marks its end."""
    time = np.append(FIRST + HOUR + np.arange(posts_to_talk_about(plot.spec)) * _step(plot.spec), plot.end)
    posts = plot.rows.add(
        time, type="post", channel=TALK, actor=BRAND, campaign=TALKING, content=_words(plot, "post", len(time))
    )
    return posts[:-1]


def _step(spec: Spec) -> int:
    return (spec.days - 1) * DAY // posts_to_talk_about(spec)


def _words(plot: _Field, kind: str, n: int) -> Texts | None:
    """Words in English where the specification asks for them."""
    if not plot.spec.words:
        return None
    about = subjects(plot.rng, n, np.zeros(n, np.int64), np.zeros(n, np.int64))
    none = pa.repeat(pa.scalar("you"), n)
    return Writer(plot.rng, ("Plant clinic Tuesdays",)).write(kind, about, {"to": none, "from": none})


def _latest(plot: _Field, posts: Ints, time: Ints) -> npt.NDArray[np.int64]:
    """The newest post before each moment."""
    number = np.clip((time - FIRST - HOUR - SECOND) // _step(plot.spec), 0, len(posts) - 1)
    out: npt.NDArray[np.int64] = posts[number].astype(np.int64)
    return out


def _talk(plot: _Field, posts: Ints) -> None:
    """Askers who are answered: half of them under a post, half by mail, then orders."""
    spec, rng, n = plot.spec, plot.rng, plot.spec.talkers
    who, first = plot.new(n), plot.starts(n)
    exchanges = _exchanges(spec, rng, n)
    person, place = within(exchanges + 1)
    gap = np.clip((2.5 * HOUR * np.exp(0.8 * rng.standard_normal(len(place)))).astype(np.int64), SECOND, 12 * HOUR)
    run = np.cumsum(np.where(place == 0, 0, gap))
    start = np.flatnonzero(place == 0)
    time = first[person] + run - run[start][person]
    ours = place % 2 == 1
    mail = plot.yes(n, 0.5)
    private = mail[person]
    row = plot.rows.size + np.arange(len(place))
    answers = np.where(place == 0, np.where(private, NONE, _latest(plot, posts, first)[person]), row - 1)
    plot.rows.add(
        time, type=np.where(private, KIND["message"], KIND["reply"]), channel=np.where(private, MAIL, TALK),
        actor=np.where(ours, BRAND, who[person]), in_reply_to=answers, context=np.where(private, row - place, NONE),
        addressed_to=np.where(ours, who[person], BRAND), campaign=np.where(place == 0, TALKING, NONE),
        content=_words(plot, "open", len(place)),
    )  # fmt: skip
    channel = np.where(mail, MAIL, TALK)
    two = plot.yes(n, spec.two_handles)
    last = np.zeros(n, dtype=np.int64)
    last[person] = time
    for place_of, linked in ((WEB, two), (None, ~two)):
        mine = np.flatnonzero(linked)
        at = last[mine] + rng.integers(HOUR, 4 * DAY, len(mine))
        where: Any = place_of if place_of is not None else channel[mine]
        _buy(plot, "conversation", who[mine], at, where, spec.value_conversation, spec.buys_conversation)
    for code in (TALK, MAIL):
        plot.handles.append((who[two & (channel == code)], code, WEB))
    _return(plot, who, first, channel, spec.retained_conversation)
    plot.drawn["exchanges"] = int(exchanges.sum())


def _exchanges(spec: Spec, rng: np.random.Generator, n: int) -> npt.NDArray[np.int64]:
    if spec.exchange_law == "fixed":
        return np.full(n, round(spec.exchanges), dtype=np.int64)
    if spec.exchange_law == "poisson":
        return np.minimum(1 + rng.poisson(spec.exchanges - 1, n), MOST_EXCHANGES)
    return np.minimum(rng.geometric(1 / spec.exchanges, n), MOST_EXCHANGES).astype(np.int64)


def _buy(
    plot: _Field, cause: str, who: Ints, time: Ints, channel: Any, worth: float, chance: float, via: Ints | None = None
) -> npt.NDArray[np.int64]:
    """Orders of some of the people, of expected value `worth` a person, and refunds of some orders; who bought."""
    spec, rng = plot.spec, plot.rng
    if worth <= 0 or chance <= 0:
        return np.zeros(0, dtype=np.int64)
    chosen = np.flatnonzero(plot.yes(len(who), chance))
    n = len(chosen)
    amount = worth / chance * np.exp(spec.order_sigma * rng.standard_normal(n) - spec.order_sigma**2 / 2)
    paid = np.maximum(micros(amount), 10_000)
    where = channel[chosen] if isinstance(channel, np.ndarray) else channel
    rows = plot.rows.add(time[chosen], type="convert", channel=where, actor=who[chosen], value=paid)
    back = np.flatnonzero(plot.yes(n, spec.refunds))
    plot.rows.add(
        time[chosen][back] + rng.integers(DAY, 3 * DAY, len(back)), type="convert", actor=who[chosen][back],
        channel=where[back] if isinstance(where, np.ndarray) else where, value=-paid[back], object=rows[back],
    )  # fmt: skip
    net = float(paid.sum() - paid[back].sum()) / 1e6
    plot.drawn[f"value_{cause}"] = round(plot.drawn.get(f"value_{cause}", 0.0) + net, 2)
    return chosen


def _return(plot: _Field, who: Ints, first: Ints, channel: Any, chance: float | npt.NDArray[np.float64]) -> None:
    """Some come back once in days [30, 60), and part of these once in days [90, 120)."""
    back = np.flatnonzero(plot.yes(len(who), chance))
    again = back[plot.yes(len(back), plot.spec.lasting)]
    for chosen, day in ((back, 30), (again, 90)):
        time = first[chosen] + day * DAY + plot.rng.integers(0, 30 * DAY, len(chosen))
        where = channel[chosen] if isinstance(channel, np.ndarray) else channel
        plot.rows.add(time, type="like", channel=where, actor=who[chosen], object_text=SHOP)


def _ignored(plot: _Field, posts: Ints) -> None:
    """Askers whom nobody answers: one half under a post, the other by message."""
    spec, n = plot.spec, plot.spec.ignored
    who, first = plot.new(n), plot.starts(n)
    under = np.arange(n) % 2 == 0
    plot.rows.add(
        first, type=np.where(under, KIND["reply"], KIND["message"]), channel=np.where(under, TALK, MAIL), actor=who,
        in_reply_to=np.where(under, _latest(plot, posts, first), NONE), addressed_to=BRAND, campaign=TALKING,
        content=_words(plot, "open", n),
    )  # fmt: skip
    for mine, channel, chance in ((under, TALK, spec.retained_broadcast), (~under, MAIL, spec.retained_unknown)):
        _return(plot, who[mine], first[mine], channel, chance)
    later = first + plot.rng.integers(HOUR, 20 * DAY, n)
    _buy(plot, "unanswered", who, later, np.where(under, TALK, MAIL), spec.value_unanswered, spec.buys_conversation)


def _audience(plot: _Field, posts: Ints) -> npt.NDArray[np.int64]:
    """People who like a post (a sale's, where mails follow); the first of them allow to be asked to share."""
    spec, n = plot.spec, plot.spec.audience
    who, first = plot.new(n), plot.starts(n)
    if spec.mails:
        first = FIRST + DAY + plot.rng.integers(0, (spec.days // 3 - 1) * DAY, n)
    plot.rows.add(
        first, type="like", channel=TALK, actor=who, object=_latest(plot, posts, first),
        campaign=np.full(n, SALE if spec.mails else NONE),
    )  # fmt: skip
    _willing(plot, posts, who[: spec.willing], first[: spec.willing])
    if not spec.mails:
        later = first + plot.rng.integers(HOUR, 20 * DAY, n)
        _buy(plot, "audience", who, later, TALK, spec.value_audience, 0.3)
        _return(plot, who, first, TALK, spec.retained_broadcast)
    plot.consents.append((who[: spec.willing], first[: spec.willing] + HOUR, TALK))
    return who


def _willing(plot: _Field, posts: Ints, who: Ints, first: Ints) -> None:
    """Those who may be asked have talked with the brand and passed on a post, which brought nobody; some did so twice."""
    n = len(who)
    if not n:
        return
    post = _latest(plot, posts, first)
    asked = plot.rows.add(
        first + HOUR, type="reply", channel=TALK, actor=who, in_reply_to=post, addressed_to=BRAND,
        campaign=TALKING, content=_words(plot, "open", n),
    )  # fmt: skip
    plot.rows.add(
        first + 2 * HOUR, type="reply", channel=TALK, actor=BRAND, in_reply_to=asked, addressed_to=who,
        content=_words(plot, "open", n),
    )  # fmt: skip
    again = plot.yes(n, plot.spec.accepts)
    for days, mine in ((1, np.ones(n, dtype=bool)), (3, again)):
        plot.rows.add(
            first[mine] + days * DAY, type="share", channel=TALK, actor=who[mine], via=post[mine], object=post[mine],
            disclosed=1,
        )  # fmt: skip


def _strangers(plot: _Field) -> None:
    who, first = plot.new(plot.spec.strangers), plot.starts(plot.spec.strangers)
    plot.rows.add(first, type="visit", channel=WEB, actor=who, object_text=SHOP, automated=0)
    _return(plot, who, first, WEB, plot.spec.retained_unknown)


def _cascades(plot: _Field) -> None:
    """Posts of the brand that people pass on; those who come over a person's share buy."""
    spec = plot.spec
    root_time = plot.starts(spec.cascades)
    if spec.tree == "pareto":
        sizes = pareto_sizes(plot.rng, spec.cascades, spec.tail, spec.largest)
        _pareto(plot, root_time, sizes, spec.value_spread / spec.people_a_cascade, spec.buys_spread)
        plot.drawn["largest"] = int(sizes.max(initial=0))
        return
    worth = spec.value_spread / spec.people_a_cascade if spec.people_a_cascade else 0.0
    _branch(plot, root_time, worth)
    if spec.running:
        late = plot.end - plot.rng.integers(HOUR, round(6 * spec.generation_hours * HOUR) + HOUR + 1, spec.running)
        _branch(plot, late, 0.0)


def _roots(plot: _Field, time: Ints) -> npt.NDArray[np.int32]:
    return plot.rows.add(
        time, type="post", channel=WEB, actor=BRAND, campaign=CARD, content=_words(plot, "post", len(time)), url=SHOP
    )


def _share(
    plot: _Field, time: Ints, who: Ints, via: Ints, root: Ints, hideable: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int32]:
    """Shares; for some of those that may be hidden the network names only the root."""
    hidden = hideable & plot.yes(len(time), plot.spec.hidden)
    return plot.rows.add(
        time, type="share", channel=WEB, actor=who, via=np.where(hidden, NONE, via), object=root, disclosed=1,
        audience=np.exp(5 + plot.rng.standard_normal(len(time))).astype(np.int64), content=_words(plot, "share", len(time)),
    )  # fmt: skip


def _pareto(
    plot: _Field, root_time: Ints, sizes: Ints, worth: float, chance: float, liked: npt.NDArray[np.int32] | None = None
) -> None:
    """Cascades of given sizes: one first sharer each, and `sizes` people who hang on a random earlier sharer.

    liked : a post of the brand; where given, every person brought has liked it some days before
    """
    spec, rng, k = plot.spec, plot.rng, len(sizes)
    roots = _roots(plot, root_time)
    tree, _ = within(sizes)
    n = len(tree)
    shares = plot.yes(n, spec.passing)
    before: Ints = np.cumsum(shares) - shares
    start = np.cumsum(sizes) - sizes
    earlier: Ints = before - before[np.minimum(start, max(n - 1, 0))][tree]
    rank = (rng.random(n) * (earlier + 1)).astype(np.int64)
    sharer = np.flatnonzero(shares)
    position = np.maximum(before - earlier + rank - 1, 0)
    parent = np.where(
        rank == 0, tree, k + (sharer[np.minimum(position, max(len(sharer) - 1, 0))] if len(sharer) else 0)
    )
    every_parent = np.concatenate([np.full(k, -1), parent])
    seed_time = root_time + plot.wait(k)
    first = np.concatenate([seed_time, np.zeros(n, dtype=np.int64)])
    time = times_down(every_parent, np.concatenate([np.zeros(k, np.int64), plot.wait(n)]), first)[k:]
    seeds, who = plot.new(k), plot.new(n)
    _ask(plot, seeds, seed_time)
    seed_rows = _share(plot, seed_time, seeds, roots, roots, np.zeros(k, bool))
    row = np.full(k + n, NONE, dtype=np.int64)
    row[:k] = seed_rows
    row[k + sharer] = plot.rows.size + np.arange(len(sharer))
    via = row[parent]
    _share(plot, time[shares], who[shares], via[shares], roots[tree[shares]], np.ones(len(sharer), bool))
    came = ~shares
    plot.rows.add(time[came], type="visit", channel=WEB, actor=who[came], via=via[came], automated=0)
    if liked is not None:
        when = np.maximum(time - rng.integers(2 * DAY, 10 * DAY, n), FIRST + 2 * HOUR)
        plot.rows.add(when, type="like", channel=WEB, actor=who, object=liked[0])
    _after_spread(plot, who, time, worth, chance)
    if liked is None:
        _return(plot, seeds, seed_time, WEB, spec.retained_broadcast)
        _return(plot, who, time, WEB, _chances(plot, spec.retained_spread, tree))


def _chances(plot: _Field, chance: float, tree: Ints) -> float | npt.NDArray[np.float64]:
    """The chance of each person of some trees; where people of one tree are alike, from a beta a tree."""
    if not plot.spec.alike:
        return chance
    mass = 1.0 / plot.spec.alike - 1.0
    return plot.rng.beta(chance * mass, (1.0 - chance) * mass, int(tree.max(initial=-1)) + 1)[tree]


def _ask(plot: _Field, who: Ints, share_time: Ints) -> None:
    """Where some are willing but not asked, those who shared had been asked, and had allowed it."""
    if not plot.spec.willing:
        return
    asked = np.maximum(share_time - HOUR, FIRST)
    plot.rows.add(
        asked,
        type="message",
        channel=WEB,
        actor=BRAND,
        addressed_to=who,
        campaign=CARD,
        content=_words(plot, "private", len(who)),
    )
    plot.consents.append((who, np.maximum(asked - DAY, FIRST), WEB))


def _branch(plot: _Field, root_time: Ints, worth: float) -> None:
    """Galton-Watson cascades with delays, cut off at the end of the log."""
    spec, k = plot.spec, len(root_time)
    roots = _roots(plot, root_time)
    tree = np.repeat(np.arange(k), spec.seeds)
    seed_time = root_time[tree] + plot.wait(len(tree))
    inside = seed_time <= plot.end
    tree, seed_time = tree[inside], seed_time[inside]
    forest = branching(plot.rng, seed_time, tree, np.full(k, spec.reproduction), lambda _, n: plot.wait(n), plot.end)
    who = plot.new(len(forest.time))
    child = forest.parent >= 0
    _ask(plot, who[~child], forest.time[~child])
    via = np.where(child, plot.rows.size + forest.parent, roots[forest.tree])
    _share(plot, forest.time, who, via, roots[forest.tree], child)
    _after_spread(plot, who[child], forest.time[child], worth, spec.buys_spread)
    _return(plot, who[~child], forest.time[~child], WEB, spec.retained_broadcast)
    _return(plot, who[child], forest.time[child], WEB, spec.retained_spread)


def _after_spread(plot: _Field, who: Ints, time: Ints, worth: float, chance: float) -> None:
    """Orders of people whom a share brought; with `thanks` they write before, and the brand answers after."""
    order = time + plot.rng.integers(2 * HOUR, 5 * DAY, len(who))
    bought = _buy(plot, "spread", who, order, WEB, worth, chance)
    if not plot.spec.thanks:
        return
    asked = plot.rows.add(
        order[bought] - 600 * SECOND, type="message", channel=WEB, actor=who[bought], addressed_to=BRAND,
        content=_words(plot, "private", len(bought)),
    )  # fmt: skip
    plot.rows.add(
        order[bought] + plot.rng.integers(600 * SECOND, DAY, len(bought)), type="message", channel=WEB, actor=BRAND,
        addressed_to=who[bought], in_reply_to=asked, content=_words(plot, "sold", len(bought)),
    )  # fmt: skip


def _lucky(plot: _Field, posts: Ints) -> None:
    """One cascade that got lucky, and one whose people had all liked something before."""
    spec = plot.spec
    each = spec.value_spread / spec.people_a_cascade if spec.people_a_cascade else 0.0
    before = plot.drawn.get("value_spread", 0.0)
    if spec.lucky:
        _pareto(plot, plot.starts(1), np.array([spec.lucky]), each, spec.buys_spread)
    with_lucky = plot.drawn.get("value_spread", 0.0)
    if spec.after_like:
        home = _roots(plot, np.array([FIRST + HOUR]))
        when = FIRST + 20 * DAY + plot.rng.integers(0, (spec.days - 90) * DAY, 1)
        _pareto(plot, when, np.array([spec.after_like]), each / max(spec.buys_spread, 1e-9), 1.0, home)
    plot.drawn["value_lucky"] = round(with_lucky - before, 2)
    plot.drawn["value_after_like"] = round(plot.drawn.get("value_spread", 0.0) - with_lucky, 2)


def _traps(plot: _Field) -> None:
    """Three shares of one moment that name each other, in a circle."""
    if plot.spec.cycle:
        first = plot.rows.size
        time = np.full(3, FIRST + 10 * DAY)
        plot.rows.add(
            time, type="share", channel=WEB, actor=plot.new(3), via=first + np.array([1, 2, 0]), object_text=SHOP
        )


def _bring_back(plot: _Field, talked: Ints) -> None:
    """Posts that bring known people back to like and to buy."""
    spec = plot.spec
    if not spec.posts:
        return
    known, returns = plot.new(max(20, spec.posts)), 4
    begun = FIRST + DAY + plot.rng.integers(0, 5 * DAY, len(known))
    plot.rows.add(begun, type="like", channel=TALK, actor=known, object=talked[0])
    time = np.sort(plot.starts(spec.posts)) + 6 * DAY
    posts = plot.rows.add(
        time, type="post", channel=TALK, actor=BRAND, campaign=POSTS, content=_words(plot, "post", spec.posts),
        cost=micros(np.full(spec.posts, spec.cost_post)) if spec.cost_post else NO_MONEY,
    )  # fmt: skip
    who = known[plot.rng.integers(0, len(known), spec.posts * returns)]
    which = np.repeat(np.arange(spec.posts), returns)
    back = time[which] + plot.rng.integers(HOUR, DAY, len(which))
    plot.rows.add(back, type="like", channel=TALK, actor=who, object=posts[which])
    _buy(plot, "posts", who, back + plot.rng.integers(HOUR, DAY, len(which)), TALK, spec.value_post / returns, 0.3)


def _mail(plot: _Field, audience: Ints, posts: Ints) -> None:
    """Sale mails to the audience, at each of which some leave; who stayed buys in the last third of the log."""
    spec, rng = plot.spec, plot.rng
    if not spec.mails:
        return
    stays = np.ones(len(audience), dtype=bool)
    third = spec.days // 3
    sent = FIRST + third * DAY + (np.arange(spec.mails) * third * DAY) // spec.mails
    for at in sent:
        to = audience[stays]
        time = np.full(len(to), at) + rng.integers(0, HOUR, len(to))
        mails = plot.rows.add(
            time, type="message", channel=TALK, actor=BRAND, addressed_to=to, campaign=SALE, content=_words(plot, "mail", len(to)),
            cost=np.full(len(to), round(spec.cost_mail * 1_000_000)) if spec.cost_mail else NO_MONEY,
        )  # fmt: skip
        gone = np.flatnonzero(plot.yes(len(to), spec.leaves))
        left = time[gone] + rng.integers(60 * SECOND, 6 * HOUR, len(gone))
        angry = plot.yes(len(gone), 0.2)
        plot.rows.add(
            left, type=np.where(angry, KIND["flag"], KIND["leave"]), channel=TALK, actor=to[gone], object=mails[gone]
        )
        stays[np.flatnonzero(stays)[gone]] = False
        plot.drawn["left"] = plot.drawn.get("left", 0) + len(gone)
    stayed = audience[stays]
    back = FIRST + (2 * third + 1) * DAY + rng.integers(0, (spec.days - 2 * third - 8) * DAY, len(stayed))
    plot.rows.add(back, type="like", channel=TALK, actor=stayed, object=_latest(plot, posts, back))
    _buy(plot, "audience", stayed, back + rng.integers(HOUR, 2 * DAY, len(stayed)), TALK, spec.value_audience, 0.3)


def _fill(plot: _Field, posts: Ints) -> None:
    """Totals of views under the posts, up to the number of rows asked for."""
    inside = int((plot.rows.column("time") <= plot.end).sum())
    n = plot.spec.rows - inside
    if n <= 0:
        return
    post = pick(plot.rng, np.ones(len(posts)), n)
    at = plot.rows.column("time")[posts[post]] + plot.rng.integers(HOUR, DAY, n)
    views = plot.rng.integers(1, 2_000, n)
    plot.rows.add(at, type="view", channel=TALK, actor=EVERYBODY, object=posts[post], count=views)


def _world(plot: _Field, seed: int) -> World:
    spec = plot.spec
    gap = FIRST + spec.gap_days * DAY
    lost = (plot.rows.column("channel") == TALK) & (plot.rows.column("time") < gap) if spec.gap_days else None
    log = plot.rows.table(plot.end, lost)
    drawn = {
        **plot.drawn,
        "people": plot.people,
        "rows": log.num_rows,
        "rows_lost": int(lost.sum()) if lost is not None else 0,
    }
    return World(
        activities=log,
        people=_people(plot),
        effort=_effort(spec),
        coverage=_coverage(spec),
        segments=None,
        follows=None,
        consent=_consent(plot),
        brand=(HANDLE,),
        zone="UTC",
        watched=(HANDLE,),
        truth={"world": "planted", "seed": seed, **truth(spec), "drawn": drawn},
        note=NOTE,
    )


def _people(plot: _Field) -> pa.Table:
    parts = []
    for who, one, other in plot.handles:
        both, channel = np.repeat(who, 2), np.tile(np.array([one, other]), len(who))
        names = pa.array(CHANNELS).take(pa.array(channel))
        parts.append(pa.table([joined("person ", fixed(both, 8)), names, _name(channel, both)], schema=world.PEOPLE))
    return pa.concat_tables([world.PEOPLE.empty_table(), *parts])


def _effort(spec: Spec) -> pa.Table:
    """What was spent, in four parts a side; no row for a side without effort."""
    rows = []
    for quarter in range(4):
        at = START + timedelta(days=spec.days * quarter // 4 + 1)
        for campaign, mode, cost in (
            ("Talk", "conversation", spec.effort_conversation), ("Card", "spread", spec.effort_spread),
        ):  # fmt: skip
            if cost > 0:
                rows.append((at, campaign, mode, None, Decimal(f"{cost / 4:.6f}"), "EUR"))
    columns = list(zip(*rows, strict=True)) or [()] * len(world.EFFORT)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, world.EFFORT, strict=True)], schema=world.EFFORT)


def _coverage(spec: Spec) -> pa.Table | None:
    """Where the log of the talk channel begins late; None without a gap."""
    if not spec.gap_days:
        return None
    row = (CHANNELS[TALK], START + timedelta(days=spec.gap_days), START + timedelta(days=spec.days), "all from then on")
    return pa.table([pa.array([c], f.type) for c, f in zip(row, world.COVERAGE, strict=True)], schema=world.COVERAGE)


def _consent(plot: _Field) -> pa.Table | None:
    if not plot.spec.willing:
        return None
    parts = []
    for who, time, code in plot.consents:
        n = len(who)
        words = [pa.repeat(pa.scalar(t), n) for t in ("ask-to-share", "given", "consent", "preferences page")]
        channel = pa.repeat(pa.scalar(CHANNELS[code]), n)
        parts.append(pa.table([moments(time), channel, _name(np.full(n, code), who), *words], schema=world.CONSENT))
    return pa.concat_tables(parts)
