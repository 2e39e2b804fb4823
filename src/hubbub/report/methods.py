"""What each number of the report means and where its definition comes from; one entry a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Method:
    """One figure's definition, in a few sentences, and its source."""

    definition: str
    source: str = "hubbub, methods"


METHODS: dict[str, Method] = {
    "verdict": Method(
        "Value credited to conversation per unit of effort on it, against the same for spread. The log is drawn anew "
        "thousands of times: each unit (a person, or a whole cascade for people who came by spread) gets a random "
        "weight, exponential with mean 1. Each side gets one hit that nobody has seen yet: its own largest unit, times "
        "a factor with a heavy tail of at most 100. And whoever leads must still lead if its best hit had never "
        "happened. From 90 of 100 on the answer is given, unless another rule of credit puts it below 50. With fewer "
        "than ten units on a side no number is given.",
        "Rubin 1981, The Bayesian bootstrap, with an unseen unit and without the best one; tried on planted worlds",
    ),
    "draws": Method(
        "Each dot is one hundredth of the draws: the 0.5th to the 99.5th percentile of conversation minus spread. "
        "Draws far out are stacked at the edge.",
    ),
    "rests": Method(
        "Value is each conversion divided in equal parts over the person's touches in the days up to it (the linear "
        "rule). Effort is what the brand paid or the hours it noted; none is invented. A unit is a person, or the "
        "cascade of the first spread touch. Intervals run from the draws without the unseen hit to those with it.",
    ),
    "needs": Method(
        "Units needed = units now x (1.2816 / |z|)\u00b2, z the normal quantile of the leader's weaker test. Where "
        "that is hopeless, an experiment: people per arm for two proportions at power 0.8. The value of information is "
        "the expected gain of deciding after the test instead of now, from the draws cut at their 1st and 99th "
        "percentile.",
        "Fleiss, Levin, Paik 2003; Raiffa and Schlaifer 1961",
    ),
    "rules": Method(
        "The same draws under each rule that divides a conversion's value. No rule may put the answer on the other "
        "side of 50; Markov is shown and has no veto.",
    ),
    "credit": Method(
        "First and last touch; linear: equal parts; position: 40 to the first, 40 to the last, 20 between; decay: half "
        "as much for each 7 days of age; Markov: what is lost when a mode is taken out of all paths; Shapley: equal "
        "parts for each distinct mode. Credits add up to the total exactly. All of these are accounting, not effects.",
        "Anderl and others 2016 (Markov); Shapley 1953",
    ),
    "modes": Method(
        "A touch is spread if it came through another person's share or words; else conversation if its words are part "
        "of an exchange with the brand; else broadcast if it refers to something of the brand's; else unknown. A "
        "person's origin is the mode of the first touch, and never changes.",
    ),
    "retention": Method(
        "Came back: of the people first seen long enough before the end of the log, those with a touch of their own in "
        "days 30 to 59 (90 to 119) after their first. Wilson interval; for spread, people of one cascade count for "
        "less than independent people.",
        "Wilson 1927; design effect after Kish 1965",
    ),
    "curves": Method(
        "Kaplan-Meier: the event is a person's first silence of 30 days, on its 30th day; who is still active at the "
        "end of the log is censored. Band: Greenwood on the log-log scale. An origin is decided within 7 days, long "
        "before, so nobody is credited for having lasted.",
        "Kaplan and Meier 1958; Kalbfleisch and Prentice 2002",
    ),
    "map": Method(
        "Reciprocity: fraction of the campaign's people with an exchange in it (Wilson). Reproduction: shares that "
        "came from a person's share, over the shares that had time to be passed on. A campaign is named after the "
        "field that both of its intervals lie in; otherwise it is grey.",
        "Wilson 1927; Lynden-Bell 1971; Kalbfleisch and Lawless 1989",
    ),
    "reproduction": Method(
        "Shares by people that came from a person's share, over the sum of the chance that each had already been "
        "passed on by the end of the log. Waiting times by the product limit for right truncation; interval by leaving "
        "out one cascade at a time. The brand's own post is no person.",
        "Lynden-Bell 1971; Kalbfleisch and Lawless 1989",
    ),
    "tree": Method(
        "A cascade is a root and the shares that lead back to it. Structural virality is the mean number of steps "
        "between any two of its nodes: near 2 for a star, (n + 1) / 3 for a chain. Half-life is the time until half of "
        "the shares had happened, only for a finished cascade.",
        "Goel, Anderson, Hofman and Watts 2016",
    ),
    "forecast": Method(
        "Three models and two naive ones are tested on your own past cascades at the same age; the one with the "
        "smallest median error speaks. Its band is conformal: as wide as its misses there were. It is refused where "
        "that past says that it would miss, or where it has no end. Of a finished cascade nothing later than the "
        "moment is looked at.",
        "Zhao and others 2015; Mishra, Rizoiu and Xie 2016; Szabo and Huberman 2010; Lei and others 2018",
    ),
    "shapes": Method(
        "Structural virality is the mean number of steps between any two nodes. A star of the same size (all from one) "
        "and a chain (one from the other) are its ends. Of a like size: your other cascades with half to twice as many "
        "nodes whose parents are seen, at least five. Inferred: the median over drawings of the hidden parents, with "
        "their range.",
        "Goel, Anderson, Hofman and Watts 2016; Juul and Ugander 2021",
    ),
    "over_time": Method(
        "Shares made in a window of 28 days (a thirteenth of the log where that is longer), and what those brought "
        "whenever it came, over the sum of the chance that each had already been passed on. The window moves by a "
        "quarter of itself. Interval by leaving out one cascade at a time.",
        "Lynden-Bell 1971; Kalbfleisch and Lawless 1989",
    ),
    "by_part": Method(
        "The same of the shares of one channel, one step from the root, free or rewarded ones: what they brought over "
        "the chance that each had already been passed on, with the waiting times of that part. Came again: shared "
        "after a silence of max(7 days, 10 median waits); Wilson interval.",
        "Lynden-Bell 1971; Kalbfleisch and Lawless 1989; Wilson 1927",
    ),
    "reach": Method(
        "Four different things that are never mixed. Might act: Chao1 over how often each person was seen. Two ways: "
        "capture and recapture over visiting and acting. Could have seen: at least the largest audience, at most the "
        "sum of all. Views: as the network counts them.",
        "Chao 1987; Chapman 1951 with the interval of Sadinle 2009",
    ),
    "tries": Method(
        "Every post of the brand is a try, also one that nobody shared (size 1). Size is the post and its shares. "
        "Shown is the part of all tries with at least a size; Wilson interval for each size by itself.",
        "Wilson 1927",
    ),
    "levels": Method(
        "0 stranger, 1 noticed, 2 spoke, 3 exchanged, 4 keeps exchanging (on three days or more), 5 advocates: also "
        "passes on or makes something. For reading only: the verdict never uses it.",
    ),
    "coverage": Method(
        "What the log can see of each channel: whether it names who brought a share, what a reply answers, and whose "
        "a view was. Counted, not estimated.",
    ),
    "together": Method(
        "Do shares by people who had talked with the brand travel further: odds ratio of being passed on within 7 "
        "days, compared within the same cascade and audience. Do people met by spread start to talk more often than "
        "people met by broadcast in the same week. Observed, not randomised.",
        "Mantel and Haenszel 1959",
    ),
    "plan": Method(
        "What could be done next, ranked by the lower end of its effect (less its cost, where both are money "
        "and known), each with what it rests on and what would change it.",
    ),
    "unanswered": Method(
        "People who spoke to the brand and had no answer within 7 days. The brand chooses whom it answers, so the "
        "verdict is drawn once more with them as conversation.",
    ),
    "hidden": Method(
        "Most networks name only the root of a repost. The verdict is drawn once more with those people as spread; if "
        "the answer differs, it is not given.",
    ),
}
"""Methods of the figures, by name."""

