"""Where the invented brand lives: Quillwort Plants, its channels, campaigns and time. Nothing here exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

NOTE = "Invented: Quillwort Plants, its people, their words and all numbers are made up; none of it exists."
START = datetime(2025, 11, 23, tzinfo=UTC)
DAYS = 365
ZONE = "Europe/Berlin"
HANDLE = "quillwort"
MAIL = "hello@quillwort.example"
BRAND = (HANDLE, f"email:{MAIL}")
WATCHED = ("quillwort", "plant clinic", "moss wall", "fern quiz")
SHOP = "https://quillwort.example/"

CHANNELS = (
    "mastodon", "bluesky", "facebook", "x", "instagram", "reddit", "myspace", "digg", "blog", "podcast",
    "email", "chat", "web",
)  # fmt: skip
CODE = {name: code for code, name in enumerate(CHANNELS)}
HOMES = (18, 13, 15, 9, 13, 8, 2, 3, 3, 3, 8, 5, 0)
"""Where people are at home, in proportion."""
ANSWERED = (0.95, 0.94, 0.90, 0.80, 0.90, 0.88, 0.62, 0.65, 0.92, 0.80, 0.96, 0.97, 0.0)
"""How often the brand answers, by channel."""
NATIVE = ("mastodon", "bluesky", "facebook", "x", "instagram", "reddit", "myspace", "digg")
"""Networks with a repost button."""
NAMES_PARENT = ("mastodon", "bluesky")
"""Networks that say from whom a repost came; the others name only the root."""
SEES = (
    "all", "all", "page only", "totals only", "page only", "mentions", "page only", "submissions", "all",
    "downloads and reviews", "all", "all", "own links and shop",
)  # fmt: skip
PLACES = ("houseplants", "windowsill", "balcony group", "Repotting podcast", "plant clinic", "newsletter")

ZONES = (
    ZONE, "Europe/London", "America/New_York", "Europe/Paris", "America/Los_Angeles", "Australia/Sydney", "Asia/Kolkata",
)  # fmt: skip
"""Time zones of people; the first is the brand's."""


@dataclass(frozen=True)
class Campaign:
    """One effort of the brand.

    windows : first and last day of each run
    reproduction : shares that each share brings, in the mean
    seeds : people who take a link from the brand, in a log of 200,000 rows
    editions : how many links of the brand, each the root of a cascade
    posts, talk, likes : how often it is posted, answered and liked, in proportion
    disclosed : chances that a share is marked as marketing, not marked, not known
    rewarded : chance that something was promised for a share
    hours : clock hours of its posts
    tuesdays : posts on Tuesdays only
    linked : chance that a post carries a share link of the brand
    """

    name: str
    windows: tuple[tuple[str, str], ...]
    reproduction: float
    seeds: int
    editions: int
    posts: float
    talk: float
    likes: float
    disclosed: tuple[float, float, float]
    rewarded: float
    hours: tuple[int, ...]
    tuesdays: bool = False
    linked: float = 0.45


YEAR = (("2025-11-23", "2026-11-22"),)
CAMPAIGNS = (
    Campaign("Plant clinic Tuesdays", YEAR, 0.12, 420, 24, 26, 42, 0.16, (0.9, 0.02, 0.08), 0.0, (10, 18, 18, 18, 19), True, 0.1),
    Campaign("Frost warning", (("2025-11-25", "2026-02-26"), ("2026-10-20", "2026-11-22")), 0.24, 200, 10, 12, 15, 0.3,
             (0.85, 0.04, 0.11), 0.0, (16, 17, 18), False, 0.15),
    Campaign("Repotting podcast", (("2026-01-12", "2026-10-30"),), 0.38, 200, 12, 10, 8, 0.4, (0.8, 0.03, 0.17), 0.0, (7, 12)),
    Campaign("Cutting swap", (("2026-04-06", "2026-10-10"),), 0.82, 70, 8, 13, 19, 0.1, (0.75, 0.05, 0.2), 0.25, (11, 17), False, 0.1),
    Campaign("Moss wall photo", (("2026-05-02", "2026-06-20"),), 0.61, 200, 5, 7, 3, 2.4, (0.7, 0.1, 0.2), 0.05, (12, 19)),
    Campaign("Fern quiz", (("2026-01-20", "2026-03-05"),), 0.66, 380, 12, 8, 3, 1.8, (0.6, 0.17, 0.23), 0.4, (18, 20)),
    Campaign("Name your plant", (("2026-06-08", "2026-07-05"), ("2026-11-09", "2026-11-22")), 0.87, 260, 20, 9, 2.5, 2.2,
             (0.58, 0.19, 0.23), 0.1, (10, 19)),
    Campaign("Spring sale mail", (("2026-03-03", "2026-04-30"), ("2026-11-02", "2026-11-20")), 0.03, 500, 6, 9, 2, 0.6,
             (0.92, 0.02, 0.06), 0.6, (8, 9)),
)  # fmt: skip
NAMES = tuple(c.name for c in CAMPAIGNS)
CLINIC, FROST, PODCAST, SWAP, MOSS, QUIZ, CARD, SALE = range(len(CAMPAIGNS))

