"""Small model folders, sound ones and hostile ones, made of real files."""

import json
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from harness.engines.model import Model, locate
from harness.screening.screen import Screening, Wish, screen

TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"


class Bomb:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, ("touch /tmp/screening-was-fooled",)


def made_model(folder: Path, card: str = "", metadata: Mapping[str, str] | None = None, **config: Any) -> Path:
    """A folder that the harness takes for a model: config, tokenizer, template, weights of one tensor."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"architectures": ["TinyForCausalLM"], **config}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    weights = {"weight": np.zeros((2, 2), np.float32)}
    save_file(weights, folder / "model.safetensors", dict(metadata) if metadata else None)
    if card:
        (folder / "README.md").write_text(card)
    return folder


def screened(folder: Path, **wish: Any) -> Screening:
    """The folder as ``evaluate screen`` sees it."""
    model: Model = locate(str(folder), pickles=bool(wish.get("allow_pickle")), lora=wish.get("lora"))
    return screen(Wish(str(folder), **wish), model)


def refusals(found: Screening) -> dict[str, str]:
    """What refuses the model, by kind."""
    return {each.kind: each.what for each in found.refused}


def kinds(found: Screening) -> set[str]:
    """Kinds of all findings, whatever their severity."""
    return {each.kind for each in found.findings}


def header(text: bytes, length: int | None = None, data: bytes = b"") -> bytes:
    """A safetensors file with this header, and any ``length`` told for it."""
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def gguf(texts: Mapping[str, str], keys: int | None = None, version: int = 3) -> bytes:
    """A GGUF file without tensors that holds these texts, a number and two lists."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    body = text("general.alignment") + struct.pack("<II", 4, 32)
    body += text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    body += text("tokenizer.ggml.scores") + struct.pack("<IIQff", 9, 6, 2, 0.5, 1.5)
    for key, value in texts.items():
        body += text(key) + struct.pack("<I", 8) + text(value)
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(texts) + 3 if keys is None else keys) + body


def checkpoint(path: Path, tensors: object) -> None:
    """A zip archive laid out as torch.save does it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(tensors))
        archive.writestr("archive/version", "3\n")
