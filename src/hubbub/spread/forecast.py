"""How large a running cascade will get: three models and two naive ones, each tested on the brand's own past.

Sources: Zhao et al. (2015) for SEISMIC; Mishra, Rizoiu, Xie (2016), CIKM, for self-exciting forecasts of final size;
Szabo and Huberman (2010), CACM 53, for the log-linear baseline; Vovk, Gammerman, Shafer (2005) and Lei et al. (2018),
JASA 113, for split conformal intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from scipy.stats import gamma

from hubbub.estimate import Estimate
from hubbub.kernel import BoolArray, FloatArray, IntArray
from hubbub.spread.hawkes import Cascades, Fit, Memory, Prior, fit_cascades, learn, power_law
from hubbub.spread.nodes import nodes_of
from hubbub.spread.seismic import PUBLISHED, fits

HOUR_US = 3_600_000_000
WEEK_HOURS = 168.0
FEW_SHARES, FEW_HOURS = 50, 1.0
"""Below either, a forecast needs a past that allows it."""
FEW_SEEN, FEW_PAST = 10, 10
"""Shares that a past cascade must have shown by the age of the test, and past cascades that a test needs."""
MOST_ERROR = 0.5
"""A model whose median error on the past is larger is not shown."""
MOST_EVENTS, NEAREST = 20_000, 100
"""Shares that the memory is learned from, and past cascades that a forecast is tested on, at most: the ones nearest in
what they had shown by the same age, for a large cascade is not to be judged by small ones."""
AUDIENCES = tuple(2.0**-k for k in range(12))
"""Parts of the mean audience that are tried as SEISMIC's n*; who shares has not the mean audience of all the time."""
DRAWS, MOST_SIZE = 4_000, 10_000_000
FOLDS, FEW_TO_LEARN = 2, 3
VAGUE = Prior(0.5, 2.0)
"""Of reproduction, where no past says anything of it."""


@dataclass(frozen=True, slots=True)
class Past:
    """Cascades laid flat: shares only, ascending in time; `up` -1 the root, -2 hidden, else position among the shares.

    offsets : int64[c + 1]; hours : float64[n] since the root; up : int64[n]
    audience : float64[n], NaN not known; root_audience : float64[c]; finished : bool[c]
    """

    offsets: IntArray
    hours: FloatArray
    up: IntArray
    audience: FloatArray
    root_audience: FloatArray
    finished: BoolArray
    _learned: dict[bool, Memory] = field(default_factory=dict, repr=False, compare=False)
    _others: dict[int, Past] = field(default_factory=dict, repr=False, compare=False)

    def memory(self, long: bool) -> Memory:
        """What they teach of the memory, power law or exponential; learned once."""
        if long not in self._learned:
            self._learned[long] = learn(_whole(self), long)
        return self._learned[long]

    def others(self, row: int) -> Past:
        """The finished ones with enough shares, without one; taken once for all that are not among them."""
        enough = np.flatnonzero(self.finished & (self.sizes >= FEW_SEEN))
        key = row if row in enough else -1
        if key not in self._others:
            self._others[key] = self.take(enough[enough != row])
        return self._others[key]

    @property
    def sizes(self) -> IntArray:
        """Shares of each."""
        return np.diff(self.offsets)

    def take(self, rows: IntArray) -> Past:
        """Some of the cascades."""
        lengths = self.sizes[rows]
        offsets = np.r_[0, np.cumsum(lengths)]
        nodes = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Past(
            offsets, self.hours[nodes], self.up[nodes], self.audience[nodes], self.root_audience[rows],
            self.finished[rows],
        )  # fmt: skip

    def until(self, age: float) -> Cascades:
        """What each had shown at an age in hours."""
        keep = self.hours <= age
        seen = np.r_[0, np.cumsum(keep)][self.offsets]
        return Cascades(seen, self.hours[keep], self.up[keep], np.full(self.sizes.size, age))


