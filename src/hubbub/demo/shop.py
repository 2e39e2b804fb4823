"""The invented shop: visits, sign-ups, the sale mail and what it burns, orders, refunds, and the networks' totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.demo import setting
from hubbub.demo.burst import Came
from hubbub.demo.rhythm import DAY, FLAT, HOUR, SECOND, pick, waits
from hubbub.demo.rows import BRAND, EVERYBODY, NONE, Ints, joined, micros
from hubbub.demo.tale import Tale, code
from hubbub.demo.talk import Threads

ORDER_MEDIAN, ORDER_SIGMA = 27.0, 0.55
BUYS_AFTER_TALK, BUYS_AFTER_SHARE, BUYS_AFTER_LINK, BUYS_DIRECT = 0.08, 0.011, 0.018, 0.008
REFUNDED = 0.045
OPENED, CLICKED, LEFT, COMPLAINED = 0.36, 0.045, 0.0045, 0.0012
MAIL_COST = 0.0045


def come(tale: Tale) -> tuple[Came, Came]:
    """Visits over the brand's own links, direct visits (some people again and again), and machines.

    returns : the first two groups
    """
    rng = tale.rng
    n = tale.many(9_000)
    link = pick(rng, 1 / (1 + np.arange(len(tale.links)) % 40), n)
    strangers = tale.crowd.add(tale.many(5_000), code("web"))
    pool = np.concatenate([strangers, tale.regulars, tale.fans])
    who = tale.some(pool, n)
    time = tale.awake(tale.link_time[link] + waits(rng, n, 7.0, 1.4), who)
    rows = tale.rows.add(
        time, type="visit", channel=code("web"), actor=who, via=tale.links[link], automated=np.where(tale.yes(n, 0.85), 0, NONE),
    )  # fmt: skip
    m = tale.many(14_000)
    weights = np.concatenate(
        [np.full(len(strangers), 0.5), 1 + tale.chatty / tale.chatty.mean(), np.full(len(tale.fans), 0.25)]
    )
    direct = tale.some(pool, m, weights)
    at = tale.when(direct)
    straight = tale.rows.add(
        at, type="visit", channel=code("web"), actor=direct,
        object_text=joined(setting.SHOP + "plants/", pa.array(rng.integers(0, 60, m)).cast("string")),
        automated=np.where(tale.yes(m, 0.75), 0, NONE),
    )  # fmt: skip
    _machines(tale)
    return Came(who, time, rows), Came(direct, at, straight)


def _machines(tale: Tale) -> None:
    n = tale.many(3_200)
    bots = tale.crowd.add(max(3, tale.many(25)), code("web"))
    link = pick(tale.rng, np.ones(len(tale.links)), n)
    time = tale.calendar.times(tale.rng, np.ones(tale.calendar.days), np.zeros(n, np.int64), FLAT)
    soon = tale.yes(n, 0.6)
    tale.rows.add(
        np.where(soon, tale.link_time[link] + tale.rng.integers(SECOND, 90 * SECOND, n), time), type="visit",
        channel=code("web"), actor=tale.some(bots, n), via=np.where(soon, tale.links[link], NONE), automated=1,
    )  # fmt: skip
    tale.truth["automated_visits"] = n


@dataclass(frozen=True)
class Subscribers:
    """Who is on the list for mails, since when, whether a share brought them, and when they left (if inside the log)."""

    person: npt.NDArray[np.int64]
    since: npt.NDArray[np.int64]
    shared: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int64]


def sign_up(tale: Tale, spread: Came) -> Subscribers:
    """People sign up for the mail: some who know the brand, some just after a share brought them."""
    known = np.unique(tale.some(np.concatenate([tale.regulars, tale.fans, tale.askers]), tale.many(1_900)))
    time = tale.when(known)
    link = pick(tale.rng, np.ones(len(tale.links)), len(known))
    led = tale.yes(len(known), 0.4) & (tale.link_time[link] < time)
    tale.rows.add(
        time, type="join", channel=code("email"), actor=known, via=np.where(led, tale.links[link], NONE), place=5,
        object_text=setting.SHOP + "mail",
    )  # fmt: skip
    people, first = np.unique(spread.person, return_index=True)
    fresh = ~np.isin(people, known) & tale.yes(len(people), 0.075)
    came = first[fresh]
    soon = spread.time[came] + waits(tale.rng, len(came), 0.4)
    tale.rows.add(
        soon, type="join", channel=code("email"), actor=people[fresh], place=5, via=tale.rows.column("via")[spread.row[came]],
        object_text=setting.SHOP + "mail",
    )  # fmt: skip
    person, since = np.concatenate([known, people[fresh]]), np.concatenate([time, soon])
    shared = np.arange(len(person)) >= len(known)
    return Subscribers(person, since, shared, np.full(len(person), np.iinfo(np.int64).max))


def sale(tale: Tale, on_list: Subscribers) -> None:
    """The sale mail to everyone on the list, day by day; some open it, few come, some leave, a few complain.; it fills in `left`."""
    left = on_list.left
    sent, leaves, flags = 0, 0, 0
    for day in setting.MAIL_DAYS:
        at = tale.calendar.first + tale.calendar.day(day) * DAY + 7 * HOUR
        on = np.flatnonzero((on_list.since < at) & (left > at))
        who, n = on_list.person[on], len(on)
        time = at + np.sort(tale.rng.integers(0, HOUR, n))
        mails = tale.rows.add(
            time, type="message", channel=code("email"), actor=BRAND, addressed_to=who, campaign=setting.SALE,
            context=tale.rows.size + np.arange(n), content=tale.write("mail", who, setting.SALE, slips=0.0),
            cost=np.full(n, round(MAIL_COST * 1_000_000)), place=5,
        )  # fmt: skip
        opened = np.flatnonzero(tale.yes(n, OPENED))
        seen = time[opened] + waits(tale.rng, len(opened), 4.0, 1.3)
        tale.rows.add(seen, type="view", channel=code("email"), actor=who[opened], object=mails[opened])
        clicked = opened[tale.yes(len(opened), CLICKED / OPENED)]
        tale.rows.add(
            time[clicked] + waits(tale.rng, len(clicked), 5.0, 1.2), type="visit", channel=code("web"), actor=who[clicked],
            campaign=setting.SALE, object_text=setting.SHOP + "sale", automated=0,
        )  # fmt: skip
        dislike = np.where(on_list.shared[on], 4.0, 1.0) * (2.2 if day.startswith("2026-11") else 1.0)
        gone = np.flatnonzero(tale.yes(n, LEFT * dislike))
        left[on[gone]] = time[gone] + waits(tale.rng, len(gone), 3.0)
        tale.rows.add(left[on[gone]], type="leave", channel=code("email"), actor=who[gone], object=mails[gone])
        angry = np.flatnonzero(tale.yes(n, COMPLAINED * dislike))
        tale.rows.add(
            time[angry] + waits(tale.rng, len(angry), 5.0), type="flag", channel=code("email"), actor=who[angry],
            object=mails[angry], content=tale.write("flag", who[angry]),
        )  # fmt: skip
        sent, leaves, flags = sent + n, leaves + len(gone), flags + len(angry)
    tale.truth["sale_mail"] = {"sent": sent, "leaves": leaves, "flags": flags, "days": list(setting.MAIL_DAYS)}


def order(tale: Tale, threads: Threads, spread: Came, linked: Came, direct: Came) -> None:
    """Orders after talks, after shares, after the brand's links, and out of nowhere; thanks after many; refunds."""
    rng = tale.rng
    talks = np.flatnonzero(
        threads.answered & tale.yes(len(threads.person), BUYS_AFTER_TALK * np.minimum(threads.turns, 6) / 3)
    )
    groups = {
        "conversation": (threads.person[talks], threads.last[talks] + waits(rng, len(talks), 40.0, 1.0), None),
        "spread": _after(tale, spread, BUYS_AFTER_SHARE, 0.7),
        "broadcast": _after(tale, linked, BUYS_AFTER_LINK, 0.4),
        "unknown": _after(tale, direct, BUYS_DIRECT, 0.0),
    }
    planted = {}
    for mode, (who, after, via) in groups.items():
        n = len(who)
        time = tale.awake(after, who)
        worth = micros(ORDER_MEDIAN * np.exp(ORDER_SIGMA * rng.standard_normal(n)))
        rows = tale.rows.add(
            time, type="convert", channel=code("web"), actor=who, via=NONE if via is None else via, value=worth,
            object_text=joined(setting.SHOP + "order/", pa.array(rng.integers(0, 60, n)).cast("string")),
        )  # fmt: skip
        _thank(tale, who, time)
        _refund(tale, who, time, worth, rows)
        inside = time <= tale.calendar.end
        planted[mode] = {"orders": int(inside.sum()), "value": round(float(worth[inside].sum()) / 1e6, 2)}
    tale.truth["orders_caused_by"] = planted


