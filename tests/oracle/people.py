"""One row a person: the fields of `hubbub.tables.PEOPLE`, worked out from the rows one question at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hubbub.tables import MODES, RULES

from .credit import Money, credit_of, path, transitions
from .modes import Modes, View
from .reading import BRAND, Log, Person
from .settings import DAY, WEEK
from .trees import Trees
from .turns import Exchange, Talk, Turn

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PersonRow = dict[str, Any]
BURNT = ("leave", "flag")


def date_of(micros: int) -> str:
    return (EPOCH + timedelta(microseconds=micros)).date().isoformat()


class People:
    def __init__(self, log: Log) -> None:
        self.log = log
        self.talk = Talk(log)
        self.modes = Modes(log, self.talk)
        self.money = Money(log)
        self.trees = Trees(log, self.talk, self.modes)

    def row(self, person: Person) -> PersonRow:
        return {
            **self.who(person),
            **self.origin(person),
            **self.when(person),
            **self.lasting(person),
            **self.relationship(person),
            **self.deeds(person),
            **self.worth(person),
            "level": self.level(person),
            "campaigns": self.campaigns(person),
        }

    def who(self, person: Person) -> PersonRow:
        log = self.log
        touches = self.modes.touches(person)
        handles = log.handles(person)
        segments = [log.settings.segments[h] for h in handles if h in log.settings.segments]
        return {
            "person": person.label,
            "handles": sorted(f"{channel}:{actor}" for channel, actor in handles),
            "channel": log.rows[(touches or log.by(person))[0]]["channel"],
            "segment": segments[0] if segments else None,
        }

    def known_before(self, person: Person) -> bool:
        touches = self.modes.touches(person)
        if not touches:
            return False
        start = self.log.channel_start(self.log.rows[touches[0]]["channel"])
        return start is not None and self.log.time(touches[0]) - start < 30 * DAY

    def first_mode(self, person: Person, view: View) -> str | None:
        touches = self.modes.touches(person)
        if not touches or self.known_before(person):
            return None
        return self.modes.mode(touches[0], None, view)

    def unit(self, person: Person, view: View) -> str | None:
        spread = [i for i in self.modes.touches(person) if self.modes.mode(i, None, view) == "spread"]
        return self.trees.unit(spread[0]) if spread else None

    def origin(self, person: Person) -> PersonRow:
        origin = self.first_mode(person, "observed")
        return {
            "origin": origin,
            "origin_campaign": None if origin is None else self.log.campaign[self.modes.touches(person)[0]],
            "origin_hidden": self.first_mode(person, "hidden"),
            "origin_unanswered": self.first_mode(person, "unanswered"),
            "known_before": self.known_before(person),
            "unit": self.unit(person, "observed"),
            "unit_hidden": self.unit(person, "hidden"),
        }

    def when(self, person: Person) -> PersonRow:
        touches = self.modes.touches(person)
        times = [self.log.time(i) for i in touches]
        named = [self.modes.mode(i) for i in touches]
        hidden = [i for i in touches if self.modes.mode(i) != self.modes.mode(i, None, "hidden")]
        unanswered = [i for i in touches if self.modes.mode(i) != self.modes.mode(i, None, "unanswered")]
        return {
            "first": min(times, default=None),
            "last": max(times, default=None),
            "end": self.log.end_of(person),
            **{f"touches_{m}": named.count(m) for m in MODES},
            "touches_hidden": len(hidden),
            "touches_unanswered": len(unanswered),
        }

    def lasting(self, person: Person) -> PersonRow:
        times = [self.log.time(i) for i in self.modes.touches(person)]
        end = self.log.end_of(person)
        days, silent = silence(times, end) if times else (None, None)
        known = self.known_before(person)
        return {
            "retained_30": None if known else retained(times, end, 30),
            "retained_90": None if known else retained(times, end, 90),
            "silence_days": days,
            "silent": silent,
        }

    def relationship(self, person: Person) -> PersonRow:
        log, threads, exchanges = self.log, self.talk.threads(person), self.talk.exchanges(person)
        mine = [(said, k) for said in threads for k, (_, speaker) in enumerate(said) if speaker == "person"]
        theirs = [(said, k) for said in threads for k, (_, speaker) in enumerate(said) if speaker == "brand"]
        talked = [said for said in threads if any(speaker == "person" for _, speaker in said)]
        earlier, later = self.halves(person, exchanges)
        completed = [e.completed for e in exchanges]
        return {
            "exchanges": len(exchanges),
            "exchange_days": len({date_of(t) for t in completed}),
            "exchanges_earlier": earlier,
            "exchanges_later": later,
            "first_exchange": min(completed, default=None),
            "conversations": len(talked),
            "conversations_started": sum(said[0][1] == "person" for said in talked),
            "messages": len(mine),
            "messages_answered": sum(self.talk.answered(said, k) for said, k in mine),
            "brand_messages": len(theirs),
            "brand_messages_answered": sum(self.talk.answered(said, k) for said, k in theirs),
            **self.waits(person),
            "spoke": sum(self.modes.spoke(i) for i in log.by(person)),
            "unanswered": person in self.modes.unanswered,
        }

    def halves(self, person: Person, exchanges: list[Exchange]) -> tuple[int, int]:
        times = [self.log.time(i) for i in self.modes.touches(person)]
        if not exchanges:
            return 0, 0
        middle = (min(times) + max(times)) // 2
        earlier = sum(e.completed < middle for e in exchanges)
        return earlier, len(exchanges) - earlier

    def waits(self, person: Person) -> PersonRow:
        """How long each turn waited for the next; the last turn of a thread is still open."""
        time, end = self.log.time, self.log.end_of(person)
        done: dict[str, list[int]] = {"person": [], "brand": []}
        still: dict[str, list[int]] = {"person": [], "brand": []}
        open_turns: list[Turn] = []
        for said in self.talk.threads(person):
            turns = self.talk.turns(said)
            for one, two in pairwise(turns):
                done[one.speaker].append(time(two.words[0]) - time(one.words[0]))
            open_turns.append(turns[-1])
        for turn in open_turns:
            still[turn.speaker].append(max(0, end - time(turn.words[0])))
        return {
            "answered_us": sorted(done["person"]),
            "open_us": sorted(still["person"]),
            "brand_answered_us": sorted(done["brand"]),
            "brand_open_us": sorted(still["brand"]),
            "waiting_since": min((time(t.words[0]) for t in open_turns if t.speaker == "person"), default=None),
        }

    def made(self, i: int) -> bool:
        """A post about the brand: in a campaign, addressed to it, answering it, or naming it."""
        log = self.log
        if log.type(i) != "post":
            return False
        answered = log.follow(i, "in_reply_to")
        return (
            log.campaign[i] is not None
            or log.addressed(i) == BRAND
            or (answered is not None and log.author[answered] == BRAND)
            or self.names_the_brand(log.content[i])
        )

    def names_the_brand(self, content: str | None) -> bool:
        names = {handle for _, handle in self.log.settings.brand} | self.log.settings.watched
        return content is not None and any(names_word(content, name) for name in names)

    def deeds(self, person: Person) -> PersonRow:
        log = self.log
        rows = log.by(person)
        types = [log.type(i) for i in rows]
        shares = [i for i in rows if log.type(i) == "share" and log.stands(i)]
        machine = [log.rows[i].get("automated") for i in rows if log.type(i) == "visit"]
        return {
            "posts": types.count("post"),
            "made": sum(self.made(i) for i in rows),
            "shares": len(shares),
            "shares_hidden": sum(self.modes.hidden_parent(i) for i in shares),
            "visits": types.count("visit"),
            "visits_human": sum(m is False for m in machine),
            "visits_machine": sum(m is True for m in machine),
            "leaves": types.count("leave"),
            "flags": types.count("flag"),
            "contacts": len(self.contacts(person)),
        }

    def credit(self, person: Person, view: View) -> list[int]:
        """6 rules x 4 modes, rule by rule."""
        divided = [credit_of(rule, self.modes, self.money, person, view) for rule in RULES]
        return [by_mode[m] for by_mode in divided for m in MODES]

    def worth(self, person: Person) -> PersonRow:
        log, money = self.log, self.money
        mine = [c for c in money.conversions if log.author[c] == person]
        valued = {c: v for c in mine if (v := money.value[c]) is not None}
        first = min((log.time(c) for c in mine), default=None)
        completed = [e.completed for e in self.talk.exchanges(person)]
        before = [t for t in completed if first is None or t < first]
        credit = self.credit(person, "observed") if mine else []
        what_ifs = {view: self.credit(person, view) if mine else [] for view in ("hidden", "unanswered")}
        steps = transitions(self.modes, money, person)
        return {
            "conversions": len(mine),
            "conversions_unvalued": len(mine) - len(valued),
            "first_conversion": first,
            "exchanges_before": len(before),
            "exchanges_after": None if first is None else len(completed) - len(before),
            "value_micros": sum(valued.values()),
            "value_path_micros": sum(v for c, v in valued.items() if path(self.modes, person, c)),
            "credit_micros": credit,
            "credit_hidden_micros": [] if what_ifs["hidden"] == credit else what_ifs["hidden"],
            "credit_unanswered_micros": [] if what_ifs["unanswered"] == credit else what_ifs["unanswered"],
            "transitions": [{"from": a, "to": b, "n": n} for (a, b), n in sorted(steps.items())],
        }

    def level(self, person: Person) -> int:
        """0 stranger, 1 noticed, 2 spoke, 3 exchanged, 4 keeps exchanging, 5 advocates; as things stand at the end."""
        relationship, deeds = self.relationship(person), self.deeds(person)
        if relationship["exchange_days"] >= 3:
            return 5 if deeds["shares"] or deeds["made"] else 4
        if relationship["exchanges"]:
            return 3
        if relationship["spoke"]:
            return 2
        return int(any(self.log.stands(i) for i in self.modes.touches(person)))

    def contacts(self, person: Person) -> list[int]:
        """The brand's words addressed to a person."""
        log = self.log
        return [i for i in log.all if log.is_words(i) and log.author[i] == BRAND and log.addressed(i) == person]

    def burnt_by(self, person: Person, i: int) -> str | None:
        """The campaign that a leave or flag counts to: its own, else that of the last meeting, a week back at most."""
        log = self.log
        if log.campaign[i] is not None:
            return log.campaign[i]
        touches = [j for j in self.modes.touches(person) if log.stands(j)]
        met = [j for j in [*touches, *self.contacts(person)] if j < i and log.campaign[j] is not None]
        last = max(met, default=None)
        return None if last is None or log.time(i) - log.time(last) > WEEK else log.campaign[last]

    def campaigns(self, person: Person) -> list[dict[str, Any]]:
        log = self.log
        touches = [i for i in self.modes.touches(person) if log.stands(i)]
        contacts = [log.campaign[i] for i in self.contacts(person)]
        burnt = {kind: [self.burnt_by(person, i) for i in log.by(person) if log.type(i) == kind] for kind in BURNT}
        completed = [log.campaign[e.completed_by] for e in self.talk.exchanges(person)]
        speaks = {log.thread[i] for i in log.all if log.is_words(i) and log.author[i] == BRAND}
        met = {*(log.campaign[i] for i in touches), *contacts, *burnt["leave"], *burnt["flag"]}
        out = []
        for campaign in sorted(c for c in met if c is not None):
            inside = [i for i in touches if log.campaign[i] == campaign]
            words = [i for i in inside if log.is_words(i)]
            out.append(
                {
                    "campaign": campaign,
                    "first": min((log.time(i) for i in inside), default=None),
                    "touches": len(inside),
                    "exchanges": completed.count(campaign) if inside else 0,
                    "words": len(words),
                    "words_alone": sum(log.thread[i] not in speaks for i in words),
                    "contacts": contacts.count(campaign),
                    "leaves": burnt["leave"].count(campaign),
                    "flags": burnt["flag"].count(campaign),
                }
            )
        return out


def silence(times: list[int], end: int) -> tuple[float, bool]:
    """Days from the first touch to the 30th day of the first silence, or to the end; whether it was seen."""
    end = max(end, times[-1])
    for now, then in zip(times, [*times[1:], end], strict=True):
        if then - now >= 30 * DAY:
            return (now + 30 * DAY - times[0]) / DAY, True
    return (end - times[0]) / DAY, False


def retained(times: list[int], end: int, days: int) -> bool | None:
    """Whether a touch falls in days [days, days + 30) after the first; None where the log is too short to tell."""
    if not times or times[0] > end - (days + 30) * DAY:
        return None
    return any(times[0] + days * DAY <= t < times[0] + (days + 30) * DAY for t in times)


def names_word(content: str, name: str) -> bool:
    """Whether a name of three characters or more occurs, casefolded, and not inside a longer word."""
    if len(name) < 3:
        return False
    text, word = content.casefold(), name.casefold()
    for at in range(len(text) - len(word) + 1):
        before, after = text[at - 1 : at] if at else "", text[at + len(word) : at + len(word) + 1]
        if text[at : at + len(word)] == word and not is_letter(before) and not is_letter(after):
            return True
    return False


def is_letter(c: str) -> bool:
    return c.isalnum() or c == "_"
