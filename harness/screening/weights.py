"""What kind of file each file of a model is, by what is in it, and whether its weights can be loaded without danger.

Only safetensors (https://huggingface.co/docs/safetensors) cannot run code when they are loaded. Pickles can; they are
refused, or with ``--allow-pickle`` scanned by picklescan in a process of its own.
"""

from collections.abc import Iterator
from typing import Literal

from harness.errors import NotInstalledError
from harness.screening.confined import EndlessError, probe
from harness.screening.findings import Finding, Policy, printable
from harness.screening.folder import Entry
from harness.screening.gguf_header import MAGIC as GGUF

Kind = Literal[
    "safetensors", "pickle", "gguf", "weights", "archive", "executable", "code", "config", "template", "other"
]

_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "safetensors": (".safetensors",),
    "pickle": (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npz", ".t7", ".ptl"),
    "gguf": (".gguf", ".ggml"),
    "weights": (".h5", ".hdf5", ".keras", ".onnx", ".pb", ".tflite", ".msgpack", ".ot", ".mlmodel", ".pdparams"),
    "archive": (".zip", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".rar", ".nemo", ".mar"),
    "executable": (".so", ".dll", ".dylib", ".exe", ".pyc", ".pyd", ".llamafile"),
    "code": (".py", ".sh"),
    "config": (".json", ".yaml", ".yml"),
    "template": (".jinja",),
}
_BEGINNINGS: dict[bytes, Kind] = {
    GGUF: "gguf",
    **{bytes((0x80, protocol)): "pickle" for protocol in range(6)},
    b"PK\x03\x04": "archive",
    b"PK\x05\x06": "archive",
    b"7z\xbc\xaf": "archive",
    b"\x1f\x8b": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ": "archive",
    b"Rar!": "archive",
    b"\x89HDF": "weights",
    b"\x7fELF": "executable",
    b"MZ": "executable",
    b"\xcf\xfa\xed\xfe": "executable",
    b"\xca\xfe\xba\xbe": "executable",
}
_NUMPY = b"\x93NUMPY"
_HEADER = 65_536
_SCAN_SECONDS = 120
_SCAN_MEMORY = 4 << 30


def kind_of(entry: Entry) -> Kind:
    """By how the file begins, and where that says nothing by its name's ending.

    A safetensors file begins with a number, which may look like anything; such a file is checked as a whole instead.

    Raises:
        OSError: it cannot be read.
    """
    by_name: Kind = next((kind for kind, ends in _SUFFIXES.items() if entry.path.name.lower().endswith(ends)), "other")
    if by_name == "safetensors":
        return by_name
    with entry.path.open("rb") as file:
        begins = file.read(_HEADER if entry.path.suffix == ".npy" else 8)
    if begins.startswith(_NUMPY):
        return "pickle" if _holds_objects(begins) else "other"
    by_content: Kind | None = next((kind for magic, kind in _BEGINNINGS.items() if begins.startswith(magic)), None)
    if by_content == "archive" and by_name in ("pickle", "weights"):
        return by_name  # checkpoints of PyTorch, and Keras files, are zip archives
    return by_content or by_name


def weight_findings(entry: Entry, kind: Kind, policy: Policy, allow_pickle: bool) -> Iterator[Finding]:
    """What is wrong with one file as weights.

    Raises:
        NotInstalledError: a pickle is to be scanned, and picklescan is not installed.
    """
    if kind == "safetensors":
        if fault := _safetensors_fault(entry, policy):
            what = f"{entry.name} is no sound safetensors file: {fault}"
            yield policy.finding("weights-broken", what, "fetch it anew, whole")
    elif kind == "pickle" and not allow_pickle:
        what = f"{entry.name} is a pickle, which can run code when it is loaded"
        mend = "convert it to safetensors; or remove it; or have it scanned and loaded with --allow-pickle"
        yield policy.finding("weights-pickled", what, mend)
    elif kind == "pickle":
        yield from _scanned(entry, policy)
    elif kind == "archive":
        what = f"{entry.name} is an archive, which may hold anything"
        yield policy.finding("archive", what, "unpack it, or remove it")
    elif kind == "executable":
        what = f"{entry.name} is a program for a machine, not weights"
        yield policy.finding("executable", what, "remove it")
    elif kind in ("gguf", "weights"):
        what = f"{entry.name} holds weights in a format that is not loaded here"
        yield policy.finding("weights-other", what, "nothing, as it is not loaded; or remove it")


def metadata(entry: Entry) -> dict[str, str]:
    """The free texts in the header of a sound safetensors file."""
    from safetensors import safe_open

    with safe_open(entry.path, framework="np") as file:
        return dict(file.metadata() or {})


def _safetensors_fault(entry: Entry, policy: Policy) -> str:
    """Why the library refuses the file; "": it does not. It checks that lengths, shapes and offsets fit each other."""
    try:
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError as error:
        raise NotInstalledError("reading safetensors", error.name, "screening") from None
    with entry.path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if entry.bytes < 10 or header > min(entry.bytes, policy.largest_header_bytes):
        return f"its header says that it has {header:,} bytes, and the file has {entry.bytes:,}"
    try:
        with safe_open(entry.path, framework="np"):
            return ""
    except (SafetensorError, OSError) as error:
        return printable(str(error))


def _scanned(entry: Entry, policy: Policy) -> Iterator[Finding]:
    try:
        faults = probe("pickles", [str(entry.path)], seconds=_SCAN_SECONDS, memory=_SCAN_MEMORY)
    except EndlessError as error:
        faults = [str(error)]
    if faults:
        what = f"{entry.name} is a pickle that must not be loaded: {printable('; '.join(faults))}"
        yield policy.finding("pickle-unsafe", what, "do not use it; look for safetensors of the same model")
    else:
        what = f"{entry.name} is a pickle; the scanner finds nothing but tensors in it"
        yield policy.finding("pickle-allowed", what, "convert it to safetensors before the model is put to use")


def _holds_objects(header: bytes) -> bool:
    """Whether a NumPy file's header names the type of Python objects, which are pickled; other types are numbers."""
    version = header[6:7]
    length = int.from_bytes(header[8:10] if version == b"\x01" else header[8:12], "little")
    text = header[10 if version == b"\x01" else 12 :][:length]
    return len(text) < length or b"O" in text
