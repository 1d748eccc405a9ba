"""Who answers: the protocol in base.py, and one module for each engine, imported only when it is used."""

import os
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from importlib.util import find_spec

from harness.catalog import model_entry
from harness.engines.base import Engine, EngineSettings
from harness.engines.model import Model
from harness.engines.vllm.installation import interpreter, required
from harness.entries import Endpoint
from harness.errors import NotInstalledError, UsageError

EXTRAS = {"transformers": "cpu", "endpoint": "endpoints", "vllm": "vllm"}
"""The engines, with the extra that installs what each needs in this environment."""

# torch's worker threads spin while they wait for each other. As soon as something else wants a core, the sandbox for
# instance, each step waits for a thread that is not running, and generation becomes several times slower
# (docs/performance.md). It must be set before torch is first imported, which is why it stands in this package.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def settle(settings: EngineSettings, model: str) -> EngineSettings:
    """The settings with nothing left open: "auto" becomes an engine, an endpoint's blanks come from the catalog.

    ``auto`` is the endpoint where the command line or the model's entry names one, else vLLM where it is installed,
    else transformers on this CPU.
    """
    entry = model_entry(model)
    blank, known = Endpoint(), entry.endpoint if entry else None
    given = {
        each.name: getattr(settings.endpoint, each.name)
        for each in fields(Endpoint)
        if getattr(settings.endpoint, each.name) != getattr(blank, each.name)
    }
    endpoint = replace(known or blank, **given)
    name = settings.name
    if name == "auto":
        name = "endpoint" if endpoint.base_url else "vllm" if _has_vllm(settings.serving.python) else "transformers"
    if known and name != "endpoint" and entry and not entry.sources:
        raise UsageError(f"{model} has no weights to load", "leave out --engine: it is asked at its endpoint")
    return replace(settings, name=name, endpoint=endpoint)


def open_engine(
    settings: EngineSettings, model: Model, seed: int, say: Callable[[str], None], infills: bool = False
) -> Engine:
    """The engine that ``settings`` name, not yet started, for ``model``; ``say`` is told what takes long.

    ``infills`` says that it will be asked for some: it then checks that the model knows its family's tokens.

    Raises:
        NotInstalledError: its packages are not installed.
        UsageError: it needs a setting that is missing.
    """
    engine = _engine(settings, model, seed, say)
    engine.expects_infills = infills
    return engine


def _engine(settings: EngineSettings, model: Model, seed: int, say: Callable[[str], None]) -> Engine:
    try:
        if settings.name == "endpoint":
            key = api_key(settings.endpoint.api_key_env)
            if settings.endpoint.protocol == "anthropic":
                from harness.engines.anthropic import AnthropicEngine

                return AnthropicEngine(model, settings.endpoint, key)
            from harness.engines.endpoint import EndpointEngine

            return EndpointEngine(model, settings.endpoint, key)
        if settings.name == "vllm":
            from harness.engines.vllm.engine import VllmEngine

            return VllmEngine(model, settings, required(settings.serving.python), seed, say)
        from harness.engines.transformers import TransformersEngine

        return TransformersEngine(model, settings.dtype, settings.max_model_len)
    except ModuleNotFoundError as error:
        raise NotInstalledError(f"the engine {settings.name}", error.name, EXTRAS[settings.name]) from None


def api_key(variable: str) -> str:
    """The key in environment variable ``variable``; "" when none is named.

    Raises:
        UsageError: the variable is empty or not set.
    """
    if variable and not os.environ.get(variable):
        raise UsageError(f"the environment variable {variable} is not set", "put the key there, or mend --api-key-env")
    return os.environ.get(variable, "")


def _has_vllm(python: str) -> bool:
    spec = find_spec("vllm")  # without an origin where it is just a folder of that name, a checkout for instance
    return interpreter(python) != sys.executable or bool(spec and spec.origin)
