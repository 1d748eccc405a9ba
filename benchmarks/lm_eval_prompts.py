"""What an lm-eval task asks about a document, as this harness's prompts.

The texts are those that the task itself makes, with its solved examples, delimiters and description. Its turns are
taken down while it makes them, so that solved examples can be told apart and dropped where a prompt is too long; where
a task puts its text together in a way of its own it stays one piece.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.lm_eval_loading import Loaded
from harness.errors import UsageError
from harness.records import FewShot, Likelihood, Message, Passage, Prompt, Turns, joined, plain


@dataclass(frozen=True)
class Form:
    """How a task is asked: in the model's chat template or as text; solved examples as turns of their own or not."""

    chat: bool
    multiturn: bool


class Prompts:
    """Makes a task's prompts, one document after the other: examples are drawn in that order."""

    def __init__(self, loaded: Loaded, form: Form) -> None:
        self._task, self._shots, self._form = loaded.task, loaded.shots, form
        self._built: list[Sequence[tuple[Message, str]]] = []
        """What stands in each question so far: its turns, with what separates each from the next one in a text."""
        self._conversations: dict[str, Turns] = {}
        build = self._task.build_qa_turn

        def taken_down(**arguments: Any) -> Any:
            turns = build(**arguments)
            self._built.append([(Message(each.role, each.content), each._delimiter) for each in turns])
            return turns

        self._task.build_qa_turn = taken_down

    def of(self, document: Any, number: int) -> Prompt:
        """The prompt for document ``number``.

        Raises:
            UsageError: the task asks in several ways at once.
        """
        self._built.clear()
        self._conversations.clear()
        task, chat = self._task, self._form.chat
        context = task.fewshot_context(
            document,
            num_fewshot=self._shots,
            apply_chat_template=chat,
            fewshot_as_multiturn=self._form.multiturn,
            chat_template=self._name if chat else None,
            gen_prefix=task.doc_to_prefix(document),
        )
        made = task.construct_requests(
            doc=document,
            ctx=context,
            metadata=(task.config.task, number, 1),
            apply_chat_template=chat,
            chat_template=self._name if chat else None,
        )
        requests = made if isinstance(made, list) else [made]
        kinds = {request.request_type for request in requests}
        contexts = context if isinstance(context, list) else [context]
        if kinds == {"loglikelihood"}:
            return self._likelihood(contexts, [request.args for request in requests])
        if kinds == {"loglikelihood_rolling"} and len(requests) == 1:
            return Passage(requests[0].args[0])
        if kinds == {"generate_until"} and len(requests) == 1:
            return self._few_shot(contexts, requests[0].args[0])
        raise UsageError(f"{task.config.task} asks in several ways at once: {', '.join(sorted(kinds))}", "leave it out")

    def _name(self, turns: Sequence[Mapping[str, str]], **_: Any) -> str:
        """In the place of a chat template, which only the engine knows: a name for the conversation."""
        name = f"\x00conversation {len(self._conversations)}\x00"
        self._conversations[name] = tuple(Message(each["role"], each["content"]) for each in turns)  # type: ignore[arg-type]
        return name

    def _likelihood(self, contexts: list[str], pairs: Sequence[tuple[str, str]]) -> Likelihood:
        known = {context: self._parts(context, at, len(contexts)) for at, context in enumerate(contexts)}
        options = tuple(option for _, option in pairs)
        of_each = [known.get(context) if context or "" in known else None for context, _ in pairs]
        headers = {(parts.lead, parts.shots) for parts in of_each if parts}
        if len(headers) == 1 and all(parts or not context for parts, (context, _) in zip(of_each, pairs, strict=True)):
            ((lead, shots),) = headers
            return Likelihood(lead, shots, tuple(p.question if p else None for p in of_each), options, self._form.chat)
        # A header of each option's own cannot be shared, and none of it be dropped.
        wholes = tuple(self._whole(context) if context else None for context, _ in pairs)
        return Likelihood((), (), wholes, options, self._form.chat)

    def _few_shot(self, contexts: list[str], context: str) -> FewShot:
        if context in contexts:
            return self._parts(context, contexts.index(context), len(contexts))
        return FewShot((), (), self._whole(context), self._form.chat)

    def _whole(self, context: str) -> Turns:
        return self._conversations.get(context) or (Message("user", context),)

    def _parts(self, context: str, at: int, count: int) -> FewShot:
        """Lead, examples and question of a context, the one numbered ``at`` of ``count``."""
        whole = self._whole(context)
        shots = [self._turns(built, ends=False) for built in self._built[: len(self._built) - count]]
        question = self._turns(self._built[len(self._built) - count + at], ends=True) if self._built else ()
        rest = (*(turn for shot in shots for turn in shot), *question)
        if self._form.chat:
            lead = whole[:1] if whole[0].role == "system" else ()
        else:
            lead = (Message("user", plain(whole).removesuffix(plain(rest))),)
            lead = lead if lead[0].content else ()
        parts = FewShot(lead, tuple(shots), question, self._form.chat)
        same = parts.turns == joined(whole) if self._form.chat else plain(parts.turns) == plain(whole)
        return parts if same else FewShot((), (), whole, self._form.chat)

    def _turns(self, built: Sequence[tuple[Message, str]], ends: bool) -> Turns:
        """One question's turns; ``ends``: it is the last one, which the answer follows."""
        text = "".join(turn.content + delimiter for turn, delimiter in built)
        if not self._form.chat:
            return (Message("user", text),)
        if self._form.multiturn or ends:
            return tuple(turn for turn, _ in built)
        return (Message("user", text),)
