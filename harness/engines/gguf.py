"""GGUF weights to a folder that every engine loads: safetensors in bfloat16, config, tokenizer, chat template."""

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging


def convert(gguf: Path, folder: Path) -> None:
    """Dequantises ``gguf`` and writes a model folder.

    transformers reads the file (it knows that llama.cpp permutes the rows of the query and key projections, and that
    absent output weights mean tied embeddings); a plain model takes the weights over, because a model that was loaded
    from a quantised file refuses to be saved.
    """
    logging.disable_progress_bar()
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    with redirect_stderr(StringIO()):  # one progress bar does not heed the line above
        quantised = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    config = quantised.config
    del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    plain.load_state_dict(quantised.state_dict())
    plain.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)
