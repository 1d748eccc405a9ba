"""Files of hostile model folders, each made for real: what refuses them, and that nothing in them ever runs."""

import json
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from model_folders import Bomb, checkpoint, gguf, header, kinds, made_model, refusals, screened

FOOLED = Path("/tmp/screening-was-fooled")


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    FOOLED.unlink(missing_ok=True)
    yield
    assert not FOOLED.exists()


def test_a_sound_folder_is_not_refused_and_all_its_files_are_told(tmp_path: Path) -> None:
    found = screened(made_model(tmp_path / "model", "---\nlicense: mit\n---\n"))
    assert refusals(found) == {}
    assert {file.name: file.kind for file in found.files} == {
        "README.md": "other",
        "chat_template.jinja": "template",
        "config.json": "config",
        "model.safetensors": "safetensors",
        "tokenizer.json": "config",
    }
    assert all(len(file.sha256) == 64 and file.bytes for file in found.files)
    assert found.architectures == ("TinyForCausalLM",)


TENSOR = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
TWICE = {**TENSOR, "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}
BEYOND = {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}


@pytest.mark.parametrize(
    "content",
    [
        header(b"{}", length=2**63),
        header(b"{}", length=99_999_999),
        header(b"{}", length=3),
        header(b"", length=0),
        header(b"[" * 50_000 + b"]" * 50_000),
        header(b"not JSON at all"),
        header(json.dumps(TENSOR).encode(), data=b"1234"),
        header(json.dumps(TENSOR).encode(), data=b"12345678 and more"),
        header(json.dumps(TWICE).encode(), data=b"123456789012"),
        header(json.dumps(BEYOND).encode(), data=b"12345678"),
        pickle.dumps(Bomb()),
        b"",
        b"PK\x03\x04",
    ],
)
def test_a_safetensors_file_that_lies_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "model-2.safetensors").write_bytes(content)
    assert "model-2.safetensors" in refusals(screened(folder))["weights-broken"]


def test_a_header_that_is_too_large_to_read_is_refused(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "model-2.safetensors").write_bytes(header(b"{", length=2**26))
    os.truncate(folder / "model-2.safetensors", 2**26 + 8)
    assert "67,108,864" in refusals(screened(folder))["weights-broken"]


def test_a_config_that_is_too_large_is_never_read(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "generation_config.json").write_bytes(b"")
    os.truncate(folder / "generation_config.json", 2**26)
    assert "67,108,864 bytes" in refusals(screened(folder))["config-unreadable"]


@pytest.mark.parametrize("content", [b"[" * 100_000, b"{", b"\xff\xfe", b'{"a": NaN'])
def test_a_config_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "tokenizer_config.json").write_bytes(content)
    assert "tokenizer_config.json" in refusals(screened(folder))["config-unreadable"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside.json", "/dev/zero"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.json").write_text("{}")
    folder = made_model(tmp_path / "model")
    (folder / "added_tokens.json").symlink_to(target)
    found = screened(folder)
    assert "added_tokens.json" in refusals(found)["link-outside"]
    assert "added_tokens.json" not in {file.name for file in found.files}


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "more").symlink_to("/etc")
    (folder / "again").symlink_to(".")
    found = screened(folder)
    assert list(refusals(found)) == ["link-outside"]
    assert not any("/" in file.name for file in found.files)


def test_links_within_a_hubs_cache_are_as_they_should_be(tmp_path: Path) -> None:
    snapshot = made_model(tmp_path / "models--org--tiny/snapshots/0123")
    blobs = tmp_path / "models--org--tiny/blobs"
    blobs.mkdir()
    for file in list(snapshot.iterdir()):
        file.rename(blobs / f"blob-of-{file.name}")
        file.symlink_to(f"../../blobs/blob-of-{file.name}")
    assert refusals(screened(snapshot)) == {}


def test_a_link_that_leads_nowhere_and_a_pipe_are_refused(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "nowhere.json").symlink_to("gone.json")
    os.mkfifo(folder / "pipe.json")
    found = screened(folder)
    assert [each.what.split()[0] for each in found.refused] == ["nowhere.json", "pipe.json"]


@pytest.mark.parametrize(
    "name", [b"a\x1b[2J.txt", b"two\nlines.txt", b"\xff\xfe.txt", "right\u202eto-left.txt".encode()]
)
def test_a_name_that_cannot_be_shown_is_refused_and_shown_escaped(tmp_path: Path, name: bytes) -> None:
    folder = made_model(tmp_path / "model")
    Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text("text")
    found = screened(folder)
    assert refusals(found)["file-name"].isprintable()
    assert all(file.name.isprintable() for file in found.files)


def test_a_folder_of_too_many_files_is_not_read_to_its_end(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "z").mkdir()
    for number in range(5100):
        (folder / "z" / f"{number}").touch()
    assert "more than 5000 files" in refusals(screened(folder))["too-many-files"]


def write_npy(path: Path) -> None:
    np.save(path, np.array([Bomb()], dtype=object), allow_pickle=True)


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.pkl", pickle.dumps(Bomb()))


