"""Asks an engine for an infill: in the tokens of the model's family or by chat, cut to what fits its context.

Where the model's tokenizer is at hand the prompt goes as token ids, measured before it is sent. A server that reads
text is sent the whole first; where it says that this is too long, less and less of it.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import ModelError, PromptTooLongError
from harness.prompts.context import fit, without_files
from harness.prompts.infill import InfillFormat, as_chat, escaped
from harness.records import Answer, Cut, Infill, Message, Sampling, prompt_characters

if TYPE_CHECKING:
    from harness.engines.base import Engine
    from harness.engines.tokens import Tokens

CUTS = 12
"""How often a server is asked, each time with a quarter less of the code: down to a 24th of it."""
SPECIAL = "each is one added token"
NOT_CHECKED = "not checked: the server's tokenizer is not at hand"
MEND = "ask by chat with --infill none, or name the model's family with --infill (configs/infill.yaml)"


async def infill(engine: "Engine", prompt: Infill, sampling: Sampling, stream: bool) -> Answer:
    """The answer to ``prompt``; raises as :meth:`Engine.complete` does."""
    form, tokens = engine.infill_format, engine.vocabulary
    asked = prompt if form is None or _marks_files(form, tokens) else replace(prompt, files=())
    if tokens:
        answer, cut = await _by_tokens(engine, tokens, asked, sampling, stream)
    else:
        answer, cut = await _by_text(engine, asked, sampling, stream)
    cut = without_files(prompt, cut) if asked is not prompt else cut
    return replace(answer, cut=cut)


def check(form: InfillFormat, tokens: "Tokens", model: str) -> str:
    """Says that each token of the family is one added token of the model's vocabulary.

    Raises:
        ModelError: one is not; what it marks would be read as plain text.
    """
    for token in form.sentinels():
        if token not in tokens.added:
            raise refusal(form, token, model)
    return SPECIAL


def refusal(form: InfillFormat, token: str, model: str) -> ModelError:
    """What is wrong where a model does not know a token of the family that it is said to be of."""
    return ModelError(f'{model} has no token "{token}", by which the family {form.name} is asked for an infill', MEND)


def _marks_files(form: InfillFormat, tokens: "Tokens | None") -> bool:
    """Whether the family has a place for other files, and the model the tokens for that."""
    return bool(form.files) and (tokens is None or all(token in tokens.added for token in form.sentinels(True)))


async def _by_tokens(
    engine: "Engine", tokens: "Tokens", prompt: Infill, sampling: Sampling, stream: bool
) -> tuple[Answer, Cut | None]:
    form = engine.infill_format
    room = engine.context - sampling.max_tokens if engine.context else None
    if form is None:
        shorter, cut = fit(prompt, room, lambda each: len(tokens.chat(_shown(each, tokens)[0])[0]), tokens.count)
        messages, broken = _shown(shorter, tokens)
        return replace(await engine.chat(messages, sampling, stream), fallback=True, escaped=broken), cut
    shorter, cut = fit(prompt, room, lambda each: len(tokens.infill(form, each)), tokens.count)
    ids, sampling = tokens.infill(form, shorter), _ending(form, sampling)
    answer = await engine.resume(ids, sampling, stream, tokens.ends(form))
    return replace(answer, form="infill", family=form.name), cut


def _shown(prompt: Infill, tokens: "Tokens") -> tuple[tuple[Message, ...], int]:
    """The prompt as a chat, and how many words of it were broken up: a template becomes tokens as one text."""
    told = [(each.role, *escaped(each.content, tokens.marks)) for each in as_chat(prompt)]
    return tuple(Message(role, text) for role, text, _ in told), sum(broken for _, _, broken in told)


async def _by_text(engine: "Engine", prompt: Infill, sampling: Sampling, stream: bool) -> tuple[Answer, Cut | None]:
    room: int | None = None
    for _ in range(CUTS):
        shorter, cut = fit(prompt, room, prompt_characters, len)
        try:
            return await _ask_text(engine, shorter, sampling, stream), cut
        except PromptTooLongError as error:
            too_long = error
        room = prompt_characters(shorter) * 3 // 4
    raise too_long


async def _ask_text(engine: "Engine", prompt: Infill, sampling: Sampling, stream: bool) -> Answer:
    form = engine.infill_format
    if form is None:
        return replace(await engine.chat(as_chat(prompt), sampling, stream), fallback=True)
    text, broken = form.as_text(prompt)
    sampling = _ending(form, sampling)
    if form.turn and engine.converses:
        answer = await engine.chat((Message("user", text),), sampling, stream)
    else:
        answer = await engine.complete(text, sampling, stream)
    return replace(answer, form="infill", family=form.name, escaped=broken)


def _ending(form: InfillFormat, sampling: Sampling) -> Sampling:
    return replace(sampling, stop=(*sampling.stop, *form.stop))