def past_of(cascades: pa.Table, now_us: int) -> Past:
    """The cascades of tables.CASCADES as they stood at a moment; rows stay in order, those of later roots are empty."""
    nodes = nodes_of(cascades)
    parent, audience, first = nodes.parent, nodes.audience, nodes.first_us
    lengths = np.diff(nodes.offsets)
    keep = (nodes.position > 0) & (nodes.time_us <= now_us)
    # Times of one cascade ascend; a parent's position among the shares is its position among the nodes less the root.
    up = np.where(parent[keep] > 0, parent[keep] - 1, np.where(parent[keep] == -2, -2, -1))
    offsets = np.r_[0, np.cumsum(keep)][nodes.offsets]
    hours = np.maximum(nodes.time_us[keep] - first[nodes.row[keep]], 0) / HOUR_US
    finished = _finished(offsets, hours, up, (now_us - first) / HOUR_US)
    root_audience = np.full(lengths.size, np.nan)
    root_audience[lengths > 0] = audience[nodes.offsets[:-1][lengths > 0]]
    return Past(offsets, hours, up, audience[keep], root_audience, finished)


def _finished(offsets: IntArray, hours: FloatArray, up: IntArray, age: FloatArray) -> BoolArray:
    """Whether no share came in the last max(7 days, 10 of its own median waits)."""
    out = np.zeros(age.size, np.bool_)
    for c in np.flatnonzero(np.diff(offsets) > 0):
        a, b = offsets[c], offsets[c + 1]
        known = np.flatnonzero(up[a:b] > -2)
        of = np.where(up[a:b][known] >= 0, hours[a + np.maximum(up[a:b][known], 0)], 0.0)
        wait = float(np.median(hours[a:b][known] - of)) if known.size else 0.0
        out[c] = age[c] - hours[b - 1] > max(WEEK_HOURS, 10.0 * wait)
    return out


@dataclass(frozen=True, slots=True)
class Tested:
    """One model, tested on past cascades at the age of the running one.

    predicted : shares that it forecasts for the running one, inf if supercritical, NaN if it cannot
    error : median of |forecast - truth| / truth; naive_error : the same of "final = seen so far", on the same cascades
    coverage : fraction of the past whose truth lay in its interval, each left out in turn; cascades : how many
    answered : fraction with a finite forecast; lower, upper : the interval of `predicted`
    """

    name: str
    predicted: float
    error: float = math.nan
    naive_error: float = math.nan
    coverage: float = math.nan
    cascades: int = 0
    answered: float = math.nan
    lower: float = math.nan
    upper: float = math.nan


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is said of one running cascade. Sizes are shares, the root not counted."""

    seen: int
    age_hours: float
    final: Estimate
    reproduction: Estimate
    supercritical: float | None
    method: str
    models: list[Tested] = field(default_factory=list)
    why: str = ""


def forecast(past: Past, row: int, now_hours: float, level: float = 0.9, seed: int = 0) -> Forecast:
    """Forecast the cascade in `row`, `now_hours` after its root, tested on the finished others."""
    running = past.take(np.array([row]))
    seen = int((running.hours <= now_hours).sum())
    pool = past.others(row)
    so_far = running.until(now_hours)
    memory = _memory(pool, so_far)
    fit = fit_cascades(so_far, memory.decay, memory.prior)
    reproduction, above = _reproduction(fit, memory.prior, level)
    if seen == 0:
        why = "Nobody has shared it yet."
        return Forecast(0, now_hours, Estimate.unknown(why), reproduction, above, "none", why=why)
    models = _tests(pool, running, now_hours, level)
    early = seen < FEW_SHARES or now_hours < FEW_HOURS
    answered = [m for m in models if m.cascades >= FEW_PAST and not math.isnan(m.error)]
    if answered:
        best = min(answered, key=lambda m: m.error)
        method, final = best.name, _from_past(best, early, level)
    elif early:
        method, final = (
            "hawkes",
            Estimate.unknown(
                f"{seen} shares in {now_hours:.3g} hours: below {FEW_SHARES} shares or an hour only a past of at least "
                f"{FEW_PAST} finished cascades could allow a forecast."
            ),
        )
    else:
        method, final = "hawkes", _own_interval(fit, memory.prior, seen, level, seed)
    return Forecast(seen, now_hours, final, reproduction, above, method, models, final.why)


def _memory(pool: Past, running: Cascades) -> Memory:
    """The likelier of the two memories on the past; without one, on what the running cascade has shown of itself."""
    if pool.sizes.size >= FEW_TO_LEARN:
        return max((pool.memory(long) for long in (True, False)), key=lambda m: m.log_likelihood)
    if running.hours.size == 0:
        return Memory(power_law(PUBLISHED.theta, PUBLISHED.cutoff / 3600.0), VAGUE, math.nan)
    found = max((learn(running, long) for long in (True, False)), key=lambda m: m.log_likelihood)
    return Memory(found.decay, VAGUE, found.log_likelihood)


def _whole(pool: Past) -> Cascades:
    """A sample of finished cascades, from their roots to long after their last shares."""
    sample = _sample(pool)
    far = float(sample.hours.max()) + WEEK_HOURS if sample.hours.size else WEEK_HOURS
    return Cascades(sample.offsets, sample.hours, sample.up, np.full(sample.sizes.size, far))


def _sample(pool: Past) -> Past:
    """Past cascades, evenly spread, with at most so many shares in all."""
    order = np.argsort((np.arange(pool.sizes.size) * 0.6180339887498949) % 1.0)
    fits_in = np.cumsum(pool.sizes[order]) <= max(MOST_EVENTS, int(pool.sizes[order[0]]))
    return pool.take(np.sort(order[fits_in]))


def _posterior(fit: Fit, prior: Prior) -> tuple[float, float]:
    """Shape and rate of the gamma posterior of the running cascade's reproduction."""
    return float(fit.children[0]) + prior.mean * prior.exposure, float(fit.exposure[0]) + prior.exposure


