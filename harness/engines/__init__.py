"""Who answers: the protocol in base.py, and one module for each engine, imported only when it is used."""

from harness.engines.base import Engine
from harness.engines.model_folder import ModelFolder
from harness.errors import UsageError

ENGINES = ("transformers",)


def open_engine(name: str, folder: ModelFolder, dtype: str = "auto", max_model_len: int | None = None) -> Engine:
    """The engine called ``name``, not yet started, for the model in ``folder``.

    Raises:
        UsageError: its packages are not installed.
    """
    try:
        from harness.engines.transformers import TransformersEngine
    except ModuleNotFoundError as error:
        raise UsageError(f"the engine {name} needs {error.name}", 'pip install "duo-model-evaluation[cpu]"') from None
    return TransformersEngine(folder, dtype, max_model_len)
