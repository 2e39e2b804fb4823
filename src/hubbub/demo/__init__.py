"""Invented worlds: the demo brand, and planted worlds whose truth is known. Nothing and nobody in them exists."""

from __future__ import annotations

from hubbub.demo.plant import plant
from hubbub.demo.presets import ACTION_WORLDS, METHODS_CELLS, TRAP_NOTES, TRAPS
from hubbub.demo.quillwort import quillwort
from hubbub.demo.spec import ACTIONS, Spec, best_action, follow
from hubbub.demo.world import World

__all__ = [
    "ACTIONS",
    "ACTION_WORLDS",
    "METHODS_CELLS",
    "TRAPS",
    "TRAP_NOTES",
    "Spec",
    "World",
    "best_action",
    "follow",
    "plant",
    "quillwort",
]
