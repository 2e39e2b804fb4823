"""What to do next: ranked actions, each with its effect, its doubt, and what would change the advice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from hubbub.activity import MICROS
from hubbub.compare.answer import Verdict
from hubbub.compare.draws import stream
from hubbub.compare.frame import NEVER, Cascades, IntArray, People, burnt, first_names
from hubbub.compare.money import Spent, money
from hubbub.compare.scorecard import credited
from hubbub.compare.verdict import FEW_UNITS, SIDES
from hubbub.estimate import Estimate
from hubbub.spread.growth import Growth
from hubbub.tables import MODES, Ledger

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

WHO = 20
FEW = 5
"""Fewer people on either side of a difference say nothing about it."""
MOST_GROWTH = 0.9
"""A reproduction above this counts as this: no action is promised more than ten shares for one."""
HIDDEN_PART = 0.1
ROOM = 4_000_000
"""So many pairs of group and unit are counted without being sorted first."""
PER_KIND = 3
"""So many campaigns of one action stand in the plan."""
LEARNING = ("test", "measure")
NEXT_UNIT = {
    "conversation": ("person answered", "people answered"),
    "spread": ("post or link that people share", "posts or links that people share"),
}
SURE, KNOW_MORE, UNSURE, NO_FIGURE = range(4)
"""Places in the plan: cannot lose; tells more; may lose; has no figure."""


@dataclass(frozen=True, slots=True)
class Action:
    """One piece of advice; `cost` in units of money, None where it is not known."""

    action: str
    mode: str | None
    title: str
    why: str
    effect: Estimate
    effect_unit: str
    estimator: str
    changes_if: str
    cost: float | None = None
    cost_why: str = ""
    who: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        cost = None if self.cost is None else money(round(self.cost * MICROS))
        return {
            "action": self.action,
            "mode": self.mode,
            "title": self.title,
            "why": self.why,
            "effect": self.effect.to_json(),
            "effect_unit": self.effect_unit,
            "cost": cost,
            "cost_why": self.cost_why,
            "changes_if": self.changes_if,
            "who": self.who[:WHO],
            "estimator": self.estimator,
        }


@dataclass(frozen=True)
class Ground:
    """What the advice is drawn from: each person's outcome on one common scale.

    outcome : float64[n], money, conversions or coming back; known : bool[n], whose outcome is known
    unit : its name; one : the outcome of one more conversion (or person)
    """

    people: People
    cascades: Cascades
    ledger: Ledger
    effort: Spent
    outcome: FloatArray
    known: BoolArray
    unit: str
    one: float
    seed: int
    level: float

    def cost(self, mode: str, times: float, of: int) -> tuple[float | None, str]:
        """`times` of `of` equal parts of what was spent on a mode."""
        spent = self.effort.by_mode[mode]
        if not (spent or 0.0) > 0.0 or of <= 0:
            return None, self.effort.why or f"no effort is recorded for {mode}"
        if self.effort.unit == "hour":
            return None, "effort is in hours, and what an hour costs is not set"
        return float(spent or 0.0) * times / of, f"what {mode} has cost so far, by the piece"


def ground(
    people: People, cascades: Cascades, ledger: Ledger, effort: Spent, fallback: float, seed: int, level: float
) -> Ground:
    """Money where conversions have it, else conversions, else people who come back after 30 days."""
    if ledger.valued == "none":
        flag = people.flags("retained_30")
        return Ground(
            people, cascades, ledger, effort, (flag == 1).astype(np.float64), flag >= 0,
            "people who come back after 30 days", 1.0, seed, level,
        )  # fmt: skip
    value = people.ints("value_micros").astype(np.float64) / MICROS
    unit = (ledger.currency or "points") if ledger.valued == "value" else "conversions"
    everybody = np.ones(people.n, dtype=np.bool_)
    return Ground(people, cascades, ledger, effort, value, everybody, unit, fallback / MICROS, seed, level)


def shrink(values: FloatArray, errors: FloatArray) -> tuple[FloatArray, FloatArray, float, float]:
    """Group estimates drawn towards their mean, so that a small lucky group does not rank first.

    values, errors : float64[k], estimate and standard error (above 0) of each group
    returns : (posterior means, posterior errors, mean of all, its error)
    source : DerSimonian and Laird (1986), Controlled Clinical Trials 7; empirical Bayes as in Efron and Morris (1975)
    """
    w = 1.0 / errors**2
    fixed = float((w * values).sum() / w.sum())
    q = float((w * (values - fixed) ** 2).sum())
    room = float(w.sum() - (w**2).sum() / w.sum())
    between = max(0.0, (q - (len(values) - 1)) / room) if room > 0.0 else 0.0
    v = 1.0 / (errors**2 + between)
    mean, error = float((v * values).sum() / v.sum()), float(np.sqrt(1.0 / v.sum()))
    own = between / (between + errors**2)
    middle = own * values + (1.0 - own) * mean
    spread = np.sqrt(own * errors**2 + (1.0 - own) ** 2 * error**2)
    return middle, spread, mean, error


def _estimate(value: float, error: float, level: float, n: int, how: str) -> Estimate:
    reach = float(ndtri(0.5 + level / 2.0)) * error
    return Estimate(value, value - reach, value + reach, level, n, how)


def _group_sums(group: IntArray, unit: IntArray, y: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Sum of y in each of k groups, and its variance under exponential weights of units.

    group, unit : int64[n]; a unit of -1 is one of its own. y : float64[n]
    """
    total = np.asarray(np.bincount(group, weights=y, minlength=k), dtype=np.float64)
    alone = unit < 0
    variance = np.asarray(np.bincount(group[alone], weights=y[alone] ** 2, minlength=k), dtype=np.float64)
    units = int(unit.max(initial=-1)) + 1
    if not units:
        return total, variance
    together = ~alone
    cell, part = group[together] * units + unit[together], y[together]
    if k * units <= ROOM + 4 * len(group):
        sums = np.bincount(cell, weights=part, minlength=k * units).reshape(k, units)
        return total, variance + np.einsum("gu,gu->g", sums, sums)
    used, place = np.unique(cell, return_inverse=True)
    sums = np.bincount(place.reshape(-1), weights=part)
    return total, variance + np.bincount(used // units, weights=sums**2, minlength=k)


# Answer the people who wait


def answer(g: Ground) -> list[Action]:
    """Answer those who wait, channel by channel, the deepest relations and longest waits first.

    Effect: difference between answered and unanswered people who spoke, of the same channel and the same standing
    before (spoke at once, or had been there before), shrunk and standardised to those who wait.
    """
    p = g.people
    since = p.times("waiting_since")
    waiting = since != NEVER
    if not np.any(waiting):
        return []
    channel = p.channel
    before = (p.modes("origin_unanswered") != 0).astype(np.int64)
    stratum = channel.codes * 2 + before
    k = 2 * len(channel.names)
    gain, error, known = _gain_by_stratum(g, stratum, k)
    level = p.ints("level")
    messages = int(np.asarray(p.ints("brand_messages"), dtype=np.int64).sum())
    out = []
    for code, name in enumerate(channel.names):
        who = np.flatnonzero(waiting & (channel.codes == code))
        if not len(who):
            continue
        order = who[np.lexsort((who, since[who], -level[who].astype(np.int64)))]
        share = np.bincount(stratum[who], minlength=k).astype(np.float64)
        if not known:
            effect = Estimate.unknown(f"fewer than {FEW} people were answered, or left unanswered, to compare")
        else:
            value = float((share * gain).sum())
            # The mean of all is shared by the groups: their errors do not average out.
            doubt = float((share * error).sum())
            effect = _estimate(value, doubt, g.level, len(who), "answered against unanswered people, standardised")
        cost, cost_why = g.cost("conversation", len(who), messages)
        out.append(Action(
            "answer", "conversation", f"Answer {len(who)} waiting {'person' if len(who) == 1 else 'people'} on {name}",
            f"{len(who)} wait on {name}; the list starts with the deepest relations and the longest waits.",
            effect, g.unit,
            "difference of means within channel and standing before, standardised to those who wait, "
            "shrunk to the mean of all (empirical Bayes)",
            "The brand chose whom it answered: a test with chance deciding who is answered would settle it.",
            cost, cost_why, first_names(p, order, WHO),
        ))  # fmt: skip
    return out


def _gain_by_stratum(g: Ground, stratum: IntArray, k: int) -> tuple[FloatArray, FloatArray, bool]:
    """What being answered adds in each stratum, its error, and whether anything is known."""
    p = g.people
    spoke = (p.ints("spoke") > 0) & g.known & (stratum >= 0)
    lonely = p.flags("unanswered") == 1
    sides = []
    for mine in (spoke & ~lonely & (p.ints("messages_answered") > 0), spoke & lonely):
        who = np.flatnonzero(mine)
        n = np.bincount(stratum[who], minlength=k).astype(np.float64)
        sums = np.bincount(stratum[who], weights=g.outcome[who], minlength=k)
        mean = sums / np.maximum(n, 1.0)
        _, variance = _group_sums(stratum[who], p.unit.codes[who], g.outcome[who] - mean[stratum[who]], k)
        # One more person with one conversion, so that a group without any is not taken for certain.
        sides.append((n, mean, (variance + g.one**2) / np.maximum(n, 1.0) ** 2))
    usable = (sides[0][0] >= FEW) & (sides[1][0] >= FEW)
    zero = np.zeros(k)
    if not np.any(usable):
        return zero, zero, False
    raw = sides[0][1][usable] - sides[1][1][usable]
    middle, spread, mean_all, error_all = shrink(raw, np.sqrt(sides[0][2][usable] + sides[1][2][usable]))
    between = float(np.std(raw)) if len(raw) > 1 else 0.0
    gain = np.full(k, mean_all)
    error = np.full(k, float(np.hypot(error_all, between)))
    gain[usable], error[usable] = middle, spread
    return gain, error, True


# Ask, post, share, stop


def ask(g: Ground, growth: Growth) -> list[Action]:
    """Ask those who have talked with the brand and shared before to share again."""
    p = g.people
    shares = p.ints("shares")
    sharers = shares > 0
    who = np.flatnonzero(sharers & (p.ints("exchanges") > 0))
    total = int(np.asarray(shares, dtype=np.int64).sum())
    if not len(who) or total < FEW:
        return []
    brought, variance = _spread_outcome(g)
    rng = stream(g.seed, "ask")
    per_share = (brought + np.sqrt(variance + g.one**2) * rng.standard_normal(2000)) / total
    again, once = int(np.count_nonzero(shares > 1)), int(np.count_nonzero(sharers))
    rate = rng.beta(again + 0.5, once - again + 0.5, 2000)
    r = growth.reproduction
    further, middle = np.ones(2000), 1.0
    if r.value is not None and r.low is not None and r.high is not None:
        error = (np.log(max(r.high, 1e-9)) - np.log(max(r.low, 1e-9))) / (2.0 * float(ndtri(0.5 + g.level / 2.0)))
        drawn = np.log(max(r.value, 1e-9)) + error * rng.standard_normal(2000)
        further = 1.0 / (1.0 - np.minimum(np.exp(np.minimum(drawn, 0.0)), MOST_GROWTH))
        middle = 1.0 / (1.0 - min(r.value, MOST_GROWTH))
    tail = (1.0 - g.level) / 2.0
    low, high = np.quantile(len(who) * per_share * rate * further, [tail, 1.0 - tail])
    value = len(who) * brought / total * (again + 0.5) / (once + 1.0) * middle
    order = who[np.lexsort((who, -shares[who].astype(np.int64)))]
    # Asking costs what a share costs only where somebody agrees.
    cost, cost_why = g.cost("spread", len(who) * (again + 0.5) / (once + 1.0), total)
    return [Action(
        "ask", "spread", f"Ask {len(who)} people who talked with you and shared before to share again",
        f"{len(who)} people have both an exchange with the brand and a share that stands.",
        Estimate(value, float(low), float(high), g.level, once, "draws of all three factors"),
        g.unit,
        "value per share x fraction of sharers who shared again x expected further shares 1 / (1 - R)",
        "Fewer of them agree than have shared twice by themselves, or their consent does not allow the contact.",
        cost, cost_why, first_names(p, order, WHO),
    )]  # fmt: skip


def _spread_outcome(g: Ground) -> tuple[float, float]:
    """What spread has brought on the common scale, with its variance."""
    p = g.people
    if g.ledger.valued != "none":
        who, credit = credited(p)
        y = credit[:, 1].astype(np.float64) / MICROS
    else:
        who = np.flatnonzero((p.origin == 1) & g.known)
        y = g.outcome[who]
    total, variance = _group_sums(np.zeros(len(who), dtype=np.int64), p.unit.codes[who], y, 1)
    return float(total[0]), float(variance[0])


@dataclass(frozen=True, slots=True)
class Each:
    """What each of some campaigns or channels has brought per try: shrunk value and error, and how many tries."""

    names: list[str]
    value: FloatArray
    error: FloatArray
    tries: IntArray
    mean: float


def _brought(g: Ground, mode: str) -> FloatArray:
    """What one mode has brought to each person: linear credit; without conversions coming back, by origin."""
    code = MODES.index(mode)
    if g.ledger.valued == "none":
        return np.where(g.people.origin == code, g.outcome, 0.0)
    y = np.zeros(g.people.n)
    who, credit = credited(g.people)
    y[who] = credit[:, code].astype(np.float64) / MICROS
    return y


def _per_try(g: Ground, group: IntArray, names: tuple[str, ...], y: FloatArray, tries: IntArray) -> Each | None:
    """Outcome of the people of each group over its tries, shrunk; None where no group has tries."""
    who = np.flatnonzero((group >= 0) & g.known)
    total, variance = _group_sums(group[who], g.people.unit.codes[who], y[who], len(names))
    some = np.flatnonzero(tries > 0)
    if not len(some):
        return None
    n = tries[some].astype(np.float64)
    middle, error, mean, _ = shrink(total[some] / n, np.sqrt(variance[some] + g.one**2) / n)
    return Each([names[i] for i in some], middle, error, tries[some], mean)


def _best_of(each: Each) -> Iterable[int]:
    order = sorted(range(len(each.names)), key=lambda i: (-float(each.value[i]), each.names[i]))
    return [i for i in order if each.value[i] > 0.0][:PER_KIND]


def _count_cascades(g: Ground, column: str, names: tuple[str, ...], weight: IntArray) -> IntArray:
    """Sum of `weight` over the cascades of each name."""
    found = g.cascades.coded(column)
    place = {name: i for i, name in enumerate(names)}
    lookup = np.array([place.get(name, -1) for name in found.names] + [-1], dtype=np.int64)[found.codes]
    used = lookup >= 0
    return np.bincount(lookup[used], weights=weight[used], minlength=len(names)).astype(np.int64)


def post(g: Ground) -> list[Action]:
    """Post again where a post has brought most, by campaign and by channel.

    What talk and shares under a post brought is theirs: another post does not bring the answers to it.
    """
    out, brought = [], _brought(g, "broadcast")
    tries = g.cascades.tries.astype(np.int64)
    for found, word in ((g.people.origin_campaign, "campaign"), (g.people.channel, "channel")):
        # One channel alone says nothing about where to post.
        if len(found.names) < (1 if word == "campaign" else 2):
            continue
        met = g.people.origin >= 0
        group = np.where(met, found.codes, -1)
        each = _per_try(g, group, found.names, brought, _count_cascades(g, word, found.names, tries))
        if each is None:
            continue
        for i in _best_of(each):
            cost, cost_why = g.cost("broadcast", 1, int(tries.sum()))
            out.append(Action(
                "post", "broadcast", f"Post again {'in' if word == 'campaign' else 'on'} {each.names[i]}",
                f"Its {each.tries[i]} posts brought {each.value[i]:.3g} {g.unit} a post, "
                f"against {each.mean:.3g} for all, after shrinking.",
                _estimate(float(each.value[i]), float(each.error[i]), g.level, int(each.tries[i]),
                          "what broadcast brought to the people first met there over its posts"),
                g.unit, f"linear credit to broadcast per post by {word}, shrunk to the mean of all (empirical Bayes)",
                "The next posts bring less than the mean of all, or people would have come anyway.",
                cost, cost_why, [each.names[i]],
            ))  # fmt: skip
    return out


def share(g: Ground) -> list[Action]:
    """Let people share what has brought most per share."""
    p = g.people
    found = p.origin_campaign
    if not found.names:
        return []
    y = _brought(g, "spread")
    shares = np.maximum(np.asarray(g.cascades.ints("size"), dtype=np.int64) - 1, 0)
    each = _per_try(g, found.codes, found.names, y, _count_cascades(g, "campaign", found.names, shares))
    if each is None:
        return []
    out = []
    for i in _best_of(each):
        cost, cost_why = g.cost("spread", 1, int(shares.sum()))
        out.append(Action(
            "share", "spread", f"Let people share {each.names[i]}, each with a link of their own",
            f"Its {each.tries[i]} shares brought {each.value[i]:.3g} {g.unit} a share, "
            f"against {each.mean:.3g} for all, after shrinking.",
            _estimate(float(each.value[i]), float(each.error[i]), g.level, int(each.tries[i]),
                      "what spread brought to its people over its shares"),
            g.unit, "linear credit to spread per share by campaign, shrunk to the mean of all (empirical Bayes)",
            "One lucky cascade made the difference; see its best unit.",
            cost, cost_why, [each.names[i]],
        ))  # fmt: skip
    return out


def stop(g: Ground) -> list[Action]:
    """Stop campaigns that burn opt-outs and flags above the mean while their people are worth less than the mean.

    A campaign answers for everybody whom it met, by a touch or by words to them, whatever brought them first.
    """
    who, found, lost_of = burnt(g.people)
    k = len(found.names)
    if k < 2 or not np.any(lost_of > 0):
        return []
    lost, variance, met = _over_entries(g, who, found.codes, lost_of.astype(np.float64), k)
    told = g.known[who]
    worth, worth_variance, valued = _over_entries(g, who[told], found.codes[told], g.outcome[who[told]], k)
    some = np.flatnonzero((met >= FEW) & (valued >= FEW))
    if len(some) < 2:
        return []
    m, v = met[some], valued[some]
    rate, error, mean, mean_error = shrink(lost[some] / m, np.sqrt(variance[some] + 1.0) / m)
    value, _, mean_value, _ = shrink(worth[some] / v, np.sqrt(worth_variance[some] + g.one**2) / v)
    z = float(ndtri(0.5 + g.level / 2.0))
    out = []
    for i, code in enumerate(some):
        excess, doubt = float(rate[i] - mean), float(np.hypot(error[i], mean_error))
        if excess - z * doubt <= 0.0 or value[i] >= mean_value:
            continue
        each = max(0.0, mean_value) * float(m[i])
        out.append(Action(
            "stop", None, f"Stop {found.names[code]}",
            f"{1000 * rate[i]:.3g} opt-outs and flags per 1,000 people, against {1000 * mean:.3g} for all, "
            f"and its people are worth less.",
            _estimate(excess * each, doubt * each, g.level, int(m[i]), "opt-outs and flags above the mean x worth"),
            g.unit, "excess rate of opt-outs and flags x its people x mean worth of a person, shrunk (empirical Bayes)",
            "Its people are worth more later than the log shows.", 0.0, "stopping costs nothing", [found.names[code]],
        ))  # fmt: skip
    return out


def _over_entries(
    g: Ground, who: IntArray, campaign: IntArray, y: FloatArray, k: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum of y over the people of each campaign, its variance, and how many people."""
    total, variance = _group_sums(campaign, g.people.unit.codes[who], y, k)
    return total, variance, np.bincount(campaign, minlength=k).astype(np.float64)


# Know more


def first_units(g: Ground, verdict: Verdict) -> list[Action]:
    """Where a side has fewer units than an answer takes: what the missing ones would tell, and what they cost.

    Below five units a side the advice stands without a figure. It is given only where it is worth more than it
    costs, as far as either is known.
    """
    now = [verdict.units.now.get(side, 0) for side in SIDES]
    more = [max(0, FEW_UNITS - n) for n in now]
    if not any(now) or not any(more):
        return []
    cost, cost_why = _cost_of_units(g, now, more)
    effect = _worth(g, verdict)
    if effect.value is not None and effect.value <= (cost or 0.0):
        return []
    wanted = " and ".join(f"{n} more {NEXT_UNIT[side][n > 1]}" for side, n in zip(SIDES, more, strict=True) if n)
    worth = "" if effect.value is None else f" It pays if it costs less than {effect.value:.3g} {g.unit}."
    return [Action(
        "test", None, f"Try on until both sides can be compared: {wanted}",
        f"{now[0]} units of conversation and {now[1]} of spread so far; {FEW_UNITS} of each are the least that can be "
        f"compared.{worth}",
        effect, g.unit,
        "expected value of sample information (EVSI), each side by itself; its upper end is that of knowing for "
        "certain (EVPI)",
        "It costs more than that, or one side is out of the question anyway.", cost, cost_why,
    )]  # fmt: skip


def _cost_of_units(g: Ground, now: list[int], more: list[int]) -> tuple[float | None, str]:
    """What so many more units of each side cost by what they cost so far; None where one of them is not known."""
    asked = [(side, n, had) for side, n, had in zip(SIDES, more, now, strict=True) if n]
    found = [g.cost(side, n, had) for side, n, had in asked]
    for cost, why in found:
        if cost is None:
            return None, why
    return sum(cost or 0.0 for cost, _ in found), "what its units have cost so far, by the piece"


def _worth(g: Ground, verdict: Verdict) -> Estimate:
    """EVSI as the effect of an action, between nothing and EVPI."""
    found = verdict.evsi
    return found if found.value is None else Estimate(found.value, 0.0, verdict.evpi.value, g.level, found.n, found.how)


def learn(g: Ground, verdict: Verdict) -> list[Action]:
    """Test where a test is worth something; measure where hidden parents decide."""
    out = []
    if verdict.decision.few:
        out += first_units(g, verdict)
    undecided = verdict.decision.answer == "cannot_tell"
    if undecided and not verdict.decision.few and verdict.evsi.value is not None and verdict.evsi.value > 0.0:
        needs = verdict.json["needs"]
        out.append(Action(
            "test", None, "Test conversation against spread, with chance deciding who gets which",
            f"{needs['sentence']} It pays if it costs less than {verdict.evsi.value:.3g} {g.unit}.",
            _worth(g, verdict),
            g.unit, "expected value of sample information (EVSI); its upper end is that of knowing for certain (EVPI)",
            "The test costs more than that.", None, "what the arms would cost is not recorded",
        ))  # fmt: skip
    shares = int(np.asarray(g.people.ints("shares"), dtype=np.int64).sum())
    hidden = int(np.asarray(g.people.ints("shares_hidden"), dtype=np.int64).sum())
    if verdict.hidden_changes or (shares >= FEW and hidden > HIDDEN_PART * shares):
        effect = Estimate.unknown(verdict.evpi.why or "what knowing is worth cannot be told")
        if verdict.hidden_changes and verdict.evpi.value is not None:
            effect = Estimate(verdict.evpi.value, 0.0, verdict.evpi.value, g.level, hidden, verdict.evpi.how)
        decides = "they decide the answer" if verdict.hidden_changes else "they do not decide the answer yet"
        out.append(Action(
            "measure", "spread", "Give shares links of their own",
            f"{hidden} of {shares} shares hide who brought them; {decides}.",
            effect, g.unit, "expected value of perfect information (EVPI), an upper end",
            "The networks name the parents of shares.", None, "what the links cost is not recorded", [],
        ))  # fmt: skip
    return out


def plan(g: Ground, verdict: Verdict, growth: Growth) -> list[dict[str, Any]]:
    """All advice, ranked by the lower end of the effect less what it costs, where both are money and known.

    An action that may bring less than it costs so stands below one that cannot lose; to know more stands between the
    two, whatever its own cost, for where nothing surely pays one finds out first. What has no figure comes last.
    """
    found = [*answer(g), *ask(g, growth), *post(g), *share(g), *stop(g), *learn(g, verdict)]
    in_money = g.ledger.valued == "value"

    def rank(a: Action) -> tuple[int, float, str, str]:
        low = a.effect.low if a.effect.low is not None else 0.0
        cost = a.cost if in_money and a.cost is not None else 0.0
        sure = SURE if low >= cost else UNSURE
        place = NO_FIGURE if a.effect.value is None else KNOW_MORE if a.action in LEARNING else sure
        return place, cost - low, a.action, a.title

    return [a.to_json() for a in sorted(found, key=rank)]
