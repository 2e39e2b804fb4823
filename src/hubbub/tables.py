"""What passes from the log to the comparison: one row a person, one row a cascade, and the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from hubbub.activity import TIME

if TYPE_CHECKING:
    from hubbub.consent.known import Known

MODES: tuple[str, ...] = ("conversation", "spread", "broadcast", "unknown")
"""How a touch came about; the position is its code."""

RULES: tuple[str, ...] = ("first", "last", "linear", "position", "decay", "shapley")
"""Rules of credit that divide each conversion by itself (Markov needs all paths at once)."""

START, CONV, NULL = 4, 5, 6
"""States of the Markov chain besides the four modes."""

LABEL = pa.dictionary(pa.int32(), pa.string())
MODE = pa.dictionary(pa.int8(), pa.string())

IN_CAMPAIGN = pa.struct([
    ("campaign", LABEL),
    ("first", TIME),          # first touch in it, null without one
    ("touches", pa.int32()),
    ("exchanges", pa.int32()),  # exchanges whose second turn's first words belong to it
    ("words", pa.int32()),      # the person's words in it
    ("words_alone", pa.int32()),  # of these, in conversations where the brand never speaks
    ("contacts", pa.int32()),   # the brand's words in it addressed to the person
    ("leaves", pa.int32()),     # counted to it: its own, else to where the two met last, within 7 days (readings, 46)
    ("flags", pa.int32()),
])  # fmt: skip

TRANSITION = pa.struct([("from", pa.int8()), ("to", pa.int8()), ("n", pa.int32())])

PEOPLE = pa.schema([
    # who
    ("person", pa.string()),          # name in people.csv, else channel:actor
    ("handles", pa.list_(pa.string())),  # channel:actor, sorted
    ("channel", LABEL),               # channel of the first touch (of the first row, without a touch)
    ("segment", LABEL),               # from segments.csv, null if none
    # where they came from
    ("origin", MODE),                 # mode of the first touch; null without a touch or if known before
    ("origin_campaign", LABEL),
    ("origin_hidden", MODE),          # origin if shares with hidden parents were spread
    ("origin_unanswered", MODE),      # origin if words that nobody answered were conversation
    ("known_before", pa.bool_()),     # first seen within 30 days of the start of coverage
    ("unit", pa.string()),            # channel:id of the root of the first spread touch's cascade; null: the person
    ("unit_hidden", pa.string()),
    # when
    ("first", TIME),                  # first touch, null without
    ("last", TIME),                   # last touch
    ("end", TIME),                    # until when the log can see this person
    ("touches_conversation", pa.int32()),
    ("touches_spread", pa.int32()),
    ("touches_broadcast", pa.int32()),
    ("touches_unknown", pa.int32()),
    ("touches_hidden", pa.int32()),      # touches that would be spread if hidden parents were people
    ("touches_unanswered", pa.int32()),  # touches that would be conversation if the unanswered had been answered
    # what lasted
    ("retained_30", pa.bool_()),      # null: not eligible
    ("retained_90", pa.bool_()),
    ("silence_days", pa.float64()),   # days from the first touch to the first silence of 30 days, or to the end
    ("silent", pa.bool_()),           # True: the silence was seen; False: censored
    # the relationship
    ("exchanges", pa.int32()),
    ("exchange_days", pa.int32()),    # UTC dates on which an exchange was completed
    ("exchanges_earlier", pa.int32()),  # in the earlier half of the span of touches
    ("exchanges_later", pa.int32()),
    ("first_exchange", TIME),
    ("conversations", pa.int32()),    # threads in which the person has words with the brand
    ("conversations_started", pa.int32()),  # of these, begun by the person
    ("messages", pa.int32()),         # the person's words that are addressed to, or answered by, the brand
    ("messages_answered", pa.int32()),  # of these, followed by the brand's words within 7 days
    ("brand_messages", pa.int32()),   # the brand's words addressed to the person
    ("brand_messages_answered", pa.int32()),
    ("answered_us", pa.list_(pa.int64())),   # waits of the person's turns for the brand, microseconds
    ("open_us", pa.list_(pa.int64())),       # the same, still unanswered at the person's end (censored)
    ("brand_answered_us", pa.list_(pa.int64())),  # waits of the brand's turns for the person
    ("brand_open_us", pa.list_(pa.int64())),
    ("spoke", pa.int32()),            # words addressed to the brand
    ("unanswered", pa.bool_()),       # spoke, and no words of theirs were answered within 7 days
    ("waiting_since", TIME),          # first words of the last turn, where the brand has not answered yet; else null
    ("level", pa.int8()),             # 0 stranger .. 5 advocates; for reading only
    # what they did
    ("posts", pa.int32()),
    ("made", pa.int32()),             # posts about the brand that are no shares
    ("shares", pa.int32()),           # standing at the end
    ("shares_hidden", pa.int32()),    # of these, with the parent hidden by the network
    ("visits", pa.int32()),
    ("visits_human", pa.int32()),     # automated is false
    ("visits_machine", pa.int32()),   # automated is true
    ("leaves", pa.int32()),
    ("flags", pa.int32()),
    ("contacts", pa.int32()),         # the brand's words addressed to the person
    # what they were worth
    ("conversions", pa.int32()),
    ("conversions_unvalued", pa.int32()),
    ("first_conversion", TIME),
    ("exchanges_before", pa.int32()),  # completed before the first conversion; all, without one
    ("exchanges_after", pa.int32()),   # null without a conversion
    ("value_micros", pa.int64()),      # sum of the values divided
    ("value_path_micros", pa.int64()),  # of these, of conversions with touches
    ("credit_micros", pa.list_(pa.int64())),  # 6 rules x 4 modes, rule-major; empty without conversions
    ("credit_hidden_micros", pa.list_(pa.int64())),      # the same if hidden parents were spread; empty: no change
    ("credit_unanswered_micros", pa.list_(pa.int64())),  # the same if the unanswered were conversation
    ("transitions", pa.list_(TRANSITION)),  # steps of this person's Markov paths
    ("campaigns", pa.list_(IN_CAMPAIGN)),
])  # fmt: skip

NODE = pa.struct([
    ("parent", pa.int32()),      # position in the list; -1 the root, -2 hidden by the network
    ("time_us", pa.int64()),     # since the root, microseconds
    ("person", pa.int32()),      # position of the sharer among the cascade's persons in order; -1 the brand
    ("exchanged", pa.bool_()),   # the sharer had completed an exchange with the brand before; null: not looked at
    ("audience", pa.int64()),
    ("disclosed", pa.bool_()),
    ("rewarded", pa.bool_()),
])  # fmt: skip

CASCADES = pa.schema([
    ("root", pa.string()),            # id
    ("channel", LABEL),
    ("type", LABEL),                  # type of the root
    ("campaign", LABEL),
    ("author", pa.string()),          # person; null: the brand
    ("shared", pa.bool_()),           # at least one share; False: a brand's post that nobody shared, a try of size 1
    ("try", pa.bool_()),              # the brand's own post
    ("orphan", pa.bool_()),           # the root names a `via` that the log does not hold
    ("size", pa.int32()),
    ("hidden", pa.int32()),           # shares whose parent the network hides
    ("depth", pa.int32()),            # null where parents are hidden
    ("breadth", pa.int32()),
    ("structural_virality", pa.float64()),
    ("broadcast_part", pa.float64()),  # part of the shares that the largest single node brought
    ("generation_hours", pa.float64()),
    ("half_life_hours", pa.float64()),  # null while running
    ("running", pa.bool_()),
    ("first", TIME),                  # of the root
    ("last", TIME),                   # of the last share
    ("touched", pa.int32()),          # people who came through it without sharing
    ("nodes", pa.list_(NODE)),        # root first, then the shares in reading order
    ("sharers", pa.list_(pa.string())),  # the persons to whom `person` of the nodes points
])  # fmt: skip


UNASKED = pa.schema([
    ("person", pa.string()),
    ("contacts", pa.int64()),  # words of the brand addressed to the person that answer nothing
    ("without", pa.int64()),   # of these, at a moment when the person allowed no unasked purpose on that channel
])  # fmt: skip


FOLLOWS = pa.schema([
    ("channel", pa.string()),
    ("person", pa.string()),
    ("follows", pa.string()),  # the person followed; null: the brand
    ("since_us", pa.int64()),  # null: always
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChannelLedger:
    """What the log can see of one channel: counts of rows, and what coverage.csv says."""

    channel: str
    rows: int
    first: datetime
    last: datetime
    shares: int = 0
    shares_hidden: int = 0  # an object and no via: the network names only the root
    shares_orphan: int = 0  # a via that is not in the log, or not earlier
    replies: int = 0
    replies_orphan: int = 0  # an in_reply_to that is not in the log, or not earlier
    views_named: int = 0  # rows of type view by a named actor
    views_total: int = 0  # sum of count over rows of type view whose actor is `*`
    visits: int = 0
    visits_known: int = 0  # of these, with `automated` given
    covered_from: datetime | None = None
    covered_until: datetime | None = None
    sees: str = ""


METRICS: tuple[str, ...] = ("converts", "value", "returns", "shares", "speaks", "leaves")
"""What an experiment can measure of a person in the days after the assignment; `value` is money, the rest yes or no."""

TRIAL = pa.schema([
    ("person", pa.string()),
    ("arm", pa.string()),
    ("assigned_us", pa.int64()),
    ("done", pa.bool_()),        # the log covers the whole time in which the outcome is looked for
    ("outcome", pa.float64()),   # 0 or 1, or money
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """An experiment as it was set before it began.

    arms : the first is what the others are held against; parts : of the people, as planned
    metric : one of METRICS; window_days : how long after the assignment it is looked for
    planned : people in all; alpha : of the reading; by : "person" or "cluster"; segment : whose people, None all
    started_us : when, microseconds since 1970; None for assignments from elsewhere
    """

    name: str
    arms: tuple[str, ...]
    parts: tuple[float, ...]
    metric: str = "converts"
    window_days: float = 30.0
    planned: int = 1_000
    alpha: float = 0.05
    by: str = "person"
    bandit: bool = False
    segment: str | None = None
    seed: int = 0
    started_us: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment with what its people have done. people : TRIAL; torn : people found in two arms, left out"""

    plan: Plan
    people: pa.Table
    torn: int = 0


