"""Figures of g1, g2 and g3, worked by hand: every engine must give them.

C conversation, S spread, B broadcast, U unknown. Money is in EUR, as decimal text. The half-life of g3 assumes a
finished cascade: its log ends 30 days later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent
BRAND = "acme"

C, S, B, U = "conversation", "spread", "broadcast", "unknown"


def money(**by_letter: str) -> dict[str, Decimal]:
    """All four modes; those that are not named have 0."""
    names = {"C": C, "S": S, "B": B, "U": U}
    return {name: Decimal(by_letter.get(letter, "0")) for letter, name in names.items()}


@dataclass(frozen=True)
class Tree:
    """One cascade."""

    size: int
    depth: int
    breadth: int
    structural_virality: float
    half_life_hours: float | None = None
    generation_hours: float | None = None
    reproduction_raw: float | None = None
    children: int = 0


@dataclass(frozen=True)
class Golden:
    """What one log must give.

    modes : id -> mode
    origins : label -> mode of the first touch
    exchanges : label -> exchanges, where there are any
    retained_30, retained_90 : mode -> (came back, eligible); a mode that is missing has nobody eligible
    paths : steps of all Markov paths are not listed; `markov_effects` is 1 - p without the mode / p
    units : unit (tree, or person where the tree is None) -> (conversation, spread)
    verdict_units : units with a touch of conversation, of spread
    cascades : (channel, root) -> the tree, shared ones only
    tries : sizes of the brand's posts
    """

    total: Decimal
    modes: dict[str, str]
    origins: dict[str, str]
    exchanges: dict[str, int]
    retained_30: dict[str, tuple[int, int]]
    retained_90: dict[str, tuple[int, int]]
    credit: dict[str, dict[str, Decimal]]
    markov: dict[str, Decimal]
    units: dict[tuple[str, str], tuple[Decimal, Decimal]]
    verdict_units: tuple[int, int]
    cascades: dict[tuple[str, str], Tree]
    tries: tuple[int, ...]
    markov_p: str = ""
    markov_effects: dict[str, str] = field(default_factory=dict)
    opt_outs_per_person: dict[str, float] = field(default_factory=dict)
    answer: str = "cannot_tell"


G1 = Golden(
    total=Decimal(120),
    modes={"r1": C, "r3": C, "v1": S, "v2": S, "c2": S, "s1": B, "l1": B, "k1": B, "c1": U},
    origins={"x:ann": C, "x:cat": S, "x:bob": B, "x:dan": B},
    exchanges={"x:ann": 2},
    retained_30={C: (1, 1), S: (0, 1), B: (0, 1)},
    retained_90={},
    credit={
        "first": money(C="90", S="30"),
        "last": money(S="120"),
        "linear": money(C="60", S="60"),
        "position": money(C="54", S="66"),
        "decay": money(C="46.141307", S="73.858693"),
        "shapley": money(C="45", S="75"),
    },
    markov=money(C="40", S="80"),
    markov_p="1/2",
    markov_effects={C: "1/2", S: "1", B: "0", U: "0"},
    units={("tree", "x:p1"): (Decimal(60), Decimal(60))},
    verdict_units=(1, 1),
    cascades={("x", "p1"): Tree(2, 1, 1, 1.0, half_life_hours=24.0)},
    tries=(1, 2),
)

G2 = Golden(
    total=Decimal(70),
    modes={"m1": C, "m3": U, "f1": B, "s9": U, "v9": U, "v8": S},
    origins={"chat:eva": C, "x:fay": B, "x:gus": U, "x:hal": S},
    exchanges={"chat:eva": 1},
    retained_30={C: (0, 1), S: (1, 1), B: (1, 1), U: (0, 1)},
    retained_90={C: (0, 1), S: (0, 1), B: (0, 1), U: (0, 1)},
    credit={
        "first": money(C="40", S="20", U="10"),
        "last": money(S="20", U="50"),
        "linear": money(C="20", S="20", U="30"),
        "position": money(C="20", S="20", U="30"),
        "decay": money(C="7.999993", S="20", U="42.000007"),
        "shapley": money(C="20", S="20", U="30"),
    },
    markov=money(C="12", S="24", U="34"),
    markov_p="2/3",
    markov_effects={C: "1/4", S: "1/2", B: "0", U: "1/2"},
    units={("person", "chat:eva"): (Decimal(20), Decimal(0)), ("tree", "x:s9"): (Decimal(0), Decimal(20))},
    verdict_units=(1, 1),
    cascades={},
    tries=(1,),
    opt_outs_per_person={C: 0.0, S: 1.0, B: 0.0, U: 0.0},
)

ALL_SPREAD = money(S="50")
G3 = Golden(
    total=Decimal(50),
    modes={"a1": B, "a2": B, "b1": S, "b2": S, "d1": S, "w1": S, "x1": S, "w2": S, "w3": S, "g1": U},
    origins={
        "x:ivy": B, "x:jon": B, "web:ivy": U,
        "x:kim": S, "x:lee": S, "x:mia": S, "x:ned": S, "x:oda": S, "web:pat": S,
    },
    exchanges={},
    retained_30={},
    retained_90={},
    credit=dict.fromkeys(("first", "last", "linear", "position", "decay", "shapley"), ALL_SPREAD),
    markov=ALL_SPREAD,
    markov_p="1/9",
    markov_effects={C: "0", S: "1", B: "0", U: "0"},
    units={("tree", "x:q1"): (Decimal(0), Decimal(50)), ("tree", "web:g1"): (Decimal(0), Decimal(0))},
    verdict_units=(0, 2),
    cascades={("x", "q1"): Tree(6, 3, 2, 31 / 15, 3.0, 2.0, reproduction_raw=0.6, children=3)},
    tries=(1, 6),
)  # fmt: skip

GOLDEN = {"g1": G1, "g2": G2, "g3": G3}

G3_REPRODUCTION_AT_10 = 9 / 13
"""3 / (13/3) = .692308, if the log of g3 ended at 10:00 of its first day."""

TRIES_OF_G3 = {"gini": 5 / 14, "largest_part": 6 / 7}

HAND_REPRODUCTION = 0.9
"""Shares A 0 h, B 2 h and C 5 h (of A), D 8 h (of C), end 10 h, A a child of the brand's post: 3 / (10/3)."""


