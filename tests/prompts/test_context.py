"""The code around the cursor, cut to what fits: nearest lines, whole lines, the prefix favoured, other files first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import PromptTooLongError
from harness.prompts.context import PREFIX_SHARE, fit
from harness.records import Cut, File, Infill, prompt_characters

TEXT = st.lists(st.sampled_from(["\n", "\n\n", "x", "longer line", "    ", "é"]), max_size=30).map("".join)


def cut(prompt: Infill, room: int | None) -> tuple[Infill, Cut | None]:
    return fit(prompt, room, prompt_characters, len)


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def test_what_fits_is_left_alone() -> None:
    prompt = Infill("a\nb", "c\nd", files=(File("x", "y"),))
    assert cut(prompt, 7) == (prompt, None)
    assert cut(prompt, None) == (prompt, None)


def test_other_files_go_first_the_last_one_before_the_others() -> None:
    files = (File("1", "11"), File("2", "2222"), File("3", "3"))
    prompt = Infill("ab", "cd", files=files)
    assert cut(prompt, 10) == (replace(prompt, files=files[:2]), Cut(files=1))
    assert cut(prompt, 9) == (replace(prompt, files=files[:1]), Cut(files=2))
    assert cut(prompt, 4) == (replace(prompt, files=()), Cut(files=3))


def test_the_farthest_lines_go_and_the_cursors_own_stays() -> None:
    prompt = Infill("1\n2\n3\n4\nleft", "right\n5\n6\n7\n8\n", files=(File("x", "y"),))
    shorter, left_out = cut(prompt, 10 + 8)
    assert (shorter.prefix, shorter.suffix) == ("2\n3\n4\nleft", "right\n5\n")
    assert left_out == Cut(prefix_characters=2, prefix_lines=1, suffix_characters=6, suffix_lines=3, files=1)


def test_what_one_side_leaves_unused_is_the_others() -> None:
    many = "".join(f"{number}\n" for number in range(9))
    assert cut(Infill(many, ""), 8)[0].prefix == "5\n6\n7\n8\n"
    assert cut(Infill("", f"\n{many}"), 9)[0].suffix == "\n0\n1\n2\n3\n"
    assert cut(Infill("0\n", f"\n{many}"), 9)[0] == Infill("0\n", "\n0\n1\n2\n")
    assert cut(Infill(many, "\n0\n"), 9)[0] == Infill("6\n7\n8\n", "\n0\n")


def test_a_line_without_an_end_is_a_line() -> None:
    shorter, left_out = cut(Infill("", "\nlast"), 1)
    assert shorter.suffix == "\n"
    assert left_out == Cut(suffix_characters=4, suffix_lines=1)


def test_a_cursors_line_that_does_not_fit_is_not_cut() -> None:
    with pytest.raises(PromptTooLongError, match="the cursor's line alone takes 2 tokens more than there are"):
        cut(Infill("a\nleft", "right\nb"), 8)


@given(prefix=TEXT, suffix=TEXT, room=st.integers(0, 200), tokens=st.integers(1, 3))
def test_a_cut_is_near_and_whole_and_as_large_as_fits(prefix: str, suffix: str, room: int, tokens: int) -> None:
    prompt = Infill(prefix, suffix, files=(File("x", "yz"),))

    def measure(each: Infill) -> int:
        return 5 + prompt_characters(each) // tokens

    def count(text: str) -> int:
        return len(text) // tokens

    try:
        shorter, left_out = fit(prompt, room, measure, count)
    except PromptTooLongError:
        left, right = prefix.rpartition("\n")[2], "".join(lines(suffix)[:1])
        assert measure(replace(prompt, prefix=left, suffix=right, files=())) > room
        return
    assert (shorter, left_out) == fit(prompt, room, measure, count)
    assert measure(shorter) <= room
    assert prefix.endswith(shorter.prefix)
    assert suffix.startswith(shorter.suffix)
    above, below = prefix[: len(prefix) - len(shorter.prefix)], suffix[len(shorter.suffix) :]
    assert not above or above.endswith("\n")
    assert not below or shorter.suffix.endswith("\n")
    assert (left_out is None) == (shorter == prompt)
    known = left_out or Cut()
    assert (known.prefix_characters, known.suffix_characters) == (len(above), len(below))
    assert (known.prefix_lines, known.suffix_lines) == (
        above.count("\n"),
        len(below.split("\n")) - below.endswith("\n") - (not below),
    )
    assert known.files == len(prompt.files) - len(shorter.files)
    if tokens == 1:  # where lines add up exactly, no further line of either side fits
        if above:
            assert measure(shorter) + len(above.split("\n")[-2]) + 1 > room
        if below:
            assert measure(shorter) + len(below.split("\n")[0]) + ("\n" in below) > room
        if above and below:
            budget = room - measure(
                replace(prompt, prefix=prefix.rpartition("\n")[2], suffix="".join(lines(suffix)[:1]), files=())
            )
            nearest = max(len(line) + 1 for line in prefix.split("\n"))
            assert len(shorter.prefix) - len(prefix.rpartition("\n")[2]) > PREFIX_SHARE * budget - nearest - 1
