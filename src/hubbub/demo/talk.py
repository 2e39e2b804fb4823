"""The brand's posts, and the conversations that people have with it, over several turns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.demo import setting
from hubbub.demo.rhythm import DAY, HOUR, SECOND, pick, waits
from hubbub.demo.rows import BRAND, KIND, NONE, Ints, Texts, joined, micros
from hubbub.demo.tale import SLIPS, Tale, code
from hubbub.demo.trees import within
from hubbub.demo.words import Subject

REPLIES, MENTIONS, MAILS, CHATS = range(4)
POST_CHANNELS = np.array([22, 16, 14, 9, 12, 3, 1, 2, 6, 3, 0, 0, 0], dtype=float)
MOST_TURNS = 24
CLOSED = 0.93
"""Part of the conversations in which the brand has the last word where it was not its turn to."""


@dataclass(frozen=True)
class Threads:
    """Conversations, one entry each: who, with what outcome, and the first and last moment."""

    person: npt.NDArray[np.int64]
    channel: npt.NDArray[np.int64]
    campaign: npt.NDArray[np.int64]
    answered: npt.NDArray[np.bool_]
    turns: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]


def post(tale: Tale) -> None:
    """The brand's posts of the year, a third of them with a share link of the brand's own."""
    rng, calendar = tale.rng, tale.calendar
    n = tale.many(2_000)
    campaign = pick(rng, np.array([c.posts for c in setting.CAMPAIGNS]), n)
    channel = pick(rng, POST_CHANNELS, n)
    channel = np.where((campaign == setting.PODCAST) & tale.yes(n, 0.5), code("podcast"), channel)
    day = _campaign_days(tale, campaign)
    hour = np.empty(n, dtype=np.int64)
    for number, c in enumerate(setting.CAMPAIGNS):
        mine = campaign == number
        hour[mine] = tale.some(np.array(c.hours), int(mine.sum()))
    local = calendar.first + day * DAY + hour * HOUR + rng.integers(0, HOUR // 2, n)
    time = local - calendar.offset(local, np.zeros(n, dtype=np.int64))
    subject = Subject(np.zeros(n, np.int64), rng.integers(0, 24, n), rng.integers(0, 14, n), campaign)
    boosted = tale.yes(n, 0.08) & (channel < code("blog"))
    grown = 600 + 5_400 * (time - calendar.first) / (calendar.days * DAY)
    tale.posts = tale.rows.add(
        time, type="post", channel=channel, actor=BRAND, campaign=campaign,
        content=tale.writer.write("post", subject), url=joined(setting.SHOP + "news/", pa.array(np.arange(n)).cast("string")),
        audience=(grown * (0.2 + POST_CHANNELS[channel] / 16)).astype(np.int64),
        cost=np.where(boosted, micros(4 + rng.gamma(2.0, 6.0, n)), np.iinfo(np.int64).min),
        place=np.where(channel == code("podcast"), 3, NONE),
    )  # fmt: skip
    tale.post_time, tale.post_channel, tale.post_campaign = time, channel, campaign
    _links(tale)


def _campaign_days(tale: Tale, campaign: Ints) -> npt.NDArray[np.int64]:
    out = np.zeros(len(campaign), dtype=np.int64)
    for number, c in enumerate(setting.CAMPAIGNS):
        weights = np.zeros(tale.calendar.days)
        for first, last in c.windows:
            weights[tale.calendar.day(first) : tale.calendar.day(last) + 1] = 1
        if c.tuesdays:
            weights *= tale.calendar.weekday == 1
        mine = campaign == number
        out[mine] = pick(tale.rng, weights, int(mine.sum()))
    return out


def _links(tale: Tale) -> None:
    chance = np.array([c.linked for c in setting.CAMPAIGNS])[tale.post_campaign]
    linked = np.flatnonzero(tale.yes(len(tale.posts), chance))
    tale.link_time = tale.post_time[linked] - 60 * SECOND
    tale.link_campaign = tale.post_campaign[linked]
    tale.links = tale.rows.add(
        tale.link_time, type="share", channel=code("web"), actor=BRAND, campaign=tale.link_campaign, disclosed=1,
        object_text=joined(setting.SHOP + "plants/", pa.array(linked % 37).cast("string")),
    )  # fmt: skip


def converse(tale: Tale) -> Threads:
    """All conversations: replies to posts, mentions, mail and chat; unanswered ones end after one or two words."""
    n = tale.many(15_500)
    source = pick(tale.rng, np.array([46, 25, 17, 12]), n)
    channel, campaign, first, answering = _starts(tale, source)
    person = _speakers(tale, channel)
    free = source != REPLIES
    first[free] = tale.when(person[free])
    regular = np.isin(person, tale.regulars)
    likely = np.array(setting.ANSWERED)[channel] - np.where(first > tale.calendar.end - 7 * DAY, 0.06, 0.0)
    answered = tale.yes(n, likely)
    more = tale.rng.geometric(1 / np.where(regular, 3.0, 2.1)) - 1
    length = np.where(answered, 2 + np.minimum(more, MOST_TURNS - 2), 1 + tale.yes(n, 0.25))
    length += answered & (length % 2 == 1) & tale.yes(n, CLOSED)
    thread, place = within(length)
    ours = _ours(tale, answered[thread], place, thread)
    time = _clock(tale, first, person, thread, place, ours)
    subject = tale.subject(person, campaign)
    row = tale.rows.size + np.arange(len(thread))
    root = row - place
    private = _private(tale, source, length)[thread] <= place
    social = source[thread] <= MENTIONS
    kind = np.where(social & ~private, KIND["reply"], KIND["message"])
    kind = np.where(social & (place == 0) & (source[thread] == MENTIONS), KIND["post"], kind)
    answers = np.where(place == 0, answering[thread], row - 1)
    tale.rows.add(
        time, type=kind, channel=channel[thread], actor=np.where(ours, BRAND, person[thread]),
        in_reply_to=np.where((private & social) | (source[thread] == CHATS), NONE, answers),
        context=np.where(social & ~private, NONE, np.where(answering[thread] >= 0, answering[thread], root)),
        addressed_to=np.where(ours, person[thread], np.where((kind == KIND["reply"]) & tale.yes(len(row), 0.5), NONE, BRAND)),
        campaign=np.where(place == 0, campaign[thread], NONE), content=_words(tale, subject, person, thread, place, length,
                                                                              ours, private & (place > 0)),
        place=np.where((channel[thread] == code("reddit")), 0, NONE),
    )  # fmt: skip
    last = np.zeros(n, dtype=np.int64)
    np.maximum.at(last, thread, time)
    tale.truth["conversation"] = {"threads": n, "answered_part": float(np.mean(answered)), "rows": len(row)}
    return Threads(person, channel, campaign, answered, length, first, last)


def _starts(tale: Tale, source: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Channel, campaign, moment and answered row of the first words of each thread."""
    n = len(source)
    weight = np.array([c.talk / c.posts for c in setting.CAMPAIGNS])[tale.post_campaign]
    chosen = pick(tale.rng, weight * (tale.post_channel < code("email")), n)
    social = np.array(setting.HOMES, dtype=float)
    social[[code("email"), code("chat"), code("podcast"), code("blog")]] = 0
    channel = pick(tale.rng, social, n)
    channel = np.where(source == REPLIES, tale.post_channel[chosen], channel)
    channel = np.where(source == MAILS, code("email"), np.where(source == CHATS, code("chat"), channel))
    campaign = np.where(source == REPLIES, tale.post_campaign[chosen], NONE)
    campaign = np.where((source != REPLIES) & tale.yes(n, 0.18), setting.CLINIC, campaign)
    time = tale.post_time[chosen] + waits(tale.rng, n, 3.0, 1.2)
    return channel, campaign, time, np.where(source == REPLIES, tale.posts[chosen], NONE)


