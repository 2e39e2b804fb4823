"""What a planted world is made of, what must be true of it, and what follows from an action. Every world is invented."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from hubbub.demo.trees import pareto_mean

MOST_EXCHANGES = 40
ACTIONS: tuple[str, ...] = ("answer", "ask", "share", "post", "stop", "test")
"""What one can do next. `share` (a page to share from) and `ask` reach the same willing people."""


@dataclass(frozen=True)
class Spec:
    """A planted world, by its parts. Money is in EUR, times in days or hours as named.

    Conversation
        talkers : people who ask and get an answer
        exchanges, exchange_law : mean exchanges of a talker; `geometric`, `poisson` (1 + Poisson) or `fixed`, cut at 40
        value_conversation : expected value of a talker; buys_conversation : chance that a talker buys
        two_handles : part of the talkers who buy under another handle, which people.csv names
        unanswered : part of all askers whom nobody answers; value_unanswered : expected value of one
        effort_conversation : what the brand spent on all of it
    Spread
        cascades : how many, each from a post of the brand over one first sharer (or `seeds` of them)
        tree : `pareto` (people brought have P(n >= k) = k ** -tail, up to `largest`; each hangs on a random earlier
            sharer; part `passing` of them share themselves) or `branching` (each share brings Poisson(`reproduction`))
        generation_hours : median wait from a share to what it brings, log-normal with sigma `generation_sigma`
        running : further cascades of a branching world that begin shortly before the end and are cut off by it
        value_spread : expected value of a cascade; buys_spread : chance that a person brought buys
        effort_spread : what the brand spent on all of it
        hidden : part of the shares for which the network names only the root
        lucky : people whom one further cascade brings, by luck; they buy as others do
    Others
        audience : people who like a post; value_audience : expected value of one
        strangers : people who come from nowhere
        retained_* : chance to come back in days [30, 60), by origin; lasting : of these, in days [90, 120) as well
        alike : correlation of coming back between people of one cascade; each cascade has a chance of its own
        order_sigma : of the log-normal order values; refunds : part of orders that are paid back
    Traps
        thanks : buyers by spread write before they order, and the brand thanks everyone afterwards
        cycle : three shares that name each other
        after_like : people of one further lucky cascade, all of whom liked something of the brand's before, and all buy
        gap_days : rows of the talk channel are missing for so long at the start, and coverage.csv says so
    Actions (all zero: the action changes nothing)
        willing : people who talked with the brand, passed a post on, and allow to be asked to share, but were not asked
        accepts : part of them who would; so many have passed a post on twice
        posts : posts that bring known people back; value_post : expected value of one; cost_post
        mails : sale mails to the whole audience; leaves : chance to leave at each; cost_mail : of one to one person
        stake : part of the effort that would move to the better side once a test told which it is; cost_test
    Frame
        days : length of the log; rows : filled up to so many with totals of views; words : whether texts are written
    """

    talkers: int = 200
    exchanges: float = 3.0
    exchange_law: Literal["geometric", "poisson", "fixed"] = "geometric"
    value_conversation: float = 10.0
    buys_conversation: float = 0.3
    two_handles: float = 0.2
    unanswered: float = 0.0
    value_unanswered: float = 0.0
    effort_conversation: float = 1000.0
    cascades: int = 40
    tree: Literal["pareto", "branching"] = "pareto"
    tail: float = 1.5
    largest: int = 2_000
    passing: float = 0.4
    reproduction: float = 0.5
    seeds: int = 3
    generation_hours: float = 4.0
    generation_sigma: float = 0.6
    running: int = 0
    value_spread: float = 50.0
    buys_spread: float = 0.3
    effort_spread: float = 1000.0
    hidden: float = 0.0
    lucky: int = 0
    audience: int = 200
    value_audience: float = 0.0
    strangers: int = 50
    retained_conversation: float = 0.35
    retained_spread: float = 0.08
    retained_broadcast: float = 0.15
    retained_unknown: float = 0.1
    lasting: float = 0.6
    alike: float = 0.0
    order_sigma: float = 0.6
    refunds: float = 0.0
    thanks: bool = False
    cycle: bool = False
    after_like: int = 0
    gap_days: int = 0
    willing: int = 0
    accepts: float = 0.3
    posts: int = 0
    value_post: float = 0.0
    cost_post: float = 0.0
    mails: int = 0
    leaves: float = 0.0
    cost_mail: float = 0.0
    stake: float = 0.0
    cost_test: float = 0.0
    days: int = 240
    rows: int = 0
    words: bool = False

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def cell(cls, tail: float, cascades: int, talkers: int, ratio: float, **other: Any) -> Spec:
        """A world in which conversation is worth `ratio` times spread, at equal effort.

        The value of a cascade is set so that talkers * value_conversation = ratio * cascades * value_spread.
        """
        plain = cls(tail=tail, cascades=cascades, talkers=talkers, **other)
        worth = plain.talkers * plain.value_conversation / (ratio * plain.cascades)
        return replace(plain, value_spread=worth)

    @classmethod
    def of_rows(cls, rows: int, **other: Any) -> Spec:
        """A world of about `rows` rows (from 50), its people and cascades in the proportions of `other` or the default.

        The heavier the tail, the less the sizes of cascades add up as expected; totals of views fill what is missing.
        """
        if rows < 50:
            raise ValueError(f"rows must be at least 50, not {rows}")
        plain = cls(**other)
        return replace(plain.times(0.9 * rows / expected_rows(plain)), rows=rows)

    def times(self, factor: float) -> Spec:
        """The same world with `factor` times the people, cascades and effort; at least one of each kind that it has."""
        many: dict[str, Any] = {
            name: max(1, round(getattr(self, name) * factor)) if getattr(self, name) else 0
            for name in ("talkers", "cascades", "audience", "strangers", "running", "willing")
        }
        effort: dict[str, Any] = {
            name: getattr(self, name) * factor for name in ("effort_conversation", "effort_spread")
        }
        return replace(self, **many, **effort)

    @property
    def people_a_cascade(self) -> float:
        """Expected people whom a cascade brings: the sum of k ** -tail, or seeds * R / (1 - R)."""
        if self.tree == "pareto":
            return pareto_mean(self.tail, self.largest)
        return self.seeds * self.reproduction / (1 - self.reproduction)

    @property
    def mean_exchanges(self) -> float:
        """Expected exchanges of a talker, with the cut at 40."""
        if self.exchange_law == "geometric":
            return self.exchanges * (1 - (1 - 1 / self.exchanges) ** MOST_EXCHANGES)
        return float(round(self.exchanges)) if self.exchange_law == "fixed" else self.exchanges

    @property
    def ignored(self) -> int:
        """How many askers nobody answers."""
        return round(self.talkers * self.unanswered / (1 - self.unanswered))

    @property
    def sharing_part(self) -> float:
        """Part of the people brought who share themselves."""
        return self.passing if self.tree == "pareto" else 1.0


def _check(spec: Spec) -> None:
    whole = (
        "talkers",
        "cascades",
        "audience",
        "strangers",
        "lucky",
        "after_like",
        "willing",
        "posts",
        "mails",
        "running",
    )
    parts = (
        "unanswered",
        "passing",
        "hidden",
        "buys_conversation",
        "buys_spread",
        "two_handles",
        "refunds",
        "leaves",
        "stake",
    )
    for name in whole:
        if getattr(spec, name) < 0:
            raise ValueError(f"{name} must not be negative")
    for name in parts:
        if not 0 <= getattr(spec, name) <= 1:
            raise ValueError(f"{name} must lie between 0 and 1")
    if spec.unanswered == 1 or (spec.tree == "branching" and not 0 <= spec.reproduction < 1):
        raise ValueError("unanswered and, in a branching world, reproduction must be below 1")
    if spec.exchanges < 1 or spec.days < 130:
        raise ValueError("exchanges must be at least 1 and days at least 130")
    if spec.willing > spec.audience:
        raise ValueError("the willing are part of the audience: willing must not be above audience")


def posts_to_talk_about(spec: Spec) -> int:
    """How many posts the brand writes for people to answer and to like: one a week, fewer in a very small world."""
    return max(1, min(spec.days // 7, (spec.talkers + spec.audience) // 8))


def expected_rows(spec: Spec) -> float:
    """About how many rows a world has before totals fill it up."""
    talk = spec.talkers * (spec.mean_exchanges + 1 + spec.buys_conversation + 0.5) + spec.ignored * 1.3
    spread = spec.cascades * (2.2 + (1.1 + spec.buys_spread) * spec.people_a_cascade)
    return 1 + posts_to_talk_about(spec) + talk + spread + 1.2 * (spec.audience * (1 + spec.mails) + spec.strangers)


def expected_value(spec: Spec) -> dict[str, float]:
    """Expected linear credit of each mode, without lucky hits.

    conversation : talkers * value_conversation * (1 - refunds)
    spread : cascades * value_spread * (1 - refunds) * (1 - hidden * sharing_part), halved where `thanks` is set, for
        the words before the order are a second touch, of mode unknown (their answer comes after the order)
    broadcast : what hidden parents take from spread, and audience * value_audience * (1 - leaves) ** mails
        + posts * value_post + half of the unanswered (those who answered a post)
    unknown : the other half of the unanswered, and of the spread where `thanks` is set
    """
    kept = 1 - spec.refunds
    spread = spec.cascades * spec.value_spread * kept
    seen = 1 - spec.hidden * spec.sharing_part
    part = 0.5 if spec.thanks else 1.0
    ignored = spec.ignored * spec.value_unanswered * kept
    audience = spec.audience * spec.value_audience * (1 - spec.leaves) ** spec.mails * kept
    return {
        "conversation": spec.talkers * spec.value_conversation * kept,
        "spread": spread * seen * part,
        "broadcast": spread * (1 - seen) * part + audience + spec.posts * spec.value_post * kept + ignored / 2,
        "unknown": spread * (1 - part) + ignored / 2,
    }


def expected_cost(spec: Spec) -> float:
    """What the brand spends: effort of both sides, posts and mails."""
    mails = spec.audience * spec.cost_mail * sum((1 - spec.leaves) ** i for i in range(spec.mails))
    return spec.effort_conversation + spec.effort_spread + spec.posts * spec.cost_post + mails


def expected_net(spec: Spec) -> float:
    """Expected value of a world less what it costs, without lucky hits."""
    return sum(expected_value(spec).values()) - expected_cost(spec)


def follow(spec: Spec, action: str) -> Spec:
    """The world in which an action was taken.

    answer : everybody who asks is answered, at the same effort a talker
    ask, share : the willing are asked; part `accepts` of them start cascades, at the same effort a cascade
    post : twice as many of the posts that bring people back
    stop : no more sale mails
    test : part `stake` of both efforts, with what it brings, moves to the side that truly returns more per effort
    raises : ValueError for another word

    >>> follow(Spec(mails=3, leaves=0.1), "stop").mails
    0
    """
    if action == "answer":
        grown = spec.talkers + spec.ignored
        effort = spec.effort_conversation * grown / max(spec.talkers, 1)
        return replace(spec, talkers=grown, unanswered=0.0, effort_conversation=effort)
    if action in ("ask", "share"):
        more = round(spec.willing * spec.accepts)
        effort = spec.effort_spread * (spec.cascades + more) / max(spec.cascades, 1)
        return replace(spec, cascades=spec.cascades + more, willing=0, effort_spread=effort)
    if action == "post":
        return replace(spec, posts=2 * spec.posts)
    if action == "stop":
        return replace(spec, mails=0)
    if action == "test":
        return _moved(spec)
    raise ValueError(f"unknown action {action!r}, expected one of {', '.join(ACTIONS)}")


def _moved(spec: Spec) -> Spec:
    sign = {"conversation": 1, "spread": -1}.get(ahead(spec), 0)
    talk, pass_on = 1 + sign * spec.stake, 1 - sign * spec.stake
    return replace(
        spec,
        talkers=max(1, round(spec.talkers * talk)),
        effort_conversation=spec.effort_conversation * talk,
        cascades=max(1, round(spec.cascades * pass_on)),
        effort_spread=spec.effort_spread * pass_on,
        stake=0.0,
    )


def ratio(spec: Spec) -> float | None:
    """Value per effort of conversation over that of spread; plain value where an effort is missing; None without spread."""
    value = expected_value(spec)
    talk, pass_on = value["conversation"], value["spread"]
    if spec.effort_conversation > 0 and spec.effort_spread > 0:
        talk, pass_on = talk / spec.effort_conversation, pass_on / spec.effort_spread
    return talk / pass_on if pass_on > 0 else None


def ahead(spec: Spec) -> str:
    """`conversation`, `spread` or `equal`, by the true ratio."""
    r = ratio(spec)
    if r is None:
        return "conversation" if expected_value(spec)["conversation"] > 0 else "equal"
    if math.isclose(r, 1, rel_tol=1e-9):
        return "equal"
    return "conversation" if r > 1 else "spread"


def gains(spec: Spec) -> dict[str, float]:
    """What each action adds to `expected_net`; a test costs `cost_test`."""
    before = expected_net(spec)
    out = {action: expected_net(follow(spec, action)) - before for action in ACTIONS}
    out["test"] -= spec.cost_test
    return out


def best_action(spec: Spec) -> str | None:
    """The action with the largest gain above zero; None where no action helps. `ask` stands for `share` too."""
    gain = gains(spec)
    best = max((action for action in ACTIONS if action != "share"), key=lambda action: gain[action])
    return best if gain[best] > 1e-9 else None


def truth(spec: Spec) -> dict[str, Any]:
    """All that is true of a planted world before it is drawn, with the formula of each number."""
    value = expected_value(spec)
    effort = {"conversation": spec.effort_conversation, "spread": spec.effort_spread}
    gross = spec.mails > 0 or spec.posts > 0
    branching = spec.tree == "branching"
    return {
        "spec": asdict(spec),
        "units": {"conversation": spec.talkers, "spread": spec.cascades},
        "value_per_unit": {
            "conversation": value["conversation"] / spec.talkers if spec.talkers else None,
            "spread": value["spread"] / spec.cascades if spec.cascades else None,
        },
        "value": value,
        "effort": effort,
        "value_per_effort": {side: value[side] / effort[side] if effort[side] > 0 else None for side in effort},
        "ratio": ratio(spec),
        "ahead": ahead(spec),
        "retained_30": {
            "conversation": spec.retained_conversation,
            "spread": spec.retained_spread,
            "broadcast": None if gross else spec.retained_broadcast,
            "unknown": spec.retained_unknown,
        },
        "retained_90": {
            "conversation": spec.retained_conversation * spec.lasting,
            "spread": spec.retained_spread * spec.lasting,
            "broadcast": None if gross else spec.retained_broadcast * spec.lasting,
            "unknown": spec.retained_unknown * spec.lasting,
        },
        "exchanges_per_person": {
            "conversation": spec.mean_exchanges,
            "spread": spec.buys_spread if spec.thanks else 0.0,
        },
        "people_per_cascade": spec.people_a_cascade,
        "reproduction": spec.reproduction if branching else None,
        "generation_hours": spec.generation_hours,
        "hidden_part_of_shares": spec.hidden,
        "unanswered_people": spec.ignored,
        "net": expected_net(spec),
        "gains": gains(spec),
        "best_action": best_action(spec),
        "formulas": FORMULAS,
    }


FORMULAS = {
    "value.conversation": "talkers * value_conversation * (1 - refunds)",
    "value.spread": "cascades * value_spread * (1 - refunds) * (1 - hidden * part who share), halved with thanks",
    "value.broadcast": "hidden part of spread + audience * value_audience * (1 - leaves) ** mails * (1 - refunds)"
    " + posts * value_post * (1 - refunds) + unanswered who answered a post",
    "value.unknown": "unanswered who wrote a message + the other half of spread with thanks",
    "ratio": "(value.conversation / effort_conversation) / (value.spread / effort_spread)",
    "ahead": "conversation above 1, spread below, equal at 1",
    "retained_30": "planted by origin; returns fall in days [30, 60), nothing else does; the unanswered are broadcast (under a post)"
    " or unknown (by message); null for broadcast where posts or mails bring people back",
    "retained_90": "retained_30 * lasting; returns fall in days [90, 120)",
    "exchanges_per_person.conversation": "geometric: m (1 - (1 - 1/m) ** 40); poisson: m; fixed: round(m)",
    "exchanges_per_person.spread": "buys_spread with thanks, else 0",
    "people_per_cascade": "pareto: sum of k ** -tail, k = 1..largest; branching: seeds * R / (1 - R)",
    "reproduction": "planted mean of the Poisson number of shares that a share brings; null in a pareto world, where"
    " sizes are drawn and no share has a mean of its own",
    "generation_hours": "planted median of the log-normal wait",
    "net": "sum of values - effort_conversation - effort_spread - posts * cost_post - mails",
    "gains": "net after follow(spec, action) - net before; a test costs cost_test",
    "best_action": "the largest gain above 0, else null",
}
