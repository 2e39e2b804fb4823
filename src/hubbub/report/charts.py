"""Altair charts of the compare document for notebooks: the points of difference, the map, the curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import altair as alt

from hubbub.report import words
from hubbub.report.points import metric_words
from hubbub.report.reading import KINDS, SIDES, currency_of, part, rows
from hubbub.report.words import clean, number

Look = Literal["light", "dark"]
Record = dict[str, Any]
DRAWN = (*SIDES, "broadcast")
"""Origins with a curve of their own: at most three lines a chart."""


@cache
def theme(look: Look = "light") -> dict[str, Any]:
    """The Vega config of the house: colours, type, and in `usermeta.scale` colour, shape and dash of each mode."""
    text = files("hubbub.report").joinpath("static", "vega-theme.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)[look]
    return found


def points(document: Mapping[str, Any], *, look: Look = "light") -> alt.LayerChart:
    """The points of difference, one row a metric with its own scale; conversation left, spread right of zero."""
    found = [record for p in rows(document.get("points")) for record in _point(p, currency_of(document))]
    bare = alt.Axis(labels=False, grid=False, domain=False)
    base = alt.Chart(_data(found)).encode(
        x=alt.X("at:Q", title=None, axis=bare, scale=alt.Scale(domain=[-1, 1])),
        y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=560, domain=False)),
        color=alt.Color("side:N", scale=_colours(look), legend=None),
    )
    stem = base.mark_bar(height=7, opacity=0.22)
    band = base.mark_rule(strokeWidth=3).encode(x="from:Q", x2="to:Q")
    mark = base.mark_point(size=70, filled=True, opacity=1).encode(
        shape=alt.Shape("side:N", scale=_shapes(look), legend=None),
        tooltip=["claim:N", "metric:N", "side:N", "shown:N"],
    )
    zero = alt.Chart(_data([{"zero": 0}])).mark_rule(strokeWidth=1).encode(x=alt.X("zero:Q", title=None, axis=bare))
    layered = alt.layer(stem, band, mark, zero).properties(width=360, height=alt.Step(28))
    out: alt.LayerChart = _dressed(layered, look)
    return out


def _point(p: Mapping[str, Any], currency: str | None) -> list[Record]:
    """Both sides of one point as parts of its largest end, conversation with its sign turned: left of zero."""
    claim, metric, unit = clean(p.get("claim"), 60), metric_words(clean(p.get("metric"), 80)), str(p.get("unit") or "")
    ends = {side: [number(part(p, side, key)) for key in ("value", "low", "high")] for side in SIDES}
    limit = max((abs(x) for found in ends.values() for x in found if x is not None), default=0.0) or 1.0
    out = []
    for side, turn in (("conversation", -1.0 / limit), ("spread", 1.0 / limit)):
        value, low, high = ends[side]
        if value is None:
            continue
        out.append({
            "label": f"{claim}: {metric}", "claim": claim, "metric": metric, "side": side, "at": turn * value,
            "from": turn * (value if low is None else low), "to": turn * (value if high is None else high),
            "shown": str(words.estimate(p.get(side), unit, currency)),
        })  # fmt: skip
    return out


def campaign_map(document: Mapping[str, Any], *, look: Look = "light") -> alt.LayerChart:
    """The map of campaigns: reproduction to the right, reciprocity upwards, crosses of doubt, limits as rules."""
    found = [record for c in rows(document.get("campaigns")) if (record := _campaign(c))]
    base = alt.Chart(_data(found))
    x, y = alt.X("reproduction:Q", title="reproduction"), alt.Y("reciprocity:Q", title="reciprocity")
    ink = alt.Color("kind:N", scale=_kinds(look), legend=None)
    cloud = base.mark_rect(opacity=0.16, cornerRadius=14).encode(
        x="right_low:Q", x2="right_high:Q", y="up_low:Q", y2="up_high:Q", color=ink
    )
    mark = base.mark_point(size=70, filled=True, opacity=1).encode(
        x=x, y=y, color=ink, tooltip=["campaign:N", "kind:N", "people:Q", "said:N"]
    )
    name = base.mark_text(dy=-12).encode(x=x, y=y, text="campaign:N")
    limits = [
        alt.Chart().mark_rule(strokeDash=[5, 4]).encode(x=alt.datum(_limit(document, "reproduction_limit", 0.5))),
        alt.Chart().mark_rule(strokeDash=[5, 4]).encode(y=alt.datum(_limit(document, "reciprocity_limit", 0.2))),
    ]
    layered = alt.layer(*limits, cloud, mark, name, data=_data(found)).properties(width=560, height=400)
    out: alt.LayerChart = _dressed(layered, look)
    return out


def _limit(document: Mapping[str, Any], key: str, usual: float) -> float:
    return number(part(document, "map", key)) or usual


def _campaign(c: Mapping[str, Any]) -> Record | None:
    right, right_low, right_high = (number(part(c, "reproduction", key)) for key in ("value", "low", "high"))
    up, up_low, up_high = (number(part(c, "reciprocity", key)) for key in ("value", "low", "high"))
    if right is None or up is None:
        return None
    talked, passed = words.estimate(c.get("reciprocity"), "fraction"), words.estimate(c.get("reproduction"))
    return {
        "campaign": clean(c.get("campaign"), 60),
        "kind": KINDS.get(str(c.get("kind")), KINDS["unknown"]),
        "people": number(c.get("people")),
        "said": f"reciprocity {talked}; reproduction {passed}",
        "reproduction": right,
        "reciprocity": up,
        "right_low": right if right_low is None else right_low,
        "right_high": right if right_high is None else right_high,
        "up_low": up if up_low is None else up_low,
        "up_high": up if up_high is None else up_high,
    }


def curves(document: Mapping[str, Any], *, look: Look = "light") -> alt.LayerChart:
    """Kaplan-Meier curves of what lasts, with the bands of both sides."""
    found = [record for mode in DRAWN for record in _curve(part(document, "curves", mode), mode)]
    base = alt.Chart(_data(found))
    x = alt.X("day:Q", title="days since first seen")
    y = alt.Y("still:Q", title="still active", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    ink = alt.Color("mode:N", scale=_colours(look), legend=None)
    only_sides = alt.FieldOneOfPredicate(field="mode", oneOf=list(SIDES))
    band = base.mark_area(interpolate="step-after", opacity=0.16).encode(x=x, y="low:Q", y2="high:Q", color=ink)
    line = base.mark_line(interpolate="step-after").encode(
        x=x, y=y, color=ink, strokeDash=alt.StrokeDash("mode:N", scale=_dashes(look), legend=None)
    )
    ends = [record for mode in DRAWN if (record := _last(found, mode))]
    name = alt.Chart(_data(ends)).mark_text(align="right", dy=-8).encode(x=x, y=y, text="mode:N", color=ink)
    layered = alt.layer(band.transform_filter(only_sides), line, name).properties(width=560, height=260)
    out: alt.LayerChart = _dressed(layered, look)
    return out


def _curve(curve: object, mode: str) -> list[Record]:
    columns = [part(curve, key) or [] for key in ("days", "survival", "low", "high")]
    names = ("day", "still", "low", "high")
    out = [dict(zip(names, map(number, row), strict=True)) for row in zip(*columns, strict=False)]
    return [{"mode": mode, **step} for step in out if step["day"] is not None and step["still"] is not None]


def _last(found: list[Record], mode: str) -> Record | None:
    mine = [record for record in found if record["mode"] == mode]
    return mine[-1] if mine else None


def _data(records: list[Record]) -> alt.InlineData:
    return alt.InlineData(values=records)


def _scale(look: Look, key: str) -> dict[str, Any]:
    given = theme(look)["usermeta"]["scale"]
    return {"domain": given["domain"], "range": given[key]}


def _colours(look: Look) -> alt.Scale:
    return alt.Scale(**_scale(look, "colour"))


def _shapes(look: Look) -> alt.Scale:
    return alt.Scale(**_scale(look, "shape"))


def _dashes(look: Look) -> alt.Scale:
    return alt.Scale(**_scale(look, "dash"))


def _kinds(look: Look) -> alt.Scale:
    conversation, spread, other, _ = theme(look)["usermeta"]["scale"]["colour"]
    ink = theme(look)["title"]["color"]
    names = ("conversation", "wildfire", "movement", "broadcast", "grey")
    return alt.Scale(domain=[KINDS[name] for name in names], range=[conversation, spread, ink, other, other])


def _dressed(chart: Any, look: Look) -> Any:
    config = {key: _schema(value) for key, value in theme(look).items() if key not in {"usermeta", "background"}}
    return chart.configure(background="transparent", **config)


def _schema(x: Any) -> Any:
    """Font weights in hundreds: Vega-Lite's schema has no others."""
    if not isinstance(x, dict):
        return x
    return {key: round(value, -2) if key.lower().endswith("fontweight") else _schema(value) for key, value in x.items()}
