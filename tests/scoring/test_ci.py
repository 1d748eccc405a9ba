"""A .gitlab-ci.yml as GitLab reads it: YAML with one tag, references, extends, defaults, rules, facts about them."""

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from harness.scoring import ci_text
from harness.scoring.ci import Ci
from harness.scoring.ci_facts import Fact, held, same
from harness.scoring.ci_rules import ExpressionError, holds
from harness.scoring.ci_text import CiError, Reference, parse, schema_fault

SET = {"A": "one", "B": "two", "EMPTY": "", "TAG": "v1.2.3", "PATTERN": "/^v\\d/", "PLAIN": "one"}


@pytest.mark.parametrize(
    ("expression", "true"),
    [
        ("$A", True),
        ("$EMPTY", False),
        ("$UNSET", False),
        ('$A == "one"', True),
        ("$A == 'two'", False),
        ('"one" == $A', True),
        ("$A == $PLAIN", True),
        ("$A != $B", True),
        ("$UNSET == null", True),
        ("$UNSET != null", False),
        ("$EMPTY == null", False),
        ('$EMPTY == ""', True),
        ('$UNSET == ""', False),
        ("$A != null && $B", True),
        ("$UNSET || $A", True),
        ("$A || $UNSET && $UNSET", True),
        ("($A || $UNSET) && $UNSET", False),
        (r"$TAG =~ /^v\d+\.\d+\.\d+$/", True),
        (r"$TAG =~ /^v\d+$/", False),
        (r"$TAG !~ /^v\d+$/", True),
        ("$A =~ /ONE/", False),
        ("$A =~ /ONE/i", True),
        ("$TAG =~ $PATTERN", True),
        ("$TAG =~ $PLAIN", False),
        ("$TAG !~ $PLAIN", True),
        ("$UNSET =~ /./", False),
        ("$UNSET !~ /./", True),
        (r'"docs/a" =~ /^docs\//', True),
        ("((($A)))", True),
        ('$A=="one"&&$B=="two"', True),
        ('$A == "one"\n  && $B == "two"', True),
    ],
)
def test_expressions(expression: str, true: bool) -> None:
    assert holds(expression, SET) is true


@pytest.mark.parametrize(
    "expression",
    [
        *("", "$A ==", "== $A", "$A == one", "${A}", "!$A", "($A", "$A)", "$A $B", "$A = $B", "$A & $B", '"open'),
        *("/a/", "$A == /a/", "/a/ =~ $A", "$A =~ /(/", "$A =~ /(a+)+$/", "$A =~ /a", "(" * 60 + "$A" + ")" * 60),
        "$A || " * 1000 + "$A",
    ],
)
def test_expressions_that_are_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        holds(expression, SET)


@given(st.one_of(st.text(), st.text(alphabet="$AB \"'/()=~!&|\\d+*[]{}^?:i<>null\n")))
def test_no_expression_raises_anything_else(expression: str) -> None:
    with suppress(ExpressionError):
        assert holds(expression, SET) in (True, False)


@given(st.one_of(st.text(), st.text(alphabet="ab:-[]{}&*!<>|#'\"\n ,?.%@0")))
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(CiError):
        schema_fault(parse(text))
        Ci(parse(text))


def test_yaml_has_one_tag_of_gitlab_anchors_and_merge_keys() -> None:
    content = parse("a: &a {x: 1}\nb: {<<: *a, y: !reference [a, x]}\nday: 2024-01-02\non: [*a, *a]\n")
    assert content["b"] == {"x": 1, "y": Reference(("a", "x"))}
    assert content["day"] == "2024-01-02"
    assert content["true"] == [{"x": 1}, {"x": 1}]


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40))
REFERENCES = "a0: [x, x]\n" + "".join(f"a{n}: [{', '.join([f'!reference [a{n - 1}]'] * 8)}]\n" for n in range(1, 11))
EXTENDS = ".j0: {script: x}\n" + "".join(
    f".j{n}: {{extends: [{', '.join([f'.j{n - 1}'] * 9)}]}}\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    "text",
    [
        *("", "- a", "a", "a: [", "a: !!python/object:os.system x", "a: !!binary eA==", "a: !other [x]"),
        *("a: !reference x", "a: !reference [[x]]", "a: &a [*a]", "a: 1\n---\nb: 2", "a: " + "[" * 5000, "x" * 70_000),
        *(BOMB, MERGED, "a: " + "[" * 80 + "]" * 80, "? [a]\n: b", "a: *unknown", "\x00"),
    ],
)
def test_texts_that_are_refused(text: str) -> None:
    began = time.process_time()
    with pytest.raises(CiError):
        parse(text)
    assert time.process_time() - began < 5