CLAIMS: dict[str, Method] = {
    "takes part in a dialogue": Method(
        "An exchange is a pair of neighbouring turns between a person and the brand, at most 7 days apart. A message "
        "is answered if words of the other side follow within 7 days.",
    ),
    "the audience distributes": Method("People with at least one share that still stands, over all people."),
    "the audience makes content": Method(
        "Posts that are no shares and are about the brand: in a campaign, addressed to it, answering it or naming it. "
        "Gini: 0 if all make the same, near 1 if one makes all.",
    ),
    "interacts with customers and would-be customers": Method(
        "People with a completed exchange, before and after their first conversion.",
    ),
    "brings traffic by links": Method(
        "Visits of the brand's own place, per person and per share. Where machines cannot be told apart, the lowest "
        "and the highest that it can be.",
    ),
    "raises awareness": Method(
        "People seen for the first time, per day; the busiest day over the median day. A proxy: being seen is not "
        "being aware.",
    ),
    "listens": Method(
        "Waiting time from the first words of a turn to the first words of the answer; unanswered ones are censored, "
        "not dropped.",
        "Kaplan and Meier 1958",
    ),
    "grows, deepens, keeps going": Method(
        "Came back in days 30 to 59 (90 to 119) after the first touch; exchanges in the later half of a person's span "
        "over those in the earlier half.",
        "Wilson 1927",
    ),
    "a one-time large distribution": Method(
        "Half-life: time until half of a campaign's shares had happened. Seen once: people with one touch. Busiest "
        "tenth: the part of a campaign's people within the busiest tenth of its time.",
    ),
    "trial and error, no promise": Method(
        "Sizes over all tries, also those that nobody shared: Gini, the largest over all, the fraction that reaches "
        "ten people. R: shares that each share brings.",
        "Lynden-Bell 1971",
    ),
    "no full control over the response": Method(
        "Words about the campaign that stand in conversations in which the brand never speaks.",
    ),
    "no defined audience": Method(
        "Entropy of people over segments and channels, in bits: 0 if all are of one kind. Known before: first seen "
        "within 30 days of the start of coverage.",
    ),
    "people unaware that they distribute marketing": Method(
        "Shares whose sharer could not see that it is marketing: at least those known as such, at most those plus the "
        "unknown ones.",
    ),
    "reach not fully measurable": Method(
        "People seen, over people estimated; touches whose mode is unknown; the coverage ledger.",
        "Chao 1987; Chapman 1951 with the interval of Sadinle 2009",
    ),
    "ignores privacy, spams": Method("Opt-outs and complaints per 1,000 people and per 1,000 contacts."),
    "strategic growth": Method(
        "Value, and people still there after 90 days, per unit of effort. Effort is held fixed.",
    ),
    "the relationship": METHODS["map"],
}
"""Methods of the points of difference, by the claim that they measure."""


def of_point(point: dict[str, Any]) -> Method:
    """The method of a point: that of its claim, else what its own metric says."""
    claim = str(point.get("claim") or "").casefold().strip()
    found = CLAIMS.get(claim)
    if found is not None:
        return found
    near = [name for name in CLAIMS if claim and (claim in name or name in claim)]
    return CLAIMS[near[0]] if near else Method(str(point.get("metric") or "as the metric says"))
