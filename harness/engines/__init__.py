"""Who answers: the protocol in base.py, and one module for each engine, imported only when it is used."""

import os

from harness.engines.base import Engine
from harness.engines.model_folder import ModelFolder
from harness.errors import NotInstalledError

ENGINES = ("transformers",)

# torch's worker threads spin while they wait for each other. As soon as something else wants a core, the sandbox for
# instance, each step waits for a thread that is not running: 2 tokens/s instead of 59 (docs/performance.md). It must be
# set before torch is first imported, which is why it stands in this package.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def open_engine(name: str, folder: ModelFolder, dtype: str = "auto", max_model_len: int | None = None) -> Engine:
    """The engine called ``name``, not yet started, for the model in ``folder``.

    Raises:
        NotInstalledError: its packages are not installed.
    """
    try:
        from harness.engines.transformers import TransformersEngine
    except ModuleNotFoundError as error:
        raise NotInstalledError(f"the engine {name}", error.name, "cpu") from None
    return TransformersEngine(folder, dtype, max_model_len)