def _reproduction(fit: Fit, prior: Prior, level: float) -> tuple[Estimate, float | None]:
    """Gamma posterior of the running cascade's own reproduction."""
    a, b = _posterior(fit, prior)
    tail = (1.0 - level) / 2.0
    law = gamma(a, scale=1.0 / b)
    said = "no past to take a prior from" if prior is VAGUE else "prior from past cascades"
    how = f"self-exciting fit; gamma posterior, {said}"
    n = round(float(fit.children[0]))
    return Estimate(a / b, float(law.ppf(tail)), float(law.ppf(1.0 - tail)), level, n, how), float(law.sf(1.0))


def _own_interval(fit: Fit, prior: Prior, seen: int, level: float, seed: int) -> Estimate:
    """The model's own interval by simulation: reproduction from its posterior, then a branching process to its end."""
    a, b = _posterior(fit, prior)
    if fit.reproduction[0] >= 1.0:
        return Estimate.unknown("supercritical: no finite forecast")
    rng = np.random.default_rng(seed)
    r = rng.gamma(a, 1.0 / b, DRAWS)
    waiting = max(seen - float(fit.exposure[0]), 0.0)
    from_root = max(float(fit.direct[0]) - float(fit.reproduction[0]) * waiting, 0.0)
    alive = rng.poisson(from_root + r * waiting).astype(np.float64)
    total = alive.copy()
    for _ in range(10_000):
        growing = np.flatnonzero((alive > 0) & (total < MOST_SIZE))
        if growing.size == 0:
            break
        alive[growing] = rng.poisson(r[growing] * alive[growing])
        total[growing] += alive[growing]
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(total, [tail, 1.0 - tail], method="higher")
    how = "self-exciting fit and its own interval; too few past cascades to test it on"
    if high >= MOST_SIZE:
        how += "; no upper end, for it may be supercritical"
    middle = float(fit.final[0])
    return Estimate(middle, seen + float(low), None if high >= MOST_SIZE else seen + float(high), level, seen, how)


def _from_past(best: Tested, early: bool, level: float) -> Estimate:
    """The forecast of the model that won on the past, or why the past forbids it."""
    limit = MOST_ERROR / 2.0 if early else MOST_ERROR
    if math.isinf(best.predicted):
        return Estimate.unknown("supercritical: no finite forecast")
    if not best.error <= limit:
        return Estimate.unknown(
            f"On {best.cascades} past cascades at this age the best model ({best.name}) missed by {best.error:.0%} in "
            f"the median, more than {limit:.0%}."
        )
    if best.coverage < level - 0.1:
        return Estimate.unknown(
            f"On {best.cascades} past cascades its {level:.0%} intervals held the truth in {best.coverage:.0%} only."
        )
    how = f"{best.name}; conformal interval from {best.cascades} past cascades at this age"
    return Estimate(best.predicted, best.lower, best.upper, level, best.cascades, how)


Model = Callable[[Past, Past, float], FloatArray]
"""From a past to learn on, cascades to forecast and their age: final shares of each; inf or NaN where there is none."""


