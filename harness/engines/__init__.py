"""Who answers: the protocol in base.py, and one module for each engine, imported only when it is used."""

import os

from harness.engines.base import Engine, EngineSettings
from harness.engines.model import Model
from harness.errors import NotInstalledError, UsageError

EXTRAS = {"transformers": "cpu", "endpoint": "endpoints"}
"""The engines, with the extra that installs each."""

# torch's worker threads spin while they wait for each other. As soon as something else wants a core, the sandbox for
# instance, each step waits for a thread that is not running, and generation becomes several times slower
# (docs/performance.md). It must be set before torch is first imported, which is why it stands in this package.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def open_engine(settings: EngineSettings, model: Model) -> Engine:
    """The engine that ``settings`` name, not yet started, for ``model``.

    Raises:
        NotInstalledError: its packages are not installed.
        UsageError: it needs a setting that is missing.
    """
    try:
        if settings.name == "endpoint":
            from harness.engines.endpoint import EndpointEngine

            return EndpointEngine(model, settings.base_url, api_key(settings.api_key_env))
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