def _speakers(tale: Tale, channel: Ints) -> npt.NDArray[np.int64]:
    """Somebody for each thread who is at home on its channel; regulars write mails and chat too."""
    person = np.zeros(len(channel), dtype=np.int64)
    home, second = tale.crowd.of("home", tale.regulars), tale.crowd.of("second", tale.regulars)
    asker_home = tale.crowd.of("home", tale.askers)
    for ch in np.unique(channel):
        mine = np.flatnonzero(channel == ch)
        anyone = ch in (code("email"), code("chat"))
        here = np.ones(len(home), bool) if anyone else (home == ch) | (second == ch)
        askers = tale.askers[asker_home == ch]
        old = tale.yes(len(mine), 0.62) if len(askers) else np.ones(len(mine), bool)
        person[mine[old]] = tale.some(tale.regulars, int(old.sum()), tale.chatty * np.where(here, 1.0, 1e-9))
        if len(askers):
            person[mine[~old]] = tale.some(askers, int((~old).sum()))
    return person


def _ours(tale: Tale, answered: npt.NDArray[np.bool_], place: Ints, thread: Ints) -> npt.NDArray[np.bool_]:
    """Whose words each row is: turns alternate, and now and then somebody writes twice."""
    flip = (place > 0) & ((place == 1) | tale.yes(len(place), 0.95))
    run = np.cumsum(flip)
    start = np.flatnonzero(place == 0)
    ours: npt.NDArray[np.bool_] = ((run - run[start][thread]) % 2 == 1) & answered
    return ours


