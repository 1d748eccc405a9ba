"""Which licence a model says it has, what the Blue Oak Council thinks of it, and what it forbids.

Sources: the council's list (CC0) and what is known of licences that model makers wrote themselves, both in
configs/licences.yaml. A text is read as an SPDX expression (https://spdx.github.io/spdx-spec/, annex on expressions),
or by a name that model cards use; anything else is unknown, and never guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import Any, Literal

from harness.catalog import config
from harness.errors import NotInstalledError
from harness.screening.findings import Finding, Kind, Label, Policy, printable

Rating = Literal["model", "gold", "silver", "bronze", "lead", "unrated", "unknown"]
Production = Literal["yes", "conditions", "no", "unknown"]
RATINGS: tuple[Rating, ...] = ("model", "gold", "silver", "bronze", "lead", "unrated", "unknown")
_PRODUCTION: tuple[Production, ...] = ("yes", "conditions", "no", "unknown")
_LEGIBLE = re.compile(r"[A-Za-z0-9.+\-() ]{1,200}")


@dataclass(frozen=True)
class BlueOak:
    """The Blue Oak Council's list: SPDX ids by rating, best first."""

    source: str
    as_of: str
    ratings: Mapping[Rating, tuple[str, ...]]


@dataclass(frozen=True)
class Custom:
    """A licence that is on no list of open ones: what it ``restricts``, and the ``names`` that model cards give it."""

    title: str
    production: Production
    restricts: str
    source: str
    confidence: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Licences:
    """configs/licences.yaml; see there."""

    blue_oak: BlueOak
    custom: Mapping[str, Custom]


@dataclass(frozen=True)
class Claim:
    """What one ``place`` says of the licence, in its own words and as an SPDX expression ("": unknown)."""

    place: str
    text: str
    expression: str


@dataclass(frozen=True)
class Licence:
    """What is known of a model's licence.

    ``expression`` is SPDX ("": unknown), ``rating`` the Blue Oak Council's, ``production`` whether a company may run
    the model for its users, ``restricts`` what the licence forbids or asks for, ``claims`` where all this was read.
    """

    expression: str
    rating: Rating
    production: Production
    restricts: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def rank(self) -> tuple[int, int]:
        """For comparing licences: the lower, the freer."""
        return _PRODUCTION.index(self.production), RATINGS.index(self.rating)


UNKNOWN = Licence("", "unknown", "unknown")


def read_licence(text: str) -> Licence:
    """What ``text`` names: an SPDX expression or a name that model cards use.

    In ``A OR B`` the freer one counts, in ``A AND B`` the stricter. :data:`UNKNOWN` where any part of it is unknown.

    Raises:
        NotInstalledError: it is more than one name of configs/licences.yaml, and the SPDX list is not installed.
    """
    text = text.strip()
    if single := _listed().get(text.lower()):
        return _single(single)
    if not _LEGIBLE.fullmatch(text):
        return UNKNOWN
    try:
        from license_expression import ExpressionError, Licensing
    except ModuleNotFoundError as error:
        raise NotInstalledError("reading a licence expression", error.name, "screening") from None
    try:
        parsed = Licensing().parse(text)
    # The parser falls over some texts that are no expressions, such as "()".
    except (ExpressionError, IndexError, TypeError, AttributeError, RecursionError):
        return UNKNOWN
    return UNKNOWN if parsed is None else _read(parsed)


def judged(claims: Iterable[tuple[str, str]]) -> Licence:
    """The licence of a model of which ``claims`` (place, text) are made; where they differ, the strictest known one."""
    told, known = [], []
    for place, text in claims:
        shown = printable(text)
        try:
            found = read_licence(text)
        except NotInstalledError:
            # No reason to keep anybody from a run: an unknown licence caps the label.
            found, shown = UNKNOWN, f"{shown} (not read: that needs the extra screening)"
        told.append(Claim(place, shown, found.expression))
        known += [found] if found.expression else []
    return replace(max(known, key=lambda found: found.rank, default=UNKNOWN), claims=tuple(told))


def licence_findings(licence: Licence, policy: Policy) -> Iterator[Finding]:
    """What the policy has to say of a licence."""
    told = "; ".join(f"{claim.place}: {claim.text}" for claim in licence.claims)
    known = {claim.expression for claim in licence.claims if claim.expression}
    if not licence.expression:
        what = f"no licence is known: {told}" if told else "no licence is known: nothing here names one"
        mend = "read its card; name the licence in the head of README.md in its folder, or in configs/models/"
        yield policy.finding("licence-unknown", what, mend)
        return
    for forbidden in sorted(_ids(licence.expression) & set(policy.forbidden_licences)):
        what = f"the licence {forbidden} is forbidden here"
        yield policy.finding("licence-forbidden", what, "choose another model, or mend configs/screening.yaml")
    if len(known) > 1 or any(not claim.expression for claim in licence.claims):
        what = f"the model's licence is told in different ways ({told}); {licence.expression} is taken"
        yield policy.finding("licence-conflict", what, "ask the model's owner which it is")
    if licence.restricts:
        kind: Kind = "licence-agreed" if _agreed(licence, policy) else "licence-restricts"
        what = f"{licence.expression}: {'; '.join(licence.restricts)}"
        yield policy.finding(kind, what, "read it before the model is put to use")
    elif licence.rating == "unrated":
        what = f"{licence.expression}: the Blue Oak Council does not rate it"
        yield policy.finding("licence-unrated", what, "have it read by somebody who knows licences")
    elif licence.rating not in policy.preferred_ratings:
        what = f"{licence.expression} is rated {licence.rating}; {', '.join(policy.preferred_ratings)} are preferred"
        yield policy.finding("licence-not-preferred", what, "nothing, where that rating will do")


