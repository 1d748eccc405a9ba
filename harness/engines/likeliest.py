"""What servers of OpenAI's protocol tell of likelihoods: the likeliest next tokens, and those of an echoed text."""

from itertools import accumulate, pairwise
from typing import Any

from harness.engines.stems import Likely
from harness.records import Choice


def chat_request(prompt: Choice, count: int) -> dict[str, Any]:
    """Arguments that ask for the ``count`` likeliest first tokens of the assistant's turn."""
    turns = [{"role": "system", "content": prompt.lead}] if prompt.lead else []
    turns.append({"role": "user", "content": "".join((*prompt.shots, prompt.context))})
    return {"messages": turns, "logprobs": True, "top_logprobs": count}


def likeliest(choice: Any) -> dict[str, float]:
    """Log-probability by stripped text of the tokens told for the first position; empty where none are.

    Of tokens that differ in white space alone the likelier one counts.
    """
    told = choice.logprobs
    if told is None:
        return {}
    if getattr(told, "content", None):
        pairs = [(each.token, each.logprob) for each in told.content[0].top_logprobs]
    else:
        top = getattr(told, "top_logprobs", None)
        pairs = list((top[0] or {}).items()) if top else []
    return {token.strip(): value for token, value in sorted(pairs, key=lambda pair: pair[1])}


def echoed(choice: Any, start: int, text: str) -> Likely | None:
    """How likely the tokens of ``text[start:]`` are together, by an answer that echoes ``text``; None without.

    Whatever the server adds after the text is left out. Where it does not tell the likeliest tokens beside those of
    the text, these are not known to be the likeliest.
    """
    told = choice.logprobs if choice else None
    if not told or not told.tokens or not choice.text.startswith(text):
        return None
    # A server may count a token before the text (BOS) in its offsets; the tokens themselves say where the text begins.
    base = "".join(told.tokens).find(text)
    starts = [0, *accumulate(map(len, told.tokens))] if base >= 0 else [*(told.text_offset or ()), len(choice.text)]
    base = max(base, 0)
    count = len(told.token_logprobs)
    # A log-probability is at most 0, so that nothing is the likeliest token where a server tells none.
    best = [max(each.values(), default=0.0) if each else 0.0 for each in getattr(told, "top_logprobs", None) or ()]
    rows = zip(pairwise(starts), told.token_logprobs, [*best, *[0.0] * count], strict=False)
    mine = [(value, top) for (begin, end), value, top in rows if end > base + start and begin < base + len(text)]
    if not mine or any(value is None for value, _ in mine):
        return None
    return Likely(float(sum(value for value, _ in mine)), all(value >= top for value, top in mine))