def _clock(
    tale: Tale, first: Ints, person: Ints, thread: Ints, place: Ints, ours: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Moments: people wait for hours and sleep at night, the brand answers in its opening hours."""
    time = first[thread].astype(np.int64)
    n = len(time)
    chat = waits(tale.rng, n, 0.06, 0.8)
    wait = np.where(ours, waits(tale.rng, n, 1.1, 1.1), waits(tale.rng, n, 3.2, 1.3))
    for step in range(1, int(place.max(initial=0)) + 1):
        here = np.flatnonzero(place == step)
        now = time[here - 1]
        brand = ours[here]
        talk = tale.calendar.offset(now, np.zeros(len(here), np.int64))
        quick = ((now + talk) % DAY // HOUR >= 9) & ((now + talk) % DAY // HOUR < 19) & (wait[here] < 2 * HOUR)
        slow = now + np.where(quick & tale.yes(len(here), 0.4), chat[here], wait[here])
        zone = np.where(brand, 0, tale.zone(person[thread[here]]))
        moved = tale.calendar.awake(tale.rng, slow, zone, 8, 20)
        asleep = tale.calendar.awake(tale.rng, slow, zone)
        time[here] = np.where(brand, moved, asleep)
    return time


def _private(tale: Tale, source: Ints, length: Ints) -> npt.NDArray[np.int64]:
    """The place in each thread from which it goes on in private; far away where it does not."""
    n = len(source)
    switched = tale.yes(n, 0.12) & (source <= MENTIONS) & (length > 2)
    at = 2 + (tale.rng.random(n) * np.maximum(length - 2, 1)).astype(np.int64)
    return np.where(source > MENTIONS, 0, np.where(switched, at, 10_000))


def _words(
    tale: Tale, subject: Subject, person: Ints, thread: Ints, place: Ints, length: Ints,
    ours: npt.NDArray[np.bool_], private: npt.NDArray[np.bool_],
) -> Texts:  # fmt: skip
    """The words of every row: each answer fits what its thread is about."""
    last = place == length[thread] - 1
    seen = np.cumsum(ours)
    start = np.flatnonzero(place == 0)
    earlier: Ints = seen - ours - (seen - ours)[start][thread]
    done = last & tale.yes(len(place), 0.7)
    spoken = np.where(
        ours, np.where(earlier == 0, 1, 2), np.where(place == 0, 0, np.where(earlier == 0, 5, np.where(done, 4, 3)))
    )
    spoken = np.where(~ours & private & (spoken == 3) & tale.yes(len(place), 0.5), 6, spoken)
    kinds = ("open", "answer", "again", "more", "thanks", "poke", "private")
    parts: list[Texts] = []
    rows: list[npt.NDArray[np.int64]] = []
    for number, kind in enumerate(kinds):
        here = np.flatnonzero(spoken == number)
        about = subject[thread[here]]
        slips = 0.0 if kind in ("answer", "again") else SLIPS
        parts.append(tale.writer.write(kind, about, tale.called(person[thread[here]]), slips))
        rows.append(here)
    back = np.argsort(np.concatenate(rows), kind="stable")
    return pa.concat_arrays(parts).take(pa.array(back))


def make(tale: Tale) -> npt.NDArray[np.int32]:
    """What people make themselves: posts, reviews, wishes; the brand answers some. Returns their rows."""
    made = []
    for kind, many, homes in (
        ("own", 2_600, None),
        ("review", 1_300, ("podcast", "blog", "facebook")),
        ("wish", 900, None),
    ):
        n = tale.many(many)
        who = tale.some(np.concatenate([tale.regulars, tale.fans]), n)
        home = tale.crowd.of("home", who)
        channel = np.where(np.isin(home, [code("email"), code("chat"), code("web")]), code("blog"), home)
        if homes is not None:
            channel = tale.some(np.array([code(h) for h in homes]), n)
        campaign = np.where(tale.yes(n, 0.12), setting.MOSS, NONE) if kind == "own" else np.full(n, NONE)
        time, addressed = tale.when(who), tale.yes(n, 0.3)
        rows = tale.rows.add(
            time, type="post", channel=channel, actor=who, campaign=campaign, content=tale.write(kind, who),
            addressed_to=np.where(addressed, BRAND, NONE), place=np.where(channel == code("podcast"), 3, NONE),
        )  # fmt: skip
        answered = np.flatnonzero(tale.yes(n, np.where(addressed, 0.93, 0.1)))
        tale.rows.add(
            tale.calendar.awake(tale.rng, time[answered] + waits(tale.rng, len(answered), 3.0), np.zeros(len(answered), int), 8, 20),
            type="reply", channel=channel[answered], actor=BRAND, in_reply_to=rows[answered], addressed_to=who[answered],
            content=tale.writer.write("again", replace(tale.subject(who[answered]), matter=np.zeros(len(answered), int)),
                                      tale.called(who[answered])),
        )  # fmt: skip
        made.append(rows)
    return np.concatenate(made)


def aside(tale: Tale, rows: Ints, many: float) -> None:
    """People talk to each other under what others posted or passed on; the brand has no part in it."""
    n = tale.many(many)
    target = tale.some(rows, n)
    channel = tale.rows.column("channel")[target].astype(np.int64)
    who = np.concatenate([tale.some(tale.fans, n - n // 4), tale.some(tale.askers, n // 4)])
    time = tale.awake(tale.rows.column("time")[target] + waits(tale.rng, n, 4.0, 1.3), who)
    campaign = np.maximum(tale.rows.column("campaign")[target], 0)
    tale.rows.add(
        time, type="reply", channel=channel, actor=who, in_reply_to=target, content=tale.write("aside", who, campaign),
    )  # fmt: skip


def inbox(tale: Tale) -> None:
    """What waits for an answer when the log ends, and one disguised advert."""
    at = tale.calendar.end + 1 - DAY
    earlier = _friday(tale, at - 2 * DAY)
    for hour, person, channel, words in setting.INBOX:
        answers = person == setting.INES
        kind = "reply" if answers else "message" if channel in ("email", "chat") else "post"
        tale.rows.add(
            np.array([at + round(hour * HOUR)]), type=kind, channel=code(channel), actor=person, addressed_to=BRAND,
            in_reply_to=earlier if answers else NONE, content=words,
        )  # fmt: skip
    n = tale.many(60)
    who = tale.crowd.add(max(1, n // 10), code("bluesky"))
    sender = tale.some(who, n)
    subject = replace(tale.subject(sender), tongue=np.zeros(n, np.int64))
    rows = tale.rows.add(
        tale.when(sender), type="post", channel=tale.some(np.array([code("bluesky"), code("x"), code("facebook")]), n),
        actor=sender, content=tale.writer.write("spam", subject), automated=np.where(tale.yes(n, 0.3), 1, NONE),
    )  # fmt: skip
    gone = np.flatnonzero(tale.yes(n, 0.5))
    tale.rows.add(
        tale.rows.column("time")[rows[gone]] + waits(tale.rng, len(gone), 6.0), type="delete",
        channel=tale.rows.column("channel")[rows[gone]], actor=sender[gone], object=rows[gone],
    )  # fmt: skip


def _friday(tale: Tale, day: int) -> int:
    """What Ines and the brand said two days before; returns the row of the brand's words."""
    asked = tale.rows.add(
        np.array([day + 18 * HOUR]), type="post", channel=code("mastodon"), actor=setting.INES, addressed_to=BRAND,
        content="Last winter you told me to keep the monstera off the radiator and it worked. Thank you again.",
    )  # fmt: skip
    answer = tale.rows.add(
        np.array([day + 18 * HOUR + 38 * 60 * SECOND]), type="reply", channel=code("mastodon"), actor=BRAND,
        in_reply_to=asked, addressed_to=setting.INES, content="So glad it did. How many leaves does it have now? Mara",
    )  # fmt: skip
    return int(answer[0])


def mend(tale: Tale, made: Ints) -> None:
    """Posts that are worded anew by the brand, and posts that people take down."""
    n = len(tale.posts)
    worded = np.flatnonzero(tale.yes(n, 0.06))
    subject = Subject(
        np.zeros(len(worded), np.int64), tale.rng.integers(0, 24, len(worded)), tale.rng.integers(0, 14, len(worded)),
        tale.post_campaign[worded],
    )  # fmt: skip
    tale.rows.add(
        tale.post_time[worded] + waits(tale.rng, len(worded), 0.5), type="update", channel=tale.post_channel[worded],
        actor=BRAND, object=tale.posts[worded], content=tale.writer.write("post", subject),
    )  # fmt: skip
    gone = np.asarray(made)[tale.yes(len(made), 0.05)]
    tale.rows.add(
        tale.rows.column("time")[gone] + waits(tale.rng, len(gone), 30.0), type="delete",
        channel=tale.rows.column("channel")[gone], actor=tale.rows.column("actor")[gone], object=gone,
    )  # fmt: skip