def test_references_and_bases_are_bounded() -> None:
    began = time.process_time()
    with pytest.raises(CiError):
        Ci(parse(REFERENCES))
    assert Ci(parse(EXTENDS + "job: {extends: .j9}\n")).job("job")["script"] == ["x"]
    assert time.process_time() - began < 5


JOBS = """
default: {image: 'ruby:3', before_script: [prepare], retry: 1}
variables: {TIER: test}
stages: [one, two, three]
.base: {stage: two, tags: [a, b], variables: {X: 1, Y: 2}, script: [base]}
.more: {tags: [c], variables: {Y: 3}}
plain: {stage: one, script: echo}
child: {extends: [.base, .more], variables: {Z: four}, before_script: [!reference [plain, script], own]}
grandchild: {extends: child, stage: three, script: [!reference [.base, script], [inner]], tags: null}
apart: {stage: three, inherit: {default: false}, needs: [{job: plain, artifacts: false}], script: x}
some: {stage: three, inherit: {default: [image]}, needs: [], script: x}
"""


def test_what_jobs_inherit() -> None:
    pipeline = Ci(parse(JOBS))
    assert pipeline.names == ("plain", "child", "grandchild", "apart", "some")
    assert pipeline.job("plain")["script"] == ["echo"]
    child = pipeline.job("child")
    assert child["variables"] == {"X": "1", "Y": "3", "Z": "four"}
    assert child["tags"] == ["c"]
    assert child["before_script"] == ["echo", "own"]
    assert child["image"] == {"name": "ruby:3"}
    assert child["retry"] == {"max": 1}
    grandchild = pipeline.job("grandchild")
    assert grandchild["script"] == ["base", "inner"]
    assert "tags" not in grandchild
    assert "image" not in pipeline.job("apart")
    assert set(pipeline.job("some")) >= {"image"}
    assert "before_script" not in pipeline.job("some")


@pytest.mark.parametrize(
    "text",
    [
        "a: {extends: .none, script: x}",
        "a: {extends: b, script: x}\nb: {extends: a, script: x}",
        ".a: {script: x}",
    ],
)
def test_jobs_that_are_none(text: str) -> None:
    with pytest.raises(CiError):
        Ci(parse(text)).job("a")


@pytest.mark.parametrize("text", ["a: {script: !reference [b, script]}", "a: {script: !reference [a, script]}"])
def test_references_that_lead_nowhere(text: str) -> None:
    with pytest.raises(CiError):
        Ci(parse(text))


PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event"}
WORKFLOW = (
    "workflow: {rules: [{if: $NO, when: never}, {if: $LIVE, variables: {TIER: live}}, {if: $CI_PIPELINE_SOURCE}]}"
)


@pytest.mark.parametrize(
    ("text", "variables", "when"),
    [
        ("a: {script: x}", PUSH, "on_success"),
        ("a: {script: x}", MERGE_REQUEST, "never"),
        (WORKFLOW + "\na: {script: x}", MERGE_REQUEST, "on_success"),
        (WORKFLOW + "\na: {script: x}", MERGE_REQUEST | {"NO": "1"}, "never"),
        (WORKFLOW + "\na: {script: x}", {}, "never"),
        ("a: {script: x, when: manual}", PUSH, "manual"),
        ("a: {script: x, rules: [{if: $A, when: manual}, {when: delayed, start_in: 1 day}]}", {"A": "1"}, "manual"),
        ("a: {script: x, rules: [{if: $A, when: manual}, {when: delayed, start_in: 1 day}]}", {}, "delayed"),
        ("a: {script: x, rules: [{if: $A}]}", {}, "never"),
        ("a: {script: x, when: manual, rules: [{if: $A}]}", {"A": "1"}, "manual"),
        ("a: {script: x, variables: {A: yes}, rules: [{if: $A == 'true'}]}", {}, "on_success"),
        ("variables: {A: {value: b}}\na: {script: x, rules: [{if: $A == 'b'}]}", {}, "on_success"),
        ("variables: {A: b}\na: {script: x, rules: [{if: $A == 'b'}]}", {"A": "c"}, "never"),
        (WORKFLOW + "\na: {script: x, rules: [{if: $TIER == 'live'}]}", PUSH | {"LIVE": "1"}, "on_success"),
        (WORKFLOW + "\na: {script: x, rules: [{if: $TIER == 'live'}]}", PUSH | {"LIVE": "1", "TIER": "test"}, "never"),
        (
            ".r: {rules: [{if: $A}]}\na: {script: x, rules: [!reference [.r, rules], {if: $B}]}",
            {"B": "1"},
            "on_success",
        ),
        ("a: {script: x, rules: [{if: $A, changes: [b]}, {when: manual}]}", {}, "manual"),
    ],
)
def test_when_jobs_run(text: str, variables: dict[str, str], when: str) -> None:
    assert Ci(parse(text)).runs("a", variables) == when


