"""The catalog's models: GitLab's supported ones and their foundational baselines, each with what it needs to answer."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from harness.catalog import infill_format, infill_formats, models
from harness.engines.base import EngineSettings
from harness.engines.model import Model, served
from harness.engines.vllm.installation import Installation
from harness.engines.vllm.launch import Launch
from harness.entries import HubSource, ModelEntry

OPEN: Mapping[str, str | None] = {
    "smollm2-135m": None,
    "codestral-22b-v0.1": "codestral",
    "mistral-7b-instruct-v0.3": None,
    "mixtral-8x7b-instruct-v0.1": None,
    "mixtral-8x22b-instruct-v0.1": None,
    "mistral-small-24b-instruct-2506": None,
    "devstral-2-123b": None,
    "gpt-oss-20b": None,
    "gpt-oss-120b": None,
    "llama-3-8b-instruct": None,
    "llama-3-70b-instruct": None,
    "llama-3.1-8b-instruct": None,
    "llama-3.1-70b-instruct": None,
    "llama-3.3-70b-instruct": None,
    "codegemma-2b": "codegemma",
    "codegemma-7b": "codegemma",
    "codegemma-7b-it": None,
    "codellama-13b-instruct": "codellama",
    "deepseek-coder-6.7b-instruct": "deepseek-coder",
    "deepseek-coder-33b-instruct": "deepseek-coder",
    "deepseek-coder-33b-base": "deepseek-coder",
    "qwen2.5-coder-7b-instruct": "qwen-coder",
    "qwen2.5-coder-32b-instruct": "qwen-coder",
    "starcoder2-15b": "starcoder2",
}
"""Models with weights, and the family by which each is asked for an infill; None: by chat."""

CLOSED = {
    "claude-sonnet-4.5": "claude-sonnet-4-5-20250929",
    "claude-sonnet-4": "claude-sonnet-4-20250514",
    "claude-haiku-4.5": "claude-haiku-4-5-20251001",
    "claude-opus-4.5": "claude-opus-4-5-20251101",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "codestral-25.08": "codestral-2508",
}
"""Models behind an endpoint, and what their vendor calls them."""

MISTRAL = {"tokenizer-mode": "mistral", "config-format": "mistral", "load-format": "mistral"}
SERVE: Mapping[str, Mapping[str, str]] = {
    "mistral-7b-instruct-v0.3": MISTRAL,
    "mistral-small-24b-instruct-2506": MISTRAL,
    "mixtral-8x7b-instruct-v0.1": {"tokenizer-mode": "mistral", "load-format": "safetensors"},
    "mixtral-8x22b-instruct-v0.1": {"tokenizer-mode": "mistral", "load-format": "safetensors"},
    "devstral-2-123b": {"tokenizer-mode": "mistral"},
}


def endpoints() -> list[ModelEntry]:
    return [entry for entry in models().values() if entry.endpoint]


def command(entry: ModelEntry) -> tuple[str, ...]:
    model = Model(entry.name, "test", path=Path("model"), serve=dict(entry.serve))
    return Launch(Installation("python", "vllm", "0.26.0"), model, EngineSettings("vllm"), 0, entry.name).arguments(0)


def test_the_catalog_has_these_models_and_no_others() -> None:
    assert models().keys() == OPEN.keys() | CLOSED.keys()


def test_every_model_is_described_and_licensed_and_called_as_its_file() -> None:
    for entry in models().values():
        assert entry.name == entry.name.lower()
        assert entry.title.strip()
        assert entry.description.endswith(".")
        assert "\n" not in entry.description
        assert re.fullmatch(r"[A-Za-z0-9.-]+", entry.licence), entry.name


def test_every_model_has_weights_or_an_endpoint() -> None:
    assert {name for name, entry in models().items() if entry.sources} == OPEN.keys()
    assert {entry.name for entry in endpoints()} == CLOSED.keys()


def test_weights_are_pinned_to_a_commit_unless_no_commit_is_known() -> None:
    loose = set()
    for entry in models().values():
        for source in entry.sources:
            if isinstance(source, HubSource):
                assert re.fullmatch(r"[\w.-]+/[\w.-]+", source.repo)
                if not re.fullmatch(r"[0-9a-f]{40}", source.revision):
                    loose.add((entry.name, source.revision))
    assert loose == {("codegemma-2b", "main"), ("codegemma-7b", "main"), ("codegemma-7b-it", "main")}


@pytest.mark.parametrize(("name", "family"), OPEN.items())
def test_an_open_model_is_asked_for_an_infill_in_its_familys_way(name: str, family: str | None) -> None:
    found = infill_format(name)
    assert (found.name if found else None) == family


def test_an_entry_names_its_family_only_where_its_names_would_mislead() -> None:
    assert {name: entry.infill for name, entry in models().items() if entry.infill} == {"codestral-25.08": "none"}
    assert infill_format("mistralai/codestral-2508") == infill_formats()["codestral"]


def test_an_endpoint_is_asked_by_chat_under_its_vendors_name() -> None:
    for entry in endpoints():
        assert entry.endpoint
        model = served(entry.name, entry.endpoint)
        assert model.infill is None
        assert model.served_name == CLOSED[entry.name]


@pytest.mark.parametrize("name", OPEN)
def test_vllm_is_started_with_the_flags_that_a_model_needs(name: str) -> None:
    words = command(models()[name])
    given = {word[2:]: value for word, value in pairwise(words) if word[2:] in MISTRAL}
    assert given == SERVE.get(name, {})


def test_a_model_with_its_own_infill_tokens_leaves_the_tokenizer_to_hugging_face() -> None:
    """vLLM's Mistral mode reads [SUFFIX] and [PREFIX] in a prompt as plain text."""
    for name, family in OPEN.items():
        assert not family or "tokenizer-mode" not in models()[name].serve, name


def test_an_endpoint_names_the_variable_of_its_key_and_holds_none() -> None:
    keys = {
        "api.anthropic.com": "ANTHROPIC_API_KEY",
        "api.openai.com": "OPENAI_API_KEY",
        "api.mistral.ai": "MISTRAL_API_KEY",
    }
    for entry in endpoints():
        assert entry.endpoint
        scheme, _, rest = entry.endpoint.base_url.partition("://")
        assert scheme == "https"
        assert entry.endpoint.api_key_env == keys[rest.split("/")[0]]
        assert (entry.endpoint.protocol == "anthropic") == entry.name.startswith("claude")
        assert not re.search(r"\bsk-|key=|[A-Za-z0-9_-]{40,}", repr(entry)), entry.name


def test_a_model_that_thinks_is_not_sent_what_it_refuses() -> None:
    for entry in endpoints():
        assert entry.endpoint
        thinks = entry.name.startswith("gpt-5")
        assert (entry.endpoint.max_tokens_name == "max_completion_tokens") == thinks
        assert {"temperature", "top_p", "stop"}.issubset(entry.endpoint.omit) == thinks


def test_prices_are_positive_and_dated_and_say_where_they_stand() -> None:
    priced = [entry for entry in models().values() if entry.prices]
    assert {entry.name for entry in priced} == CLOSED.keys()
    for entry in priced:
        assert entry.prices
        assert 0 < entry.prices.prompt < entry.prices.answer < 100
        assert entry.prices.source.startswith("https://")
        assert date(2024, 1, 1) < date.fromisoformat(entry.prices.as_of) <= date.today()