def naive(_: Past, asked: Past, age: float) -> FloatArray:
    """Final = seen so far."""
    return np.diff(asked.until(age).offsets).astype(np.float64)


def log_linear(learned: Past, asked: Past, age: float) -> FloatArray:
    """log(final) = log(seen) + the mean of the same difference in the past."""
    seen = naive(learned, learned, age)
    enough = seen >= FEW_SEEN
    if not enough.any():
        return np.full(asked.sizes.size, np.nan)
    grown = float(np.mean(np.log(learned.sizes[enough] / seen[enough])))
    return naive(learned, asked, age) * math.exp(grown)


def hawkes_long(learned: Past, asked: Past, age: float) -> FloatArray:
    """Self-exciting with a memory that fades by a power law."""
    return _hawkes(learned, asked, age, long=True)


def hawkes_short(learned: Past, asked: Past, age: float) -> FloatArray:
    """Self-exciting with a memory that fades exponentially."""
    return _hawkes(learned, asked, age, long=False)


def _hawkes(learned: Past, asked: Past, age: float, long: bool) -> FloatArray:
    if learned.sizes.size < FEW_TO_LEARN:
        return np.full(asked.sizes.size, np.nan)
    memory = learned.memory(long)
    return fit_cascades(asked.until(age), memory.decay, memory.prior).final


def seismic(learned: Past, asked: Past, age: float) -> FloatArray:
    """SEISMIC where audiences are known, with the n* (audience of those who will share) that was best on the past."""
    known = learned.audience[~np.isnan(learned.audience)]
    if known.size < FEW_SEEN or np.isnan(asked.audience).mean() > 0.2:
        return np.full(asked.sizes.size, np.nan)
    seen = naive(learned, learned, age)
    enough = seen >= FEW_SEEN
    if enough.sum() < FEW_TO_LEARN:
        return np.full(asked.sizes.size, np.nan)
    past, truth = learned.take(np.flatnonzero(enough)), learned.sizes[enough]

    def error(mean: float) -> float:
        return float(np.mean(np.minimum(np.abs(np.log((_seismic(past, age, mean) + 1.0) / (truth + 1.0))), 3.0)))

    mean = min((float(known.mean()) * part for part in AUDIENCES), key=error)
    return _seismic(asked, age, mean)


def _seismic(asked: Past, age: float, mean: float) -> FloatArray:
    """Off-the-shelf memory; unknown audiences are the mean."""
    c = asked.sizes.size
    offsets = asked.offsets + np.arange(c + 1)
    seconds, audience = np.zeros(offsets[-1]), np.full(offsets[-1], mean)
    place = np.arange(asked.hours.size) + np.repeat(np.arange(c), asked.sizes) + 1
    seconds[place] = asked.hours * 3600.0
    audience[place] = np.where(np.isnan(asked.audience), mean, asked.audience)
    audience[offsets[:-1]] = np.where(np.isnan(asked.root_audience), mean, asked.root_audience)
    return fits(offsets, seconds, audience, np.full(c, age * 3600.0), mean, PUBLISHED)[1]


MODELS: dict[str, Model] = {
    "naive": naive,
    "log-linear": log_linear,
    "seismic": seismic,
    "hawkes, power law": hawkes_long,
    "hawkes, exponential": hawkes_short,
}


def _tests(pool: Past, running: Past, age: float, level: float) -> list[Tested]:
    """Each model on past cascades that had shown enough at this age, learned on the other half of them."""
    seen_all = naive(pool, pool, age) if pool.sizes.size else np.empty(0)
    usable = np.flatnonzero(seen_all >= FEW_SEEN)
    mine = naive(pool, running, age)
    away = np.abs(np.log(seen_all[usable]) - math.log(max(float(mine[0]), 1.0)))
    usable = np.sort(usable[np.argsort(away, kind="stable")[:NEAREST]])
    out = []
    for name, model in MODELS.items():
        predicted = float(model(pool, running, age)[0]) if pool.sizes.size or name == "naive" else math.nan
        if usable.size < FEW_PAST or math.isnan(predicted):
            out.append(Tested(name, predicted, cascades=int(usable.size)))
            continue
        said = _held_out(model, pool, usable, age)
        truth, seen = pool.sizes[usable].astype(np.float64), seen_all[usable]
        out.append(_judge(name, predicted, float(mine[0]), said, truth, seen, level))
    return out