def label_cap(licence: Licence, policy: Policy) -> Label | None:
    """The best label that a model with this licence can get; None: any."""
    if not licence.expression:
        return policy.caps.unknown
    if licence.production == "no":
        return None if _agreed(licence, policy) else policy.caps.no_production
    return policy.caps.unrated if licence.rating == "unrated" and not licence.restricts else None


def _agreed(licence: Licence, policy: Policy) -> bool:
    return bool(_ids(licence.expression) & set(policy.agreements))


def _ids(expression: str) -> set[str]:
    return set(re.findall(r"[A-Za-z0-9.+\-]+", expression)) - {"AND", "OR", "WITH"}


@cache
def _data() -> Licences:
    return config("licences.yaml", Licences)


@cache
def _listed() -> dict[str, str]:
    """Ids of configs/licences.yaml by themselves and by the names of model cards, all in lower case."""
    data = _data()
    rated = {name.lower(): name for names in data.blue_oak.ratings.values() for name in names}
    named = {name.lower(): key for key, each in data.custom.items() for name in (key, *each.names)}
    return rated | named


@cache
def _spdx() -> dict[str, tuple[str, bool]]:
    """Ids of the SPDX list in lower case: as it spells them today, and whether they are exceptions."""
    from license_expression import get_license_index

    found: dict[str, tuple[str, bool]] = {}
    for entry in get_license_index():
        today = entry.get("spdx_license_key") or ""
        for name in (today, *entry.get("other_spdx_license_keys", ())):
            # The rest are ScanCode's own: LicenseRefs, and names of families that have no version ("GPL").
            official = name == today or any(map(str.isdigit, name))
            if official and name and not name.startswith("LicenseRef-") and not today.startswith("LicenseRef-"):
                found[name.lower()] = (today, bool(entry.get("is_exception")))
    return found


def _read(parsed: Any) -> Licence:
    """A parsed expression; its nodes are those of the library boolean.py."""
    operator = getattr(parsed, "operator", "").strip()
    if operator:
        parts = [_read(each) for each in parsed.args]
        return reduce(_either if operator == "OR" else _both, parts)
    if hasattr(parsed, "exception_symbol"):
        base = _read(parsed.license_symbol)
        exception, is_one = _spdx().get(parsed.exception_symbol.key.lower(), ("", False))
        # An exception permits more than its licence, which is what is rated.
        return (
            replace(base, expression=f"{base.expression} WITH {exception}") if base.expression and is_one else UNKNOWN
        )
    name = parsed.key.lower()
    listed = _listed().get(name) or next((key for key, is_one in [_spdx().get(name, ("", True))] if not is_one), "")
    return _single(listed) if listed else UNKNOWN


def _single(name: str) -> Licence:
    """One licence by its id; one that the Blue Oak Council rates is permissive, of others nothing is known."""
    data = _data()
    rating: Rating = next((each for each, names in data.blue_oak.ratings.items() if name in names), "unrated")
    custom = data.custom.get(name)
    if custom:
        return Licence(name, rating, custom.production, (custom.restricts,))
    return Licence(name, rating, "unknown" if rating == "unrated" else "yes")


def _either(one: Licence, other: Licence) -> Licence:
    if not (one.expression and other.expression):
        return UNKNOWN
    return replace(min(one, other, key=lambda each: each.rank), expression=_joined(one, "OR", other))


def _both(one: Licence, other: Licence) -> Licence:
    if not (one.expression and other.expression):
        return UNKNOWN
    production = max(one.production, other.production, key=_PRODUCTION.index)
    rating = max(one.rating, other.rating, key=RATINGS.index)
    restricts = tuple(dict.fromkeys(one.restricts + other.restricts))
    return Licence(_joined(one, "AND", other), rating, production, restricts)


def _joined(one: Licence, word: str, other: Licence) -> str:
    other_word = "AND" if word == "OR" else "OR"
    shown = [
        f"({each.expression})" if f" {other_word} " in each.expression else each.expression for each in (one, other)
    ]
    return f" {word} ".join(shown)