MAIL_DAYS = ("2026-03-10", "2026-03-24", "2026-04-07", "2026-04-21", "2026-11-02", "2026-11-09", "2026-11-16")
"""Days of the sale mail; the last three are Mondays."""

LUCKY_DAY, LUCKY_DIRECT, LUCKY_REPRODUCTION = "2026-06-14", 290, 0.88
RUNNING_DAY, RUNNING_HOUR, RUNNING_DIRECT, RUNNING_REPRODUCTION = "2026-11-21", 17, 80, 0.85
GENERATION_MEDIAN_HOURS, GENERATION_SIGMA = 2.6, 0.9

EFFORT = {
    "conversation": ((CLINIC, 3.0), (FROST, 0.6), (SWAP, 0.8), (PODCAST, 0.3), (MOSS, 0.2), (QUIZ, 0.1), (CARD, 0.1)),
    "spread": ((QUIZ, 0.5), (CARD, 0.7), (SWAP, 0.3), (MOSS, 0.3)),
    "broadcast": ((SALE, 0.5), (PODCAST, 0.7), (CLINIC, 0.3)),
}
"""Hours a week in a log of 200,000 rows, by mode and campaign, over the whole year."""
HOUR_COST = Decimal("28.00")
OUTLAY = {"conversation": 0.0, "spread": 5.0, "broadcast": 3.0}
"""Euros beside each hour: rewards and printed cards, pictures and boosts."""

INBOX = (
    (5.53, 0, "mastodon", "Eleven. But the new leaf came out with brown edges again, same window as last year. "
                          "Should I move it before the heating starts?"),
    (6.95, 1, "email", "The cutting rooted! Photo attached. Which pot size would you take next?"),
    (7.6, 2, "chat", "Do you ship the moss wall kit to Ireland before Christmas?"),
    (8.36, 3, "bluesky", "Is this the same fern as in your quiz?"),
    (8.46, 4, "facebook", "You answered my sister about mites. Same plant here, may I send a picture?"),
    (8.68, 6, "mastodon", "Cutting swap in our town, who is in? @quillwort"),
    (9.0, 5, "email", "Second order arrived, one pot cracked. Otherwise lovely."),
)  # fmt: skip
"""What waits for an answer on the last day: hour, person, channel, words."""

FIXED = (
    ("Ines Ribeiro", "leafy.ines", "mastodon"), ("Tomasz Wilk", "tomasz.wilk", "email"), ("Adaeze N.", "adaeze.n", "chat"),
    ("Bao Grows", "bao.grows", "bluesky"), ("Marit S.", "marit.s", "facebook"), ("Jonas P.", "jonas.p", "email"),
    ("Leaf Club", "leafclub", "mastodon"), ("Fern Weh", "fernweh", "mastodon"), ("Oskar L.", "oskar.l", "facebook"),
    ("Plantpals", "plantpals.group", "facebook"), ("Monstera Mum", "monstera_mum", "instagram"),
    ("Lou Sharing", "lou.shares", "email"),
)  # fmt: skip
"""The people who have names of their own: name, handle, home."""
FIXED_HANDLES = {(0, "email"): "ines@mail.example", (0, "chat"): "7f2c"}
INES, PLANTPALS = 0, 9
