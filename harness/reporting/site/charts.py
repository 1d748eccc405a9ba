"""The site's charts: declared with Altair, drawn by Vega without a browser, as SVG for light and dark and as PNG."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

WIDTH = 460
"""Pixels of a chart's plot; names and axes come beside it."""
PADDING = {"left": 24, "right": 24, "top": 6, "bottom": 6}
"""Pixels: a reader's font may be wider than the one that Vega measures by."""
LIGHT, DARK = "#1f1e24", "#ececef"
_KINDS = {"run": "#1f75cb", "baseline": "#ab6100", "published": "#737278"}
"""Blue, orange and grey keep apart for the colour-blind as well; their shapes differ, too."""


@dataclass(frozen=True)
class Bar:
    """A score with its 95 % interval; ``row`` is its name in the chart, ``kind`` one of run, baseline, published."""

    row: str
    value: float
    low: float
    high: float
    kind: str


@dataclass(frozen=True)
class Point:
    """A score of a series at a time (ISO 8601, UTC)."""

    series: str
    at: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Drawn:
    """A chart's files, by name within the site's folder of charts, and what it shows, in words."""

    light: str
    dark: str
    png: str
    alt: str


def intervals(bars: Sequence[Bar]) -> Any:
    """Scores below each other, in their order, each with its interval."""
    import altair as alt

    rows = list(dict.fromkeys(bar.row for bar in bars))
    shown = sorted({bar.kind for bar in bars}, key=list(_KINDS).index)
    colour = alt.Color("kind:N", scale=alt.Scale(domain=shown, range=[_KINDS[kind] for kind in shown]), title=None)
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=shown), title=None)
    base = alt.Chart(_data(bars)).encode(y=alt.Y("row:N", sort=rows, title=None), color=colour)
    scale = alt.Scale(domain=[min(0.0, *(bar.low for bar in bars)), max(1.0, *(bar.high for bar in bars))])
    lines = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", scale=scale, title="score, 95 % interval"), x2="high")
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x="value:Q", shape=shape)
    return (lines + points).properties(width=WIDTH)


def trend(points: Sequence[Point]) -> Any:
    """Scores over time, one line a series, with the band of their intervals."""
    import altair as alt

    base = alt.Chart(_data(points)).encode(
        x=alt.X("at:T", title="begun"), color=alt.Color("series:N", title=None, scale=alt.Scale(scheme="tableau10"))
    )
    band = base.mark_area(opacity=0.2).encode(y="low:Q", y2="high:Q")
    line = base.mark_line(point=True).encode(y=alt.Y("value:Q", title="score", scale=alt.Scale(zero=False)))
    return (band + line).properties(width=WIDTH, height=180)


def draw(chart: Any, folder: Path, name: str, alt: str) -> Drawn:
    """Writes the chart as SVG on no background, once with dark and once with light text, and as PNG."""
    import vl_convert

    files = Drawn(f"{name}.svg", f"{name}.dark.svg", f"{name}.png", alt)
    for file, text in ((files.light, LIGHT), (files.dark, DARK)):
        plain = {"labelColor": text, "titleColor": text, "labelLimit": 260, "labelFontSize": 12, "titleFontSize": 12}
        axis = {**plain, "domainColor": text, "tickColor": text, "gridColor": "#89888d40"}
        themed = chart.configure(background="transparent", padding=PADDING, axis=axis, legend=plain).configure_view(
            stroke=None
        )
        (folder / file).write_text(vl_convert.vegalite_to_svg(themed.to_dict()), encoding="utf-8")
    (folder / files.png).write_bytes(vl_convert.vegalite_to_png(chart.to_dict(), scale=2))
    return files


def _data(rows: Sequence[Bar] | Sequence[Point]) -> Any:
    import altair as alt

    values: Any = [asdict(row) for row in rows]
    return alt.InlineData(values=values)
