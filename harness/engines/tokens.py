"""A model's tokenizer in this process, so that harness and server speak of the very same tokens."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.prompts.chat import NEXT_TURN, plain_text
from harness.records import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Tokens:
    """Texts, conversations and options as token ids."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self.tokenizer = tokenizer

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
        """
        if not self.has_chat_template:
            return self.text(plain_text(messages)), (NEXT_TURN,)
        turns = [{"role": message.role, "content": message.content} for message in messages]
        text = self.tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"]), ()

    def option(self, context: str, option: str) -> tuple[list[int], list[int]]:
        """Ids of a context and of an option after it, tokenized as one text.

        Spaces at the context's end belong to the option, and a token that spans both counts as the option's: the
        field's convention (lm-eval, ``_encode_pair``), because most vocabularies join a space to the word after it.
        """
        stripped = context.rstrip(" ")
        option = context[len(stripped) :] + option
        before, whole = self.text(stripped), self.text(stripped + option)
        return whole[: len(before)], whole[len(before) :]
