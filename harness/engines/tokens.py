"""A model's tokenizer in this process, so that harness and server speak of the very same tokens."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import groupby, takewhile
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engines.stems import Pair
from harness.errors import ModelError
from harness.prompts.chat import NEXT_TURN, plain_text
from harness.prompts.infill import InfillFormat, Piece, Sentinel
from harness.records import Choice, Infill, Likelihood, Message, plain

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


LEARNT_CHARACTERS, LEARNT_OPTIONS = 64, 4096
"""The longest line or option, and the most pairs of them, of which the tokens are remembered."""
SPACE = "\u2581"
"""How SentencePiece writes a space in a token."""
_PLACE = "INFILLHERE"
"""Stands for the user's turn while a template is written out."""
_MARK = "\u263a"
"""A character that no vocabulary joins with what follows it."""


class Tokens:
    """Texts, conversations and options as token ids."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self.tokenizer = tokenizer
        self._joins: dict[tuple[str, str], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    @classmethod
    def load(cls, folder: Path, trust_remote_code: bool = False) -> "Tokens":
        """The tokenizer of the model in ``folder``.

        Raises:
            ModuleNotFoundError: transformers is not installed.
            OSError, ValueError, KeyError, AttributeError: the folder's tokenizer cannot be read.
        """
        from transformers import AutoTokenizer

        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": trust_remote_code}
        return cls(AutoTokenizer.from_pretrained(str(folder), **options))

    @property
    def has_chat_template(self) -> bool:
        """Whether the model knows conversations."""
        return bool(self.tokenizer.chat_template)

    def text(self, text: str) -> list[int]:
        """Ids of a text to be continued, with what the tokenizer puts before any text."""
        return list(self.tokenizer(text)["input_ids"])

    def chat(self, messages: Sequence[Message]) -> tuple[list[int], tuple[str, ...]]:
        """Ids of a conversation up to the assistant's next turn, and strings that end that turn.

        A model without a chat template gets the conversation as plain text, and must stop where the next turn begins.
        A last message of the assistant's is the beginning of its next turn.
        """
        if not self.has_chat_template:
            begun = messages[-1].content if messages[-1].role == "assistant" else ""
            return self.text(plain_text(messages[:-1] if begun else messages) + begun), (NEXT_TURN,)
        return list(self.tokenizer(self._conversation(messages), add_special_tokens=False)["input_ids"]), ()

    def count(self, text: str) -> int:
        """How many tokens ``text`` is by itself."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    @cached_property
    def added(self) -> Mapping[str, int]:
        """The ids of the tokens that were added to the vocabulary, such as those that mark a place to fill in."""
        return dict(self.tokenizer.get_added_vocab())

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Added tokens that are spelt as marks are, in brackets: what no conversation should hold by chance."""
        return tuple(word for word in self.added if re.fullmatch(r"[<\[].+[>\]]", word))

    def infill(self, form: InfillFormat, prompt: Infill) -> list[int]:
        """Ids of an infill: each piece by itself, so that nothing in the code is read as a token.

        SentencePiece puts a space before a text. As the references of Code Llama and Codestral do, it is left to the
        prefix and taken from all else.

        Raises:
            KeyError: the vocabulary lacks one of the family's tokens.
        """
        ids: list[int] = []
        before: Piece = ""
        for piece in form.pieces(prompt):
            if isinstance(piece, Sentinel):
                ids.append(self.added[piece.token])
            else:
                ids += self._plain(piece, spaced=before == Sentinel(form.prefix))
            before = piece
        if form.turn and self.has_chat_template:
            start, _, end = self._templated([{"role": "user", "content": _PLACE}]).partition(_PLACE)
            opened, closed = (self.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (start, end))
            return [*opened, *ids, *closed]
        return self._start + ids

    def ends(self, form: InfillFormat) -> frozenset[int]:
        """The ids of those of the family's stop strings that are tokens: an engine shows no text for them."""
        words = (word for stop in form.stop for word in (stop, f"{SPACE}{stop}"))
        return frozenset(self.added[word] for word in words if word in self.added)

    @cached_property
    def _start(self) -> list[int]:
        """What the tokenizer puts before any text."""
        whole, bare = self.text("a"), self._batch(["a"], special=False)[0]
        return next((whole[:at] for at in range(len(whole)) if whole[at : at + len(bare)] == bare), [])

    @cached_property
    def _puts_space(self) -> bool:
        """Whether the tokenizer begins a text with a space that is not in it."""
        first = self.tokenizer.convert_ids_to_tokens(self._batch(["a"], special=False)[0])[0]
        return str(first).startswith(SPACE)

    def _plain(self, text: str, spaced: bool) -> list[int]:
        """Ids of a text in which nothing is a token of its own: words that are called like one are taken apart."""
        words = sorted(filter(None, self.added), key=len, reverse=True)
        parts = _parts(text, [word for word in words if word.strip() and word in text])
        ids: list[int] = []
        for number, part in enumerate(parts):
            ids += self._batch([part], special=False)[0] if spaced and number == 0 else self._unspaced(part)
        return ids

    def _unspaced(self, text: str) -> list[int]:
        if not self._puts_space:
            return self._batch([text], special=False)[0]
        mark, whole = self._batch([_MARK, _MARK + text], special=False)
        return whole[len(mark) :] if whole[: len(mark)] == mark else self._batch([text], special=False)[0]

    def choice(self, prompt: Choice) -> list[Pair]:
        """Ids of what stands before the options, and of each option after it, tokenized as one text with it.

        White space at the end of a text belongs to the option, because most vocabularies join it to the word after it,
        and where the join is tokenized in another way than its parts the tokens are split by their number: the field's
        convention (lm-eval, ``_encode_pair``). A token that swallows the whole option is the option's. A conversation
        ends where its template does; only there nothing is moved.

        Raises:
            ModelError: nothing stands before the options, and the tokenizer knows no token that begins a text.
        """
        if prompt.chat and self.has_chat_template:
            turns = [{"role": "system", "content": prompt.lead}] if prompt.lead else []
            turns.append({"role": "user", "content": "".join((*prompt.shots, prompt.context))})
            context, special = self._templated(turns), False
        else:
            context, special = prompt.text.rstrip(), True
        moved = "" if not special else prompt.text[len(context) :]
        options = [moved + option for option in prompt.options]
        if not context:
            return [([self._beginning()], list(ids)) for ids in self._batch(options, special=False)]
        return self._after(context, options, special)

    def likelihood(self, prompt: Likelihood) -> list[Pair]:
        """Ids of what stands before each option and of the option, by the field's convention (:meth:`choice`).

        It holds in conversations, too: the white space that ends a chat template is the option's. A text that spells
        out the token which texts begin with is not given another one.
        """
        pairs: list[Pair] = []
        for question, group in groupby(prompt.of_each, key=itemgetter(0)):
            turns = prompt.before(question)
            text = self._conversation(turns) if prompt.chat and turns else plain(turns)
            context = text.rstrip()
            options = [text[len(context) :] + option for _, option in group]
            if context:
                pairs += self._after(context, options, special=not self._is_begun(context))
            else:
                pairs += [self._at_the_beginning(ids) for ids in self._batch(options, special=False)]
        return pairs

    def windows(self, text: str, length: int) -> list[Pair]:
        """Ids of a text in pieces of at most ``length`` tokens, and before each as many as a model still reads with it.

        A model that reads ``length`` tokens tells the likelihood of as many: those that follow each one it reads. The
        first piece follows the token that a text begins after; the last may be short and follows that much more. The
        field's convention (lm-eval, ``get_rolling_token_windows`` with one token of context).
        """
        (found,) = self._batch([text], special=not self._is_begun(text))
        ids = [self._beginning(), *found]
        ends = [*range(length, len(found), length), len(found)]
        starts = [0, *ends[:-1]] if found else []
        return [
            (ids[max(0, end - length) : start + 1], ids[start + 1 : end + 1])
            for start, end in zip(starts, ends, strict=False)
        ]

    def _after(self, context: str, options: list[str], special: bool) -> list[Pair]:
        """Ids of ``context`` and of each option after it."""
        (before,) = self._batch([context], special)
        found = [self._joined(context, before, option) for option in options]
        unknown = [option for option, after in zip(options, found, strict=True) if after is None]
        wholes = iter(self._batch([context + option for option in unknown], special)) if unknown else iter(())
        pairs = [(before, after) if after else _split(before, next(wholes)) for after in found]
        for option, after, pair in zip(options, found, pairs, strict=True):
            if after is None:
                self._learn(context, before, option, pair)
        # A token may swallow a context of one token whole: what is left then begins as a text does.
        return [pair if pair[0] else self._at_the_beginning(pair[1]) for pair in pairs]

    def _joined(self, context: str, before: list[int], option: str) -> list[int] | None:
        """The option's tokens, where they are known for contexts that end as this one does."""
        ending, after = self._joins.get((_ending(context), option), ((), ()))
        return list(after) if after and tuple(before[-len(ending) :]) == ending else None

    def _learn(self, context: str, before: list[int], option: str, pair: Pair) -> None:
        """Keeps the option's tokens where the last line of the context alone decides on them.

        Few-shot prompts are long and end alike ("Answer:"): tokenizing each one again for each of its options would
        take longer than a GPU takes to answer. It is kept only if context and last line, each by itself and with the
        option, are tokenized as their parts are, and used only where a context ends with the last line's own tokens.
        """
        ending = _ending(context)
        if not ending or len(option) > LEARNT_CHARACTERS or len(self._joins) >= LEARNT_OPTIONS:
            return
        last, joined = self._batch([ending, ending + option], special=False)
        start, after = pair
        if start == before and before[-len(last) :] == last and joined == last + after:
            self._joins[ending, option] = tuple(last), tuple(after)

    def _conversation(self, messages: Sequence[Message]) -> str:
        """The text of a conversation up to where the assistant goes on."""
        begun = messages[-1].content if messages[-1].role == "assistant" else ""
        turns = messages[:-1] if begun else messages
        return self._templated([{"role": each.role, "content": each.content} for each in turns]) + begun

    def _at_the_beginning(self, ids: list[int]) -> Pair:
        """An option that nothing stands before; one that spells out the token which texts begin with begins itself."""
        beginning = self._beginning()
        return (ids[:1], ids[1:]) if ids[0] == beginning and len(ids) > 1 else ([beginning], ids)

    def _is_begun(self, text: str) -> bool:
        """Whether a text spells out the token that texts begin after, as conversations often do."""
        token = self.tokenizer.bos_token_id
        token = self.tokenizer.eos_token_id if token is None else token
        return token is not None and text.startswith(str(self.tokenizer.decode([token])))

    def _templated(self, turns: list[dict[str, str]]) -> str:
        return str(self.tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))

    def _batch(self, texts: list[str], special: bool) -> list[list[int]]:
        return [list(ids) for ids in self.tokenizer(texts, add_special_tokens=special)["input_ids"]]

    def _beginning(self) -> int:
        """The token that a text begins after: BOS, or the end of the text before it."""
        for token in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if isinstance(token, int):
                return token
        raise ModelError(
            "a text without a context needs a token that it begins after, and the tokenizer has neither BOS nor EOS",
            "add bos_token or eos_token to its tokenizer_config.json",
        )


def _parts(text: str, words: Sequence[str]) -> list[str]:
    """``text`` cut after the first character of each of ``words`` in it, so that none of them is left whole."""
    parts, start = [], 0
    pattern = re.compile("|".join(map(re.escape, words)))
    while words and (found := pattern.search(text, start)):
        parts.append(text[start : found.start() + 1])
        start = found.start() + 1
    return [*parts, text[start:]]


def _ending(context: str) -> str:
    """The last line with its line break, where it is neither the whole context nor too short or long to learn from."""
    ending = context[context.rfind("\n") :] if "\n" in context else ""
    return ending if 4 <= len(ending) <= LEARNT_CHARACTERS and len(ending) < len(context) else ""


def _split(before: list[int], whole: list[int]) -> Pair:
    """Context and option in ``whole``, ``before`` being the context by itself."""
    at = len(before)
    if at >= len(whole):  # the join is fewer tokens than its parts
        at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, whole[:-1], strict=False)))
    return whole[:at], whole[at:]