@dataclass(frozen=True)
class Kernel:
    """One verdict without effort, tolerance .01 at 20,000 draws; figures from 2,000,000.

    units : (conversation, spread); q_conversation, q_spread : ahead without its own best unit
    """

    units: tuple[tuple[float, float], ...]
    plain: float
    p: float
    published: float
    answer: str
    q_conversation: float
    q_spread: float
    fallback: float = 1.0


def sides(conversation: list[float], spread: list[float]) -> tuple[tuple[float, float], ...]:
    """One-sided units."""
    return (*((c, 0.0) for c in conversation), *((0.0, s) for s in spread))


V0_UNITS = ((60.0, 0.0), (0.0, 40.0))
"""Plain a / (a + b) = .6 exactly."""

KERNELS = {
    "V1": Kernel(sides([10.0] * 12, [5.0] * 9 + [60.0]), 0.6586, 0.3194, 0.5, "cannot_tell", 0.6039, 0.0128),
    "V2": Kernel(sides([10.0] * 40, [5.0] * 12), 1.0, 0.9886, 0.9886, "conversation", 1.0, 0.0),
    "V3": Kernel(sides([10.0] * 20, [5.0] * 11 + [900.0]), 0.1482, 0.0144, 0.5, "cannot_tell", 0.1388, 0.0002),
    "V4": Kernel(sides([5.0] * 10, [20.0] * 30), 0.0, 0.0057, 0.0057, "spread", 0.0, 1.0),
    "V5": Kernel(sides([10.0] * 20, [0.0] * 10), 1.0, 0.9558, 0.9558, "conversation", 1.0, 0.0, fallback=10.0),
}

V2_INTERVALS = {"conversation": (301.9, 626.0), "spread": (34.6, 161.3)}
