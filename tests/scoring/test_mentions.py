"""What a text about a change mentions, and which of the names in it are nowhere in the change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.mentions import areas_missed, names_invented

DIFF = """diff --git a/app/models/user.rb b/app/models/user.rb
+  def full_name(first, last) = Names::Joined.new(first, last).to_s
+  UPLOAD_TIMEOUT = 30  # see #87
+  run("sync", "--dry-run")
"""


def test_an_area_is_mentioned_by_any_of_its_forms_as_a_whole_word() -> None:
    areas = [["retry", "retries"], ["time limit"], ["C++"]]
    assert areas_missed("It RETRIES within the time\nlimit of C++.", areas) == []
    assert areas_missed("Retrying timeouts, C+", areas) == ["retry", "time limit", "C++"]


@pytest.mark.parametrize(
    "text",
    [
        "Join first and last names, e.g. for GitLab; v1.2 waits 0.5s and/or 30.",
        "Add `full_name` and `UPLOAD_TIMEOUT`, see #87; `--dry-run` stays.",
        "Change app/models/user.rb, `user.rb` and `Names::Joined.new(first, last)`.",
        "Use full_name(first, last), the option --dry-run, and a well-known re-try.",
        "See https://example.com/a/b/c_d for more. * Bullets - are fine",
    ],
)
def test_names_of_the_change_and_ordinary_words_are_not_invented(text: str) -> None:
    assert names_invented(text, DIFF) == []


@pytest.mark.parametrize(
    ("text", "invented"),
    [
        ("Add `retry_count` beside full_name", ["retry_count"]),
        ("Closes #88, refs !9", ["#88", "!9"]),
        ("Move it to lib/names/join.rb", ["lib/names/join.rb"]),
        ("Use `Names::Split.new(first)`", ["Names::Split.new(first)"]),
        ("Calls fullName on UserModel with --force", ["fullName", "UserModel", "--force"]),
        ("Sets user.token_value", ["user.token_value"]),
    ],
)
def test_other_names_are(text: str, invented: list[str]) -> None:
    assert names_invented(text, DIFF) == invented


@given(st.text(max_size=200))
def test_no_text_invents_what_it_is_compared_with(text: str) -> None:
    assert names_invented(text, text) == []