def _after(
    tale: Tale, came: Came, chance: float, named: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    chosen = np.flatnonzero(tale.yes(len(came.person), chance))
    time = came.time[chosen] + waits(tale.rng, len(chosen), 9.0, 1.3)
    via = tale.rows.column("via")[came.row[chosen]].astype(np.int64)
    return came.person[chosen], time, np.where(tale.yes(len(chosen), named), via, NONE)


def _thank(tale: Tale, who: Ints, time: Ints) -> None:
    """The brand's thanks come after the order: they must not turn it into conversation."""
    n = len(who)
    thanked = np.flatnonzero(tale.yes(n, 0.6))
    now = tale.calendar.awake(
        tale.rng, time[thanked] + waits(tale.rng, len(thanked), 1.0), np.zeros(len(thanked), int), 8, 20
    )
    tale.rows.add(
        now, type="message", channel=code("email"), actor=BRAND, addressed_to=who[thanked],
        content=tale.write("sold", who[thanked], slips=0.0),
    )  # fmt: skip
    glad = np.flatnonzero(tale.yes(len(thanked), 0.12))
    writer = who[thanked][glad]
    tale.rows.add(
        tale.awake(now[glad] + waits(tale.rng, len(glad), 5.0), writer), type="message", channel=code("email"), actor=writer,
        addressed_to=BRAND, content=tale.write("thanks", writer),
    )  # fmt: skip


def _refund(tale: Tale, who: Ints, time: Ints, worth: npt.NDArray[np.int64], rows: Ints) -> None:
    back = np.flatnonzero(tale.yes(len(who), REFUNDED))
    whole = tale.yes(len(back), 0.6)
    tale.rows.add(
        time[back] + waits(tale.rng, len(back), 70.0, 0.5), type="convert", channel=code("web"), actor=who[back],
        value=np.where(whole, -worth[back], -(worth[back] // 20_000) * 10_000), object=rows[back],
    )  # fmt: skip


def totals(tale: Tale, n: int) -> None:
    """`n` totals of views as the networks give them, under the brand's posts; the actor is everybody."""
    if n <= 0:
        return
    post = pick(tale.rng, np.ones(len(tale.posts)), n)
    # A total must not come after the end of the log, or the number of rows would not be the one asked for.
    room = np.maximum(tale.calendar.end - tale.post_time[post], SECOND + 1)
    time = tale.post_time[post] + np.minimum(waits(tale.rng, n, 20.0, 1.0), room)
    seen = np.exp(5.2 + 1.3 * tale.rng.standard_normal(n)).astype(np.int64) + 1
    tale.rows.add(
        time, type="view", channel=tale.post_channel[post], actor=EVERYBODY, object=tale.posts[post], count=seen,
    )  # fmt: skip
    tale.truth["totals"] = {"rows": n, "views": int(seen.sum())}
