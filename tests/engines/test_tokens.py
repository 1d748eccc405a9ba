"""Tokens of choices: the join of context and option, which is where tokenizers set their traps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from harness.engines.stems import MOST_LABELS, Stem, stems
from harness.engines.tokens import Tokens
from harness.errors import ModelError
from harness.records import Choice

WORDS = ["<s>", "</s>", *"abcdefgh :\n.", "Answer", " a", " b", "\n\n", "ab", ":a", "d a", " bc"]


def tokens(merges: list[tuple[str, str]], *, bos: bool = False, eos: bool = False, template: str = "") -> Tokens:
    """A tokenizer of single letters and what ``merges`` make of them; ``bos`` puts <s> before each text."""
    letters = sorted({letter for word in WORDS[2:] for letter in word})
    vocabulary = ["<s>", "</s>", *letters]
    vocabulary += [first + second for first, second in merges]
    tokenizer = Tokenizer(models.BPE({word: number for number, word in enumerate(vocabulary)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\x00", "isolated")
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    named = ({"bos_token": "<s>"} if bos else {}) | ({"eos_token": "</s>"} if eos else {})
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)
    fast.chat_template = template or None
    return Tokens(fast)


def shown(known: Tokens, ids: list[int]) -> list[str]:
    return list(known.tokenizer.convert_ids_to_tokens(ids))


def pairs(known: Tokens, context: str, *options: str, **more: object) -> list[tuple[list[str], list[str]]]:
    found = known.choice(Choice(context, options, **more))  # type: ignore[arg-type]
    return [(shown(known, before), shown(known, after)) for before, after in found]


def test_an_option_is_what_comes_after_the_context() -> None:
    assert pairs(tokens([(" ", "a"), (" ", "b")]), "de:", " a", " b") == [
        (["d", "e", ":"], [" a"]),
        (["d", "e", ":"], [" b"]),
    ]


@pytest.mark.parametrize("space", [" ", "  ", "\n", "\n\n "])
def test_white_space_at_the_end_belongs_to_the_option(space: str) -> None:
    assert pairs(tokens([(" ", "a"), ("\n", "\n")]), f"de:{space}", "a")[0][0] == ["d", "e", ":"]


def test_a_join_of_other_tokens_is_split_by_their_number() -> None:
    """ "d" and " abc" are "d", " a", "b", "c"; with "d a" merged the whole begins with another token."""
    known = tokens([(" ", "a"), ("d", " a")])
    assert pairs(known, "cd", " abc") == [(["c", "d a"], ["b", "c"])]


def test_a_token_that_swallows_the_whole_option_is_the_options() -> None:
    known = tokens([(":", "a")])
    assert pairs(known, "de:", "a", "b") == [(["d", "e"], [":a"]), (["d", "e", ":"], ["b"])]
    found = list(stems(known.choice(Choice("de:", ("a", "b")))))
    assert len(found) == 2, "what stands before the two differs: no shortcut"


def test_a_token_that_swallows_the_context_too_follows_the_token_that_texts_begin_after() -> None:
    [(before, after)] = tokens([(":", "a")], eos=True).choice(Choice(":", ("a",)))
    assert len(before) == len(after) == 1
    assert before != after


@given(
    st.text("abcd :\n", max_size=12),
    st.lists(st.text("abcd :\n", min_size=1, max_size=5), min_size=1, max_size=4),
    st.lists(st.sampled_from([(" ", "a"), ("a", "b"), (":", "a"), ("\n", "\n"), ("d", " a")]), unique=True),
    st.booleans(),
)
def test_both_parts_together_are_the_tokens_of_the_whole(
    context: str, options: list[str], merges: list[tuple[str, str]], bos: bool
) -> None:
    merges = [pair for pair in merges if pair != ("d", " a") or (" ", "a") in merges[: merges.index(pair)]]
    known = tokens(merges, bos=bos, eos=True)
    for (before, after), option in zip(known.choice(Choice(context, tuple(options))), options, strict=True):
        assert before
        assert after
        if context.strip():
            whole = known.text(context + option)
            assert (before + after)[-len(whole) :] == whole


@given(
    st.lists(st.text("abcd:\n", min_size=1, max_size=6).map(lambda text: f"{text}\nabc:"), min_size=2, max_size=6),
    st.lists(
        st.sampled_from([("a", "b"), (":", " "), ("\n", "\n"), ("d", "\n"), (":", "a"), (" ", "a"), ("\n", "a")]),
        unique=True,
    ),
)
def test_what_was_learnt_from_one_context_holds_for_others(contexts: list[str], merges: list[tuple[str, str]]) -> None:
    known = tokens(merges, bos=True)
    for context in contexts:
        for (before, after), option in zip(
            known.choice(Choice(context, (" a", "a", " b"))), (" a", "a", " b"), strict=True
        ):
            assert before + after == known.text(context + option)
            assert after


def test_a_long_prompt_is_tokenized_once_when_its_ending_is_known() -> None:
    known = tokens([(" ", "a"), (" ", "b")], bos=True)
    asked: list[str] = []
    batch = known._batch

    def watched(texts: list[str], special: bool) -> list[list[int]]:
        asked.extend(texts)
        return batch(texts, special)

    known.choice(Choice("abc\nabc:", (" a", " b")))
    known._batch = watched  # type: ignore[method-assign]
    known.choice(Choice("dddd\nabc:", (" a", " b")))
    assert asked == ["dddd\nabc:"]


def test_nothing_before_an_option_stands_for_the_beginning_of_a_text() -> None:
    with_bos, with_eos = tokens([], bos=True, eos=True), tokens([], eos=True)
    assert pairs(with_bos, "", "ab", " a") == [(["<s>"], ["a", "b"]), (["<s>"], [" ", "a"])]
    assert pairs(with_eos, "", "ab") == [(["</s>"], ["a", "b"])]
    with pytest.raises(ModelError, match="neither BOS nor EOS"):
        pairs(tokens([]), "", "ab")


def test_a_conversation_ends_where_its_template_does() -> None:
    template = (
        "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}a:\n{% endif %}"
    ).replace("m.role[0]", "'d' if m.role == 'system' else 'e'")
    known = tokens([], bos=True, template=template)
    ((before, after),) = pairs(known, "b", "c", lead="a", shots=("f", "g"), chat=True)
    assert "".join(before) == "d:a\ne:fgb\na:\n"
    assert after == ["c"]


def test_without_a_template_a_conversation_is_a_text() -> None:
    known = tokens([(" ", "a")])
    assert pairs(known, "b", " a", lead="a", shots=("f",), chat=True) == pairs(known, "afb", " a")


def test_options_that_differ_in_their_last_token_are_one_stem() -> None:
    before = [1, 2]
    found = list(stems([(before, [7, 8]), (before, [9]), (before, [7, 5]), (before, [4])]))
    assert found == [Stem((1, 2, 7), 1, (0, 2), (8, 5)), Stem((1, 2), 0, (1, 3), (9, 4))]


ids = st.lists(st.integers(0, 300), min_size=1, max_size=3)


@given(st.lists(st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=3), ids), min_size=1, max_size=300))
def test_stems_hold_each_option_once_and_whole(options: list[tuple[list[int], list[int]]]) -> None:
    numbers = []
    for stem in stems(options):
        assert len(stem.last) <= MOST_LABELS
        for number, last in zip(stem.options, stem.last, strict=True):
            before, after = options[number]
            assert (*stem.ids, last) == (*before, *after)
            assert stem.scored == len(after) - 1
            numbers.append(number)
    assert sorted(numbers) == list(range(len(options)))


def test_more_last_tokens_than_a_server_tells_at_once_are_several_stems() -> None:
    found = list(stems([([1], [number]) for number in range(300)]))
    assert [len(stem.last) for stem in found] == [128, 128, 44]