@pytest.mark.parametrize(
    "text",
    [
        "a: {script: x, rules: [{changes: [b]}]}",
        "a: {script: x, rules: [{if: $A == b}]}",
        "a: {script: x, rules: [x]}",
        "a: {script: x, only: [main]}",
    ],
)
def test_when_it_cannot_be_told(text: str) -> None:
    with pytest.raises(CiError):
        Ci(parse(text)).runs("a", {})


@pytest.mark.parametrize(
    ("fact", "holds"),
    [
        ({"job": "plain", "stage": "one"}, True),
        ({"job": "plain", "stage": "two"}, False),
        ({"job": "none", "stage": "one"}, False),
        ({"job": "apart", "needs": ["plain"]}, True),
        ({"job": "some", "needs": []}, True),
        ({"job": "plain", "needs": []}, False),
        ({"job": "child", "runs_when": {}, "is": "on_success"}, True),
        ({"job": "child", "runs_when": MERGE_REQUEST, "is": "never"}, True),
        ({"job": "child", "has": "variables.Y", "value": 3}, True),
        ({"job": "child", "has": "image", "value": {"name": "ruby:3"}}, True),
        ({"job": "child", "has": "script", "value": "base"}, True),
        ({"job": "child", "has": "before_script", "value": ["own", "echo"]}, False),
        ({"job": "child", "has": "tags.*", "value": "c"}, True),
        ({"job": "child", "has": "tags.*", "value": "a"}, False),
        ({"job": "child", "lacks": "needs"}, True),
        ({"job": "child", "lacks": "tags.0"}, False),
        ({"job": "none", "lacks": "needs"}, False),
        ({"top": "stages", "value": ["one", "two", "three"]}, True),
        ({"top": "stages", "value": ["two", "one", "three"]}, False),
        ({"top": ".base.tags", "value": ["b", "a"]}, True),
        ({"top": "none", "value": None}, True),
        ({"order": ["plain", "child"]}, True),
        ({"order": ["child", "plain"]}, False),
        ({"order": ["plain", "apart"]}, True),
        ({"order": ["child", "apart"]}, False),
        ({"order": ["plain", "none"]}, False),
    ],
)
def test_facts(fact: dict[str, Any], holds: bool) -> None:
    found = held([TypeAdapter(Fact).validate_python(fact)], Ci(parse(JOBS)))
    assert found.share == float(holds)
    assert (found.fault == "") is holds


def test_what_is_the_same() -> None:
    assert same(["b/", "a"], ["a", "b"], ["artifacts", "paths"])
    assert not same(["b", "a"], ["a", "b"], ["script"])
    assert same("a", ["a"])
    assert same(3, "3")
    assert not same(True, "true")
    assert not same(True, 1)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (JOBS.replace(", tags: null", ""), True),
        ("a: {script: x, rules: [!reference [.r, rules]]}\n.r: {rules: [{when: never}]}", True),
        ("a: {script: x, when: sometimes}", False),
        ("a: {scripts: x}", False),
        ("a: {script: x, cache: {policy: read}}", False),
    ],
)
def test_gitlabs_schema(text: str, valid: bool) -> None:
    assert (schema_fault(parse(text)) == "") is valid


def test_without_the_extra_it_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ci_text.unavailable() is None
    monkeypatch.setattr(ci_text, "find_spec", lambda name: None)
    missing = ci_text.unavailable()
    assert missing is not None
    assert "[chat]" in missing.mend