PICKLES: dict[str, Callable[[Path], object]] = {
    "pytorch_model.bin": lambda path: checkpoint(path, Bomb()),
    "training_args.bin": lambda path: path.write_bytes(pickle.dumps(Bomb())),
    "weights.pt": lambda path: path.write_bytes(pickle.dumps(Bomb(), protocol=0)),
    "weights.ckpt": lambda path: path.write_bytes(pickle.dumps(OrderedDict()) + pickle.dumps(Bomb())),
    "weights.npy": write_npy,
    "weights.npz": write_zip,
    "innocent.txt": lambda path: path.write_bytes(pickle.dumps(Bomb())),
    "sub/weights.pth": lambda path: path.write_bytes(pickle.dumps(Bomb())),
}


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_is_refused_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    folder = made_model(tmp_path / "model")
    (folder / name).parent.mkdir(exist_ok=True)
    PICKLES[name](folder / name)
    assert name in refusals(screened(folder))["weights-pickled"]


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_that_runs_code_is_refused_even_where_pickles_are_allowed(tmp_path: Path, name: str) -> None:
    folder = made_model(tmp_path / "model")
    (folder / name).parent.mkdir(exist_ok=True)
    PICKLES[name](folder / name)
    told = refusals(screened(folder, allow_pickle=True))["pickle-unsafe"]
    assert name in told
    assert "posix.system" in told


def test_a_checkpoint_of_tensors_passes_the_scan_where_pickles_are_allowed(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    folder = made_model(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    state = OrderedDict(weight=torch.zeros(2), bias=torch.nn.Parameter(torch.zeros(2, dtype=torch.bfloat16)))
    torch.save(state, folder / "pytorch_model.bin")
    torch.save(state, folder / "pytorch_model_old.bin", _use_new_zipfile_serialization=False)
    found = screened(folder, allow_pickle=True)
    assert refusals(found) == {}
    assert "pickle-allowed" in kinds(found)


def nested(path: Path) -> None:
    write_zip(path.with_suffix(".inner"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(path.with_suffix(".inner"), "archive/inner")
        archive.writestr("archive/data.pkl", pickle.dumps(OrderedDict()))
    path.with_suffix(".inner").unlink()


def twins(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("archive/data.pkl", pickle.dumps(OrderedDict()))


EVASIONS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an archive within the archive": (nested, "it holds an archive"),
    "two members of one name": (twins, "two members of the same name"),
    "bytes that are no pickle": (lambda path: path.write_bytes(b"\x00" * 100), "finds no tensors"),
    "a pickle cut short": (lambda path: path.write_bytes(pickle.dumps(Bomb())[:-1]), "posix.system"),
    "an import that nobody knows": (lambda path: checkpoint(path, Path("x")), "pathlib"),
    "nothing": (lambda path: path.write_bytes(b""), "cannot be looked at"),
}


@pytest.mark.parametrize("name", EVASIONS)
def test_what_the_scanner_cannot_vouch_for_is_refused(tmp_path: Path, name: str) -> None:
    folder = made_model(tmp_path / "model")
    write, told = EVASIONS[name]
    write(folder / "pytorch_model.bin")
    assert told in refusals(screened(folder, allow_pickle=True))["pickle-unsafe"]


def test_numbers_in_a_numpy_file_are_no_pickle(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    np.save(folder / "scales.npy", np.zeros(3))
    assert refusals(screened(folder)) == {}


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("weights.zip", b"PK\x03\x04", "archive"),
        ("weights.7z", b"7z\xbc\xaf\x27\x1c", "archive"),
        ("model.nemo", b"", "archive"),
        ("LICENSE", b"\x1f\x8b\x08", "archive"),
        ("libcuda.so", b"\x7fELF", "executable"),
        ("model.llamafile", b"MZqFpD", "executable"),
        ("notes.txt", b"\x7fELF", "executable"),
    ],
)
def test_archives_and_programs_are_refused(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    folder = made_model(tmp_path / "model")
    (folder / name).write_bytes(content)
    assert name in refusals(screened(folder))[kind]


def test_weights_in_another_format_are_warned_of(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "model.onnx").write_bytes(b"\x08\x07")
    found = screened(folder)
    assert refusals(found) == {}
    assert "weights-other" in kinds(found)


@pytest.mark.parametrize("file", ["../other.safetensors", "/etc/passwd", "a\\b.safetensors", "a\x00b"])
def test_an_index_that_leads_out_of_the_folder_is_refused(tmp_path: Path, file: str) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"weight": file}}))
    assert "model.safetensors.index.json" in refusals(screened(folder))["index-outside"]


@pytest.mark.parametrize(
    "content",
    [
        b"GGUF",
        gguf({}, keys=2**63),
        gguf({"general.license": "mit"})[:-2],
        gguf({}, version=99),
        gguf({"tokenizer.chat_template": "x"}).replace(b"\x01\x00\x00\x00\x00\x00\x00\x00x", b"\xff" * 8 + b"x"),
        gguf({}).replace(b"\x08\x00\x00\x00\x02\x00\x00\x00\x00", b"\x09\x00\x00\x00\x02\x00\x00\x00\x00"),
    ],
)
def test_a_gguf_file_that_lies_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "model.gguf").write_bytes(content)
    assert "model.gguf" in refusals(screened(folder))["weights-broken"]


def test_an_adapter_is_looked_at_like_the_model(tmp_path: Path) -> None:
    folder, adapter = made_model(tmp_path / "model"), tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"r": 8}')
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Bomb()))
    assert "lora/adapter_model.bin" in refusals(screened(folder, lora=adapter))["weights-pickled"]
