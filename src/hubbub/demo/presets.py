"""Named planted worlds: traps for a careless comparison, the grid of METHODS, one world for each right action."""

from __future__ import annotations

from itertools import product

from hubbub.demo.spec import Spec

TAILS = (1.1, 1.5, 2.0, 2.5)
CASCADES = (8, 20, 60, 200)
TALKERS = (20, 100, 300, 1000)
RATIOS = (1 / 10, 1 / 5, 1 / 3, 1 / 2, 1.0, 2.0, 3.0, 5.0, 10.0)

METHODS_CELLS: dict[tuple[float, int, int, float], Spec] = {
    key: Spec.cell(*key, audience=0, strangers=0, two_handles=0.0, retained_spread=0.0, retained_conversation=0.0)
    for key in product(TAILS, CASCADES, TALKERS, RATIOS)
}
"""(tail, cascades, talkers, true ratio) -> a world with nothing else in it, so that thousands can be drawn."""

TRAPS: dict[str, Spec] = {
    "thanks": Spec.cell(1.5, 60, 300, 0.4, thanks=True),
    "cycle": Spec(cycle=True),
    "after_like": Spec.cell(2.0, 20, 200, 3.0, after_like=800),
    "lucky": Spec.cell(2.0, 20, 200, 3.0, lucky=1_500),
    "hidden": Spec.cell(1.5, 60, 200, 0.7, hidden=0.8, passing=0.9),
    "unanswered": Spec(unanswered=0.6),
    "gap": Spec(gap_days=60),
    "refunds": Spec(refunds=0.4),
    "censored": Spec(tree="branching", reproduction=0.7, running=60, days=150),
    "no_effort": Spec(effort_conversation=0.0, effort_spread=0.0),
    "no_value": Spec(value_conversation=0.0, value_spread=0.0),
    "few_cascades": Spec(cascades=5),
}
"""One trap a world: what a careless program counts wrongly there is said in `TRAP_NOTES`."""

TRAP_NOTES: dict[str, str] = {
    "thanks": "buyers by spread write just before the order and are thanked after it: no conversation brought the sale",
    "cycle": "three shares of one moment name each other: the smallest id is cut loose, the others follow",
    "after_like": "the people of one lucky cascade liked a post before: they came by one piece of luck, not by hundreds",
    "lucky": "one cascade brings most of the value of spread, though conversation is worth three times as much",
    "hidden": "most shares name only the root: their people look like broadcast",
    "unanswered": "most askers are never answered: whom the brand answers is its own choice",
    "gap": "the log of one channel begins late: its people are known before",
    "refunds": "two orders of five are paid back",
    "censored": "many cascades begin just before the end: their shares have had no time to bring anything",
    "no_effort": "no effort is known: no value per effort",
    "no_value": "nobody buys: only people who came back can be compared",
    "few_cascades": "fewer than ten cascades: no verdict",
}

ACTION_WORLDS: dict[str, Spec] = {
    "answer": Spec(unanswered=0.6, value_unanswered=1.0, value_conversation=14.0, value_spread=25.0),
    "ask": Spec(
        willing=150, accepts=0.3, audience=300, value_spread=120.0, cascades=30, tail=2.0, value_conversation=6.0,
        effort_spread=900.0,
    ),
    "post": Spec(posts=40, value_post=30.0, cost_post=5.0, value_conversation=6.0, value_spread=25.0),
    "stop": Spec(mails=8, leaves=0.08, cost_mail=0.05, audience=500, value_audience=9.0),
    "test": Spec.cell(1.3, 12, 40, 0.4, stake=0.5, cost_test=40.0, effort_conversation=300.0, effort_spread=300.0),
}  # fmt: skip
"""Action -> a world in which it is the best one; see `spec.follow` for what taking it does."""