@dataclass(frozen=True, slots=True)
class Effort:
    """One line of what the brand spent: a row of effort.csv, or the sum of `cost` of one kind of activity."""

    mode: str  # one of MODES
    cost_micros: int | None = None
    hours: float | None = None
    currency: str | None = None
    campaign: str | None = None
    source: str = "effort.csv"  # or "cost of activities"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the comparison must know besides the two tables: the log's extent, its blind spots, money and settings."""

    activities: int
    first: datetime | None
    last: datetime | None
    channels: tuple[ChannelLedger, ...] = ()
    effort: tuple[Effort, ...] = ()
    hour_cost_micros: int | None = None
    currency: str | None = None  # of the values divided; None where conversions are counted
    valued: str = "none"  # "value", "count" or "none" (no conversions)
    valued_why: str = ""  # where values could not be used, the reason
    brand: str = ""  # the brand's name, for people
    segments: tuple[str, ...] = ()  # target segments of the workspace
    window_days: float = 30.0
    follows: pa.Table | None = field(default=None, compare=False, repr=False)  # FOLLOWS; None without follows.csv
    unasked: pa.Table | None = field(default=None, compare=False, repr=False)  # UNASKED; None without consent.csv
    consent: Known | None = field(default=None, compare=False, repr=False)  # None without consent.csv
    trials: tuple[Trial, ...] = field(default=(), compare=False, repr=False)  # with arms conversation and spread
    notes: tuple[str, ...] = field(default_factory=tuple)  # what a person should know about this log
