"""Where rows come from, and that they are the ones expected."""

import gzip
import json
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from harness import datasource
from harness.cli.data import main
from harness.datasource import DataSource, data_dir_from, fingerprint, hub_reachable, pinned
from harness.entries import DataSet, Elsewhere
from harness.errors import DataError, UnavailableError, UsageError

ROWS = [{"id": 1, "text": "é\u2028"}, {"id": 2, "text": "b"}]
LINES = [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in ROWS]


@dataclass(frozen=True)
class Row:
    id: int
    text: str


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    (tmp_path / "mirror/small/main").mkdir(parents=True)
    (tmp_path / "mirror/small/main/test.jsonl").write_bytes(b"".join(LINES))
    return tmp_path / "mirror"


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A data set as the library `datasets` loads it, in a local folder instead of on the hub."""
    (tmp_path / "hub/data").mkdir(parents=True)
    (tmp_path / "hub/data/test.jsonl").write_bytes(b"".join(LINES))
    card = "---\nconfigs:\n- config_name: main\n  data_files:\n  - split: test\n    path: data/test.jsonl\n---\n"
    (tmp_path / "hub/README.md").write_text(card)
    return tmp_path / "hub"


def small(**changes: object) -> DataSet:
    return replace(DataSet("small", "MIT", {"main/test": fingerprint(LINES)}), **changes)  # type: ignore[arg-type]


def test_rows_from_a_mirror_with_their_origin(mirror: Path) -> None:
    source = DataSource("small", small(), mirror)
    assert source.read("main/test", Row) == [Row(1, "é\u2028"), Row(2, "b")]
    assert source.origins["main/test"].sha256 == fingerprint(LINES)
    assert source.origins["main/test"].place.endswith("small/main/test.jsonl")


@pytest.mark.filterwarnings("default")
def test_rows_from_the_hub_are_the_same_bytes(hub: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    source = DataSource("small", small(hub=str(hub), revision="main"))
    assert source.read("main/test", Row) == [Row(1, "é\u2028"), Row(2, "b")]
    assert source.origins["main/test"].sha256 == fingerprint(LINES)
    assert source.origins["main/test"].place == f"hub:{hub}@main/main/test"


@pytest.mark.filterwarnings("default")
def test_a_split_without_a_configuration_takes_the_hubs_own(
    hub: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    data = small(hub=str(hub), revision="main", hub_config="main", files={"test": fingerprint(LINES)})
    assert DataSource("small", data).read("test", Row) == [Row(1, "é\u2028"), Row(2, "b")]


def test_a_split_that_cannot_be_had_is_remembered(mirror: Path) -> None:
    source = DataSource("small", small(), mirror)
    with pytest.raises(UnavailableError):
        source.read("main/other", Row)
    assert list(source.missing) == ["main/other"]


@pytest.mark.filterwarnings("default")
def test_pulled_data_is_a_mirror(hub: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from harness import catalog
    from harness.entries import BenchmarkEntry

    entry = BenchmarkEntry("small", "Small", "industry", "m:C", small(hub=str(hub), revision="main"))
    monkeypatch.setattr(catalog, "benchmarks", lambda: {"small": entry})
    target = tmp_path / "pulled"
    assert main(["pull", "small", "--data-dir", str(target)]) == 0
    assert (target / "small/main/test.jsonl").read_bytes() == b"".join(LINES)
    assert main(["verify", "--data-dir", str(target)]) == 0
    (target / "small/main/test.jsonl").write_bytes(LINES[0])
    assert main(["verify", "--data-dir", str(target)]) == 2

    other = replace(entry, data=replace(entry.data, files={"main/test": "0" * 64}))
    monkeypatch.setattr(catalog, "benchmarks", lambda: {"small": other})
    with pytest.raises(UsageError, match="expected 0000") as caught:
        main(["pull", "small", "--data-dir", str(tmp_path / "refused")])
    assert "nothing was written" in caught.value.mend
    assert not list((tmp_path / "refused").rglob("*.jsonl"))


def test_a_changed_file_is_refused_with_both_fingerprints(mirror: Path) -> None:
    with pytest.raises(DataError) as caught:
        DataSource("small", small(files={"main/test": "0" * 64}), mirror).read("main/test", Row)
    assert fingerprint(LINES) in caught.value.message
    assert "0" * 64 in caught.value.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "test.jsonl:2: not a JSON object"),
        (b"[]", "test.jsonl:2: row"),
        (b'{"id": "x", "text": ""}', "test.jsonl:2: id: "),
        (b'{"id": 1}', "test.jsonl:2: text: Field required"),
        (b"\xff\xfe", "test.jsonl:2: not a JSON object"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(mirror: Path, line: bytes, said: str) -> None:
    (mirror / "small/main/test.jsonl").write_bytes(LINES[0] + line + b"\n")
    with pytest.raises(DataError, match=said):
        DataSource("small", small(), mirror).read("main/test", Row)


def test_without_any_place_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UnavailableError) as caught:
        DataSource("small", small(hub="org/small", revision="1")).read("main/test", Row)
    assert caught.value.message == "no mirror, hub not reachable"
    assert caught.value.mend == 'run "evaluate data pull small" where there is a network'


def test_rows_of_no_revision_come_from_a_mirror_alone(mirror: Path, hub: Path) -> None:
    data = small(hub=str(hub))
    assert DataSource("small", data, mirror).read("main/test", Row)
    with pytest.raises(UnavailableError, match="no mirror holds main/test of small") as caught:
        DataSource("small", data).read("main/test", Row)
    assert 'run "evaluate data pull small --data-dir MIRROR"' in caught.value.mend


def test_pulling_pins_the_revision_that_was_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasource, "hub_reachable", lambda: True)
    newest = ["a" * 40, "b" * 40]
    monkeypatch.setattr(HfApi, "dataset_info", lambda self, name: SimpleNamespace(sha=newest.pop(0)))
    data = small(hub="org/small")
    assert pinned("small", data, tmp_path).revision == "a" * 40
    assert pinned("small", data, tmp_path).revision == "a" * 40, "that of the first pull"
    assert pinned("small", replace(data, revision="c"), tmp_path).revision == "c"
    assert pinned("small", replace(data, hub="json"), tmp_path).revision == "", "a kind of file, no repository"
    monkeypatch.setattr(datasource, "hub_reachable", lambda: False)
    with pytest.raises(UnavailableError, match="hub not reachable"):
        pinned("small", replace(data, folder="other"), tmp_path)


def test_the_mirror_is_the_option_then_the_variable(tmp_path: Path) -> None:
    assert data_dir_from(tmp_path, {"HARNESS_DATA_DIR": "/nowhere"}) == tmp_path
    assert data_dir_from(None, {"HARNESS_DATA_DIR": str(tmp_path)}) == tmp_path
    assert data_dir_from(None, {}) is None
    with pytest.raises(DataError, match="does not exist"):
        data_dir_from(None, {"HARNESS_DATA_DIR": "/nowhere"})


def test_whether_the_hub_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        assert hub_reachable()
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        assert not hub_reachable()
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert not hub_reachable()


def test_a_split_from_elsewhere(hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(b"".join(LINES)))
    places = {
        "packed": Elsewhere(url=(tmp_path / "rows.jsonl.gz").as_uri()),
        "other": Elsewhere(hub=str(hub), split="main/test"),
        "gone": Elsewhere(url=(tmp_path / "gone.jsonl").as_uri()),
    }
    source = DataSource("small", small(elsewhere=places))
    assert [row.id for row in source.read("packed", Row)] == [1, 2]
    assert [row.id for row in source.read("other", Row)] == [1, 2]
    with pytest.raises(UnavailableError, match="did not give gone of small"):
        source.read("gone", Row)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="HF_HUB_OFFLINE is set"):
        source.read("packed", Row)
