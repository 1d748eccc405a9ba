"""GitLab's tables: whose levels a model has, by its name."""

import pytest

from harness import catalog
from harness.screening.validated import Tables, validated

TABLES = catalog.config("validated.yaml", Tables).tables


@pytest.mark.parametrize(
    ("names", "feature", "levels"),
    [
        (["mistralai/Codestral-22B-v0.1"], "chat", {"chat": "partial"}),
        (["codestral-22b-v0.1"], "code-suggestions", {"code-completion": "full", "code-generation": "full"}),
        (["gpt-5", "gpt-5-2025-08-07"], "chat", {"chat": "full"}),
        (
            ["gpt-5-mini"],
            "",
            {"code-completion": "full", "code-generation": "full", "chat": "full"} | {"agent-platform": "partial"},
        ),
        (["zai-org/GLM-5.1-FP8"], "code-suggestions", {"code-completion": "limited", "code-generation": "limited"}),
        (["google/codegemma-7b"], "code-suggestions", {"code-completion": "experimental"}),
    ],
)
def test_the_newest_table_comes_first(names: list[str], feature: str, levels: dict[str, str]) -> None:
    assert validated(names, feature)[0].levels == levels


@pytest.mark.parametrize(
    "name",
    ["somebody/Codestral-22B-v0.1", "codestral-22b-v0.1-abliterated", "my-gpt-4o", "gpt-5-nano", "*", "[a-z]*", ""],
)
def test_a_copy_or_a_namesake_has_no_levels(name: str) -> None:
    assert validated([name]) == ()


def test_without_a_feature_all_uses_are_told() -> None:
    uses = {"code-completion": "full", "code-generation": "full", "chat": "full", "agent-platform": "partial"}
    assert validated(["gpt-5-mini"])[0].levels == uses


def test_what_only_an_older_table_has_is_told_with_its_date() -> None:
    [found] = validated(["mistralai/Mistral-7B-Instruct-v0.3"], "chat")
    assert (found.levels, found.table, found.as_of) == ({"chat": "limited"}, "GitLab 17.9 to 18.3", "2025-08")
    assert "gitlabhq/gitlabhq@00ea805" in found.source


def test_a_feature_without_a_column_of_its_own_is_not_filled_in() -> None:
    assert validated(["google/codegemma-7b"], "chat") == ()


def test_every_pattern_is_in_lower_case_as_names_are_compared() -> None:
    names = [name for table in TABLES for row in table.models for name in row.names]
    assert [name for name in names if name != name.lower()] == []
    assert all(table.source and table.as_of for table in TABLES)
