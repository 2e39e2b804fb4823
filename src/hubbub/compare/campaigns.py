"""The map: every campaign with its reciprocity and its reproduction, and the field in which it lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.compare.frame import NEVER, Array, BoolArray, Cascades, Coded, IntArray, People, entries, numbers
from hubbub.compare.sides import Lot, Manner, single
from hubbub.estimate import Estimate, wilson
from hubbub.spread.growth import (
    HIDDEN,
    Growth,
    HalfLife,
    Shares,
    half_life,
    kin_of,
    parents_seen,
    reproduction,
)

FloatArray = npt.NDArray[np.float64]

RECIPROCITY_LIMIT = 0.2
REPRODUCTION_LIMIT = 0.5
NO_SHAPE = "the network hides who brought whom"
INFERRED = "the mean over ten imputations of the hidden parents; a sensitivity range, not an interval"
FOLLOWED = (
    "the mean over draws of the hidden parents, by who follows whom where follows.csv says, else by ten imputations; a "
    "sensitivity range, not an interval"
)
KINDS = {
    (True, False): "conversation",
    (False, True): "wildfire",
    (True, True): "movement",
    (False, False): "broadcast",
}
"""(reciprocity high, reproduction high) to the field of the map."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of all cascades laid flat, roots first, in the order of the cascades.

    cascade, parent, person : int64[n]; time_us : int64[n], since 1970; disclosed : int8[n], -1 not known
    exchanged : bool[n]; audience : int64[n], -1 not known; by_person : bool[n], a share by a person
    up : int64[n], position of the parent in this array, -1 where it is hidden or the node is a root
    """

    cascade: IntArray
    parent: IntArray
    person: IntArray
    time_us: IntArray
    disclosed: npt.NDArray[np.int8]
    exchanged: BoolArray
    audience: IntArray
    by_person: BoolArray
    is_root: BoolArray
    up: IntArray


def nodes_of(cascades: Cascades) -> Nodes:
    """Lay the `nodes` lists flat."""
    lists = cascades.lists("nodes")
    n = len(lists.row)
    if not n:
        none = np.zeros(0, dtype=np.int64)
        false = np.zeros(0, dtype=np.bool_)
        return Nodes(none, none, none, none, none.astype(np.int8), false, none, false, false, none)

    whole = {name: numbers(pc.struct_field(lists.values, name), -1) for name in ("parent", "person", "audience")}
    flags = {name: numbers(pc.struct_field(lists.values, name), -1) for name in ("disclosed", "exchanged")}
    cascade = lists.row
    start = np.flatnonzero(np.r_[True, cascade[1:] != cascade[:-1]])
    first = np.repeat(start, np.diff(np.r_[start, n]))
    is_root = np.arange(n) == first
    # A share whose parent is given as the root hangs on the first node of its list.
    up = np.where(whole["parent"] >= 0, first + whole["parent"], first)
    up = np.where(is_root | (whole["parent"] == HIDDEN), -1, up)
    kinds = cascades.coded("type")
    share = np.array([name == "share" for name in kinds.names] + [False])[kinds.codes]
    time = cascades.times("first")[cascade] + numbers(pc.struct_field(lists.values, "time_us"))
    by_person = (whole["person"] >= 0) & (~is_root | share[cascade])
    return Nodes(
        cascade, whole["parent"], whole["person"], time, flags["disclosed"].astype(np.int8), flags["exchanged"] == 1,
        whole["audience"], by_person, is_root, up,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """What campaigns are made of, laid flat once for all questions.

    who, campaign, fields : the people's campaigns, one entry each, campaign codes as in `names`
    cascade_campaign : int64[c], -1 none; seen : bool[c], cascades with at most a tenth of hidden parents
    shares : the shares by people of cascades that are `seen`, numbered as the cascades
    end_us, first_us : extent of the log
    """

    names: tuple[str, ...]
    who: IntArray
    campaign: IntArray
    fields: dict[str, IntArray]
    cascade_campaign: IntArray
    nodes: Nodes
    seen: BoolArray
    shares: Shares
    end_us: int
    first_us: int


def world_of(people: People, cascades: Cascades, first_us: int, end_us: int) -> World:
    """Read both tables once."""
    who, found, fields = entries(people)
    names = tuple(sorted(set(found.names) | set(cascades.campaign.names)))
    codes: Array = _moved(found, names).astype(np.int32)
    if np.any(codes < 0):
        keep = codes >= 0
        who, codes, fields = who[keep], codes[keep], {k: v[keep] for k, v in fields.items()}
    nodes = nodes_of(cascades)
    root_is_share = np.zeros(cascades.n, dtype=np.bool_)
    root_is_share[nodes.cascade[nodes.is_root & nodes.by_person]] = True
    sizes = np.asarray(cascades.ints("size"), dtype=np.int64)
    seen = parents_seen(cascades.ints("hidden"), sizes)
    kin = kin_of(nodes.cascade, nodes.parent, nodes.time_us, nodes.person, root_is_share, end_us)
    shares = kin.within(seen).all()
    return World(
        names, who, codes, fields, _moved(cascades.campaign, names), nodes, seen, shares, end_us, first_us,
    )  # fmt: skip


def _moved(found: Coded, names: tuple[str, ...]) -> IntArray:
    place = {name: i for i, name in enumerate(names)}
    lookup = np.array([place[name] for name in found.names] + [-1], dtype=np.int64)
    return lookup[found.codes]


def _only(shares: Shares, keep: BoolArray) -> Shares:
    """The shares of some cascades, with the cascades' numbers as they are."""
    a, b = keep[shares.cascade], keep[shares.wait_cascade]
    return Shares(shares.cascade[a], shares.age_us[a], shares.wait_cascade[b], shares.wait_us[b], shares.room_us[b])