def _held_out(model: Model, pool: Past, usable: IntArray, age: float) -> FloatArray:
    """What a model says of some of the past, learned each time on the rest."""
    said = np.full(usable.size, np.nan)
    half = np.arange(usable.size) % FOLDS
    for fold in range(FOLDS):
        held = usable[half == fold]
        learned = np.setdiff1d(np.arange(pool.sizes.size), held)
        said[half == fold] = model(pool.take(learned), pool.take(held), age)
    return said


def missed(past: Past, age: float, most: int = 300) -> tuple[str, IntArray, FloatArray]:
    """How far the best model missed on finished cascades of the past, seen at an age in hours.

    most : cascades at most, evenly spread over the past
    returns : the model, int64[k] the cascades, float64[k] |forecast - truth| / truth, 1 at most (so too where the
    forecast has no end); "" and nothing below FEW_PAST cascades
    """
    others = np.flatnonzero(past.finished & (past.sizes >= FEW_SEEN))
    pool = past.take(others)
    usable = np.flatnonzero(naive(pool, pool, age) >= FEW_SEEN)
    if usable.size < FEW_PAST:
        return "", np.zeros(0, np.int64), np.zeros(0)
    usable = usable[np.unique(np.linspace(0, usable.size - 1, min(most, usable.size)).astype(int))]
    truth = pool.sizes[usable].astype(np.float64)
    found = {}
    for name, model in MODELS.items():
        said = _held_out(model, pool, usable, age)
        if not np.isnan(said).any():
            error = np.where(np.isfinite(said), np.abs(said - truth) / truth, 1.0)
            found[name] = np.minimum(error, 1.0)
    best = min(found, key=lambda name: float(np.median(found[name])))
    return best, others[usable], found[best]


def scale(final: FloatArray, seen: FloatArray) -> FloatArray:
    """How unsure a forecast is by itself, on the log scale: what it adds to the seen, and the chance in the seen."""
    return np.log((final + 1.0) / (seen + 1.0)) + 1.0 / np.sqrt(seen + 1.0)


def _judge(
    name: str, predicted: float, now: float, said: FloatArray, truth: FloatArray, seen: FloatArray, level: float
) -> Tested:
    finite = np.isfinite(said)
    errors = np.where(finite, np.abs(said - truth) / truth, np.inf)
    naive_error = float(np.median(np.abs(seen - truth) / truth))
    m = int(finite.sum())
    if m < FEW_PAST:
        return Tested(name, predicted, float(np.median(errors)), naive_error, cascades=m, answered=m / truth.size)
    score = np.log((truth[finite] + 1.0) / (said[finite] + 1.0)) / scale(said[finite], seen[finite])
    low, high = conformal(score, level)
    lower, upper = math.nan, math.nan
    if math.isfinite(predicted):
        width = float(scale(np.array([predicted]), np.array([now]))[0])
        # A model that always said too little has both ends above what it says; the interval then begins there.
        lower = max(now, min(predicted, (predicted + 1.0) * math.exp(low * width) - 1.0))
        upper = max(predicted, (predicted + 1.0) * math.exp(high * width) - 1.0)
    inside = 0
    for i in range(m):
        a, b = conformal(np.delete(score, i), level)
        inside += bool(a <= score[i] <= b) or (score[i] >= a and truth[finite][i] == seen[finite][i])
    return Tested(
        name, predicted, float(np.median(errors)), naive_error, inside / m, m, m / truth.size, lower, upper
    )  # fmt: skip


def conformal(score: FloatArray, level: float) -> tuple[float, float]:
    """Ends that hold the next exchangeable score with probability at least `level`: by tail where there are enough
    scores for it (twice 1/tail), else by absolute value; the extremes where there are too few for either."""
    m = score.size
    tail = (1.0 - level) / 2.0
    if (m + 1) * tail >= 1.0:
        ranked = np.sort(score)
        k = math.floor((m + 1) * tail + 1e-9)
        return float(ranked[k - 1]), float(ranked[m - k])
    ranked = np.sort(np.abs(score))
    end = float(ranked[min(math.ceil((m + 1) * level - 1e-9), m) - 1])
    return -end, end
