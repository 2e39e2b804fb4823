"""The mode of a touch, as it is known at the end or at a moment, and under the two what-ifs."""

from __future__ import annotations

from typing import Literal

from hubbub.activity import NO_TOUCH, WORDS

from .reading import BRAND, Log, Person, who
from .settings import WEEK
from .turns import Talk

View = Literal["observed", "hidden", "unanswered"]
"""As it was; if shares with hidden parents were spread; if words that nobody answered were conversation."""


class Modes:
    def __init__(self, log: Log, talk: Talk) -> None:
        self.log = log
        self.talk = talk
        self.unanswered = {p for p in log.people if self._unanswered(p)}

    def touches(self, person: Person) -> list[int]:
        return [i for i in self.log.by(person) if self.log.type(i) not in NO_TOUCH]

    def spoke(self, i: int) -> bool:
        """Words of a person that are addressed to the brand."""
        return self.log.is_words(i) and self.log.addressed(i) == BRAND

    def hidden_parent(self, i: int) -> bool:
        """A share whose parent the network hides: an object that is followed, and no via."""
        if self.log.type(i) != "share" or self.log.rows[i].get("via") is not None:
            return False
        return self.log.follow(i, "object") is not None

    def is_spread(self, i: int) -> bool:
        via = self.log.follow(i, "via")
        if via is None or not isinstance(self.log.author[via], Person):
            return False
        return self.log.author[via] != self.log.author[i] and self.log.type(via) in WORDS | {"share"}

    def is_conversation(self, i: int, moment: int | None) -> bool:
        completed = self.talk.part_of.get(i)
        return completed is not None and (moment is None or completed <= moment)

    def is_broadcast(self, i: int) -> bool:
        row = self.log.rows[i]
        targets = [self.log.follow(i, field) for field in ("via", "in_reply_to", "object")]
        if any(t is not None and self.log.author[t] == BRAND for t in targets):
            return True
        return who(self.log.settings, row["channel"], row.get("object")) == BRAND

    def mode(self, i: int, moment: int | None = None, view: View = "observed") -> str:
        """moment : only exchanges completed by then count; None: all."""
        if self.is_spread(i) or (view == "hidden" and self.hidden_parent(i)):
            return "spread"
        if view == "unanswered" and self.log.author[i] in self.unanswered and self.spoke(i):
            return "conversation"
        if self.is_conversation(i, moment):
            return "conversation"
        return "broadcast" if self.is_broadcast(i) else "unknown"

    def _unanswered(self, person: Person) -> bool:
        end = self.log.end_of(person)
        mine = [
            (said, place)
            for said in self.talk.threads(person)
            for place, (_, speaker) in enumerate(said)
            if speaker == "person"
        ]
        spoke = any(self.spoke(i) for i in self.log.by(person))
        waited = any(self.log.time(said[place][0]) <= end - WEEK for said, place in mine)
        return spoke and waited and not any(self.talk.answered(said, place) for said, place in mine)