def growth_of(world: World, keep: BoolArray, level: float) -> Growth:
    """Reproduction of the cascades where keep[c]; those with many hidden parents are left out, and that is said."""
    return _growth(world, _only(world.shares, keep), np.flatnonzero(keep), level)


def _growth(world: World, shares: Shares, cascades: IntArray, level: float) -> Growth:
    seen = world.seen[cascades]
    if len(seen) and not np.any(seen):
        return Growth(Estimate.unknown(NO_SHAPE))
    found = reproduction(shares, level, world.end_us, world.first_us)
    left_out = int(len(seen) - seen.sum())
    if not left_out or found.reproduction.value is None:
        return found
    how = f"{found.reproduction.how}; {left_out} cascades with hidden parents left out"
    return replace(found, reproduction=replace(found.reproduction, how=how))


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows by campaign: `rows[bounds[c]:bounds[c + 1]]` are those of campaign c."""

    rows: IntArray
    bounds: IntArray

    def of(self, code: int) -> IntArray:
        return self.rows[self.bounds[code] : self.bounds[code + 1]]


def groups(codes: IntArray, k: int) -> Groups:
    """Group rows by their code; -1 belongs to none."""
    # Codes of 16 bits are sorted by radix, many times faster.
    short = codes.astype(np.int16) if k < 2**15 else codes
    rows = np.argsort(short, kind="stable")
    count = np.bincount(codes + 1, minlength=k + 1)
    return Groups(rows, np.cumsum(count))


@dataclass(frozen=True, slots=True)
class Virality:
    """Mean structural virality of a campaign's cascades.

    inferred : {`cascades`, `followed`, `lowest`, `highest`, `how`}, where some shapes are inferred, `followed` of them
        by who follows whom; the ends are those of the mean over the draws
    """

    mean: Estimate
    inferred: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign on the map."""

    name: str
    people: int
    reciprocity: Estimate
    growth: Growth
    virality: Virality
    half_life: HalfLife
    cascades: int
    largest: int
    kind: str

    def to_json(self) -> dict[str, Any]:
        return {
            "campaign": self.name,
            "people": self.people,
            "reciprocity": self.reciprocity.to_json(),
            "reproduction": self.growth.reproduction.to_json(),
            "structural_virality": self.virality.mean.to_json(),
            "structural_virality_inferred": self.virality.inferred,
            "half_life_hours": self.half_life.hours,
            "half_life_why": self.half_life.why,
            "cascades": self.cascades,
            "largest": self.largest,
            "kind": self.kind,
        }


def kind(reciprocity: Estimate, growth: Estimate) -> str:
    """The field of the map that both intervals lie in, else `grey`; `unknown` with an axis null."""
    if reciprocity.value is None or growth.value is None:
        return "unknown"
    up, right = _beyond(reciprocity, RECIPROCITY_LIMIT), _beyond(growth, REPRODUCTION_LIMIT)
    return "grey" if up is None or right is None else KINDS[up, right]


def _beyond(estimate: Estimate, limit: float) -> bool | None:
    if estimate.low is not None and estimate.low > limit:
        return True
    if estimate.high is not None and estimate.high <= limit:
        return False
    return None


