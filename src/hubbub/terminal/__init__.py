"""The answer at a glance on a terminal: readable in 80 columns, without colour, and where only ASCII can be shown."""

from __future__ import annotations

from hubbub.terminal.answer import show_compare
from hubbub.terminal.experiments import show_experiment, show_plan_of_experiment, show_started
from hubbub.terminal.face import console
from hubbub.terminal.log import show_import, show_people, show_refusals
from hubbub.terminal.spread import show_cascades, show_forecast, show_reach, show_seed, show_simulate

__all__ = [
    "console", "show_cascades", "show_compare", "show_experiment", "show_forecast", "show_import", "show_people",
    "show_plan_of_experiment", "show_reach", "show_refusals", "show_seed", "show_simulate", "show_started",
]  # fmt: skip
