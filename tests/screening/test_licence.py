"""Licences: what is read of a text, what counts in an expression, and what is never guessed."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import catalog
from harness.screening.findings import read_policy
from harness.screening.licence import (
    RATINGS,
    UNKNOWN,
    Licence,
    Licences,
    judged,
    label_cap,
    licence_findings,
    read_licence,
)

DATA = catalog.config("licences.yaml", Licences)
RATED = {name: rating for rating, names in DATA.blue_oak.ratings.items() for name in names}
NAMES = st.sampled_from(sorted([*RATED, *DATA.custom, "GPL-3.0-only", "CC-BY-4.0"]))


@pytest.mark.parametrize(
    ("text", "expression", "rating", "production"),
    [
        ("apache-2.0", "Apache-2.0", "silver", "yes"),
        ("  MIT ", "MIT", "silver", "yes"),
        ("bsd-3-clause", "BSD-3-Clause", "bronze", "yes"),
        ("mnpl", "LicenseRef-MNPL-0.1", "unrated", "no"),
        ("llama3.1", "LicenseRef-Llama-3.x-Community", "unrated", "conditions"),
        ("gpl-3.0", "GPL-3.0-only", "unrated", "unknown"),
        ("MIT OR GPL-3.0-only", "MIT OR GPL-3.0-only", "silver", "yes"),
        ("MIT AND GPL-3.0-only", "MIT AND GPL-3.0-only", "unrated", "unknown"),
        ("mit and (apache-2.0 or mnpl)", "MIT AND (Apache-2.0 OR LicenseRef-MNPL-0.1)", "silver", "yes"),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception", "silver", "yes"),
    ],
)
def test_what_is_known_is_read(text: str, expression: str, rating: str, production: str) -> None:
    found = read_licence(text)
    assert (found.expression, found.rating, found.production) == (expression, rating, production)


@pytest.mark.parametrize(
    "text",
    ["", "other", "bsd", "gpl", "apache", "openrail", "unknown", "none", "modified-mit", "LicenseRef-scancode-unknown"],
)
def test_a_name_that_may_mean_several_licences_or_none_is_unknown(text: str) -> None:
    assert read_licence(text) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "Apache License 2.0",
        "MIT/Apache-2.0",
        "mit and",
        "MIT OR nobodys-1.0",
        "LLVM-exception",
        "MIT WITH MIT",
        "((((",
        "mit\0",
        "()",
    ],
)
def test_what_is_no_expression_of_known_licences_is_unknown_and_never_guessed(text: str) -> None:
    assert read_licence(text) == UNKNOWN


@pytest.mark.parametrize("text", ["(" * 150 + "MIT", "mit " * 1000, "\udc80", "\u041cIT"])
def test_a_hostile_text_is_unknown(text: str) -> None:
    assert read_licence(text) == UNKNOWN


@given(st.one_of(st.text(), st.text("MITABSDapche-2.0 ()+orandwith", max_size=60)))
def test_any_text_is_read_or_unknown_and_what_is_read_is_read_again_as_itself(text: str) -> None:
    found = read_licence(text)
    assert bool(found.expression) == (found != UNKNOWN)
    assert read_licence(found.expression) == found


@given(NAMES, st.booleans())
def test_every_listed_id_is_read_in_any_case_with_the_rating_of_the_list(name: str, upper: bool) -> None:
    found = read_licence(name.upper() if upper else name.lower())
    assert (found.expression, found.rating) == (name, RATED.get(name, "unrated"))


@given(NAMES, NAMES)
def test_of_two_the_freer_counts_with_or_and_the_stricter_with_and(one: str, other: str) -> None:
    both, either = read_licence(f"{one} AND {other}"), read_licence(f"{one} OR {other}")
    alone = [read_licence(one), read_licence(other)]
    assert either.rank == min(each.rank for each in alone)
    assert both.rank >= max(each.rank for each in alone)
    assert RATINGS.index(both.rating) == max(RATINGS.index(each.rating) for each in alone)
    assert set(both.restricts) == {text for each in alone for text in each.restricts}


def findings(licence: Licence, **policy: tuple[str, ...]) -> dict[str, str]:
    return {each.kind: each.severity for each in licence_findings(licence, replace(read_policy(), **policy))}


@pytest.mark.parametrize(
    ("text", "kind", "cap"),
    [
        ("apache-2.0", None, None),
        ("bsd-3-clause", "licence-not-preferred", None),
        ("llama3", "licence-restricts", None),
        ("mnpl", "licence-restricts", "limited"),
        ("gpl-3.0", "licence-unrated", "partial"),
        ("other", "licence-unknown", "unclear"),
    ],
)
def test_trouble_with_a_licence_caps_the_label_and_refuses_nothing(
    text: str, kind: str | None, cap: str | None
) -> None:
    licence = judged([("README.md", text)])
    assert list(findings(licence)) == ([kind] if kind else [])
    assert "refused" not in findings(licence).values()
    assert label_cap(licence, read_policy()) == cap


def test_a_policy_may_forbid_a_licence_or_know_of_an_agreement() -> None:
    licence = judged([("README.md", "mnpl")])
    assert findings(licence, forbidden_licences=("LicenseRef-MNPL-0.1",))["licence-forbidden"] == "refused"
    agreed = replace(read_policy(), agreements=("LicenseRef-MNPL-0.1",))
    assert label_cap(licence, agreed) is None
    assert list(findings(licence, agreements=agreed.agreements)) == ["licence-agreed"]


def test_places_that_differ_are_told_and_the_strictest_is_taken() -> None:
    licence = judged([("configs/models/x.yaml", "Apache-2.0"), ("README.md", "mnpl"), ("config.json", "mine")])
    assert licence.expression == "LicenseRef-MNPL-0.1"
    assert [claim.expression for claim in licence.claims] == ["Apache-2.0", "LicenseRef-MNPL-0.1", ""]
    assert "licence-conflict" in findings(licence)


def test_no_place_at_all_is_unknown() -> None:
    assert findings(judged([])) == {"licence-unknown": "warned"}


def test_what_cannot_be_seen_is_shown_escaped_and_short() -> None:
    [claim] = judged([("README.md", "\x1b[2J\u202e" + "x" * 10_000)]).claims
    assert claim.text.startswith(r"\x1b[2J\u202e")
    assert len(claim.text) < 300


def test_every_licence_of_the_catalog_is_known() -> None:
    unknown = {
        name: entry.licence for name, entry in catalog.models().items() if not read_licence(entry.licence).expression
    }
    assert unknown == {}


def test_every_custom_licence_says_what_it_restricts_and_where_that_was_read() -> None:
    assert [name for name, each in DATA.custom.items() if not (each.restricts and each.source)] == []
    names = [name.lower() for key, each in DATA.custom.items() for name in (key, *each.names)]
    assert len(names) == len(set(names))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", DATA.blue_oak.as_of)