def campaigns(
    world: World, cascades: Cascades, seed: int, level: float, follows: pa.Table | None = None
) -> list[Campaign]:
    """Every campaign of either table, by name; follows : tables.FOLLOWS, None without follows.csv"""
    k, home, shares = len(world.names), world.cascade_campaign, world.shares
    people = np.bincount(world.campaign, minlength=k)
    talked = np.bincount(world.campaign[world.fields["exchanges"] > 0], minlength=k)
    trees, nodes = groups(home, k), groups(home[world.nodes.cascade], k)
    by_share, by_wait = groups(home[shares.cascade], k), groups(home[shares.wait_cascade], k)
    size, shared, shape = cascades.ints("size"), cascades.shared, _shapes(world, cascades, follows)
    roots = cascades.times("first")
    out = []
    for code in range(k):
        meeting = Estimate.unknown("nobody touched it")
        if people[code]:
            low, high = wilson(int(talked[code]), int(people[code]), level)
            how = "people of the campaign with an exchange in it; Wilson"
            meeting = Estimate(float(talked[code] / people[code]), low, high, level, int(people[code]), how)
        mine, a, b = trees.of(code), by_share.of(code), by_wait.of(code)
        own = Shares(shares.cascade[a], shares.age_us[a], shares.wait_cascade[b], shares.wait_us[b], shares.room_us[b])
        growth = _growth(world, own, mine, level)
        passed_on = mine[shared[mine]]
        out.append(Campaign(
            world.names[code], int(people[code]), meeting, growth,
            _virality(shape, passed_on, seed, world.names[code], level),
            _half_life(world, shared, roots[passed_on], nodes.of(code)),
            len(passed_on), int(size[mine].max(initial=0)), kind(meeting, growth.reproduction),
        ))  # fmt: skip
    return out


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Structural virality of every cascade.

    value : float64[c], as seen, else the median of what was drawn, NaN where there is nothing
    place : int64[c], row of `drawn`, -1 where nothing is inferred; drawn : float64[r, draws]
    followed : bool[c], drawn by who follows whom; size : float64[c], nodes
    """

    value: FloatArray
    place: IntArray
    drawn: FloatArray
    followed: BoolArray
    size: FloatArray


def _shapes(world: World, cascades: Cascades, follows: pa.Table | None) -> _Shapes:
    """As `cascades` lists them: by who follows whom where that says anything, else by imputation."""
    value, place = cascades.floats("structural_virality").copy(), np.full(cascades.n, -1, dtype=np.int64)
    followed, some = np.zeros(cascades.n, dtype=np.bool_), cascades.ints("hidden") > 0
    drawn = np.zeros((0, 1))
    # Kernels are loaded only where they are needed.
    if np.any(world.seen & some):
        from hubbub.spread.impute import infer

        found = infer(cascades.table)
        drawn, place[found.row] = found.structural_virality, np.arange(len(found.row))
        value[found.row] = np.median(drawn, axis=1)
    if follows is not None and np.any(some):
        from hubbub.spread.followed import infer_followed

        by = infer_followed(cascades.table, follows).inferred
        followed[by.row] = True
        drawn, place[by.row] = _below(drawn, by.structural_virality), len(drawn) + np.arange(len(by.row))
        # The median of an even number of draws is one of them, as in `cascades`.
        value[by.row] = np.quantile(by.structural_virality, 0.5, axis=1, method="inverted_cdf")
    return _Shapes(value, place, drawn, followed, np.asarray(cascades.ints("size"), dtype=np.float64))


def _below(few: FloatArray, many: FloatArray) -> FloatArray:
    """Rows of few draws above rows of many, the few repeated: `many` has a multiple of their columns."""
    if not len(few) or not len(many):
        return many if len(many) else few
    return np.concatenate([np.tile(few, many.shape[1] // few.shape[1]), many])


def _virality(shape: _Shapes, mine: IntArray, seed: int, name: str, level: float) -> Virality:
    if not len(mine):
        return Virality(Estimate.unknown("nothing was shared"))
    used = mine[np.isfinite(shape.value[mine])]
    n, left_out = len(used), len(mine) - len(used)
    if not n:
        size = shape.size[mine]
        low, high = (2.0 * (size - 1.0) / size).mean(), ((size + 1.0) / 3.0).mean()
        why = f"{NO_SHAPE}; whatever the trees, the mean lies between {low:.4g} and {high:.4g}"
        return Virality(Estimate.unknown(why))
    inferred = _inferred(shape, used)
    how = "mean over cascades; draws of cascades"
    if inferred:
        over = "draws, by who follows whom," if inferred["followed"] else "ten imputations"
        how += (
            f"; {inferred['cascades']} of {n} shapes inferred: over {over} of their hidden parents the mean goes from "
            f"{inferred['lowest']:.4g} to {inferred['highest']:.4g}, a sensitivity range, not an interval"
        )
    if left_out:
        how += f"; left out with more than a tenth of the parents hidden: {left_out}"
    side = np.zeros(n, dtype=np.int64)
    lot = Lot(side - 1, side, shape.value[used], np.ones(n))
    return Virality(single(lot, Manner(how, NO_SHAPE), seed, f"virality:{name}", level), inferred)


def _inferred(shape: _Shapes, used: IntArray) -> dict[str, Any] | None:
    """How far the mean moves over the draws of the shapes that are inferred."""
    place = shape.place[used]
    count, followed = int(np.count_nonzero(place >= 0)), int(np.count_nonzero(shape.followed[used]))
    if not count:
        return None
    means = (shape.value[used][place < 0].sum() + shape.drawn[place[place >= 0]].sum(axis=0)) / len(used)
    return {
        "cascades": count,
        "followed": followed,
        "lowest": float(means.min()),
        "highest": float(means.max()),
        "how": FOLLOWED if followed else INFERRED,
    }


def _half_life(world: World, shared: BoolArray, roots: IntArray, rows: IntArray) -> HalfLife:
    if not len(roots):
        return HalfLife(None, "nothing was shared")
    nodes = world.nodes
    rows = rows[shared[nodes.cascade[rows]]]
    child = rows[~nodes.is_root[rows]]
    known = child[nodes.up[child] >= 0]
    waits = nodes.time_us[known] - nodes.time_us[nodes.up[known]]
    return half_life(roots[roots != NEVER], nodes.time_us[child], waits, world.end_us)
