"""Screening as a whole: where a licence is read, whether a revision is pinned, and the policy's word on it."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from model_folders import gguf, kinds, made_model, refusals, screened

from harness import catalog
from harness.engines.model import Model, locate, served
from harness.entries import HubSource
from harness.errors import ScreeningError, UsageError
from harness.screening.findings import read_policy
from harness.screening.screen import Screening, Wish, screen
from harness.shipped import shipped

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def claims(found: Screening) -> dict[str, str]:
    return {claim.place: claim.text for claim in found.licence.claims}


@pytest.mark.parametrize(
    ("card", "expression"),
    [
        ("---\nlicense: apache-2.0\n---\n# Model", "Apache-2.0"),
        ("---\r\nlicense: mit\r\n---\r\n", "MIT"),
        ("---\nlicense: other\nlicense_name: mnpl\nlicense_link: https://mistral.ai\n---\n", "LicenseRef-MNPL-0.1"),
        ("---\nlicense: [mit, apache-2.0]\n---\n", "MIT AND Apache-2.0"),
        ("---\nlicense: llama3.1\ndate: 2024-99-99\n---\n", "LicenseRef-Llama-3.x-Community"),
        ("---\nlicense: other\n---\n", ""),
        ("---\nlicense: {a: b}\n---\n", ""),
        ("---\nlicense: 'x\n---\n", ""),
        ("license: mit", ""),
        ("---\na: &a [x, x]\nb: &b [*a, *a]\nlicense: [*b, *b]\n---\n", ""),
        ("---\n" + "[" * 10_000 + "\n---\n", ""),
    ],
)
def test_the_licence_is_read_in_the_head_of_the_card(tmp_path: Path, card: str, expression: str) -> None:
    assert screened(made_model(tmp_path / "model", card)).licence.expression == expression


def test_the_licence_is_read_wherever_a_model_tells_one(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model", "---\nlicense: mit\n---\n", {"license": "mit"}, license="MIT")
    (folder / "model.gguf").write_bytes(gguf({"general.license": "mit"}))
    found = screened(folder)
    assert claims(found) == {"README.md": "mit", "config.json": "MIT", "model.safetensors": "mit", "model.gguf": "mit"}
    assert found.licence.expression == "MIT"
    assert "licence-conflict" not in kinds(found)


@pytest.mark.parametrize("given", ["", "main", COMMIT])
def test_a_hub_model_without_a_pinned_revision_is_warned_of(tmp_path: Path, given: str) -> None:
    model = replace(locate(str(made_model(tmp_path / "model"))), source=f"hub:org/tiny@{COMMIT}")
    found = screen(Wish("org/tiny", revision=given), model)
    assert found.commit == COMMIT
    assert [each.mend for each in found.findings if each.kind == "revision-unpinned"] == (
        [] if given == COMMIT else [f"add --revision {COMMIT}"]
    )


def test_the_catalog_pins_its_revisions_and_knows_the_hubs_names(tmp_path: Path) -> None:
    [source] = catalog.models()["codestral-22b-v0.1"].sources
    assert isinstance(source, HubSource)
    located = locate(str(made_model(tmp_path / "model")))
    found = screen(Wish("codestral-22b-v0.1", "chat"), replace(located, source=f"hub:{source.repo}@{source.revision}"))
    assert "revision-unpinned" not in kinds(found)
    assert found.label_cap == "limited"
    assert found.validated[0].levels == {"chat": "partial"}
    assert claims(found) == {"configs/models/codestral-22b-v0.1.yaml": "LicenseRef-MNPL-0.1"}


def test_a_model_elsewhere_is_screened_for_licence_and_standing_alone() -> None:
    endpoint = catalog.models()["gpt-4o"].endpoint
    assert endpoint
    found = screen(Wish("gpt-4o", "chat"), served("gpt-4o", endpoint))
    assert found.files == ()
    assert found.licence.expression == "LicenseRef-Proprietary"
    assert found.validated[0].levels == {"chat": "full"}
    assert refusals(found) == {}


def test_a_folder_is_known_by_its_own_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_model(tmp_path / "mistralai/somebodys")
    monkeypatch.chdir(tmp_path)
    assert screened(Path("mistralai/somebodys")).validated == ()
    made_model(tmp_path / "Codestral-22B-v0.1")
    assert screened(Path("Codestral-22B-v0.1"), feature="chat").validated[0].title == "Codestral 22B v0.1"


def test_a_refusal_names_every_reason_and_a_way_to_mend_the_first(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model", auto_map={"AutoModel": "a.B"})
    (folder / "weights.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(ScreeningError) as caught:
        screened(folder).check()
    assert caught.value.exit_code == 4
    assert len(caught.value.log) == 2
    assert caught.value.mend
    screened(made_model(tmp_path / "sound")).check()


def test_a_policy_that_says_nothing_of_a_finding_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(shipped("configs"), tmp_path / "configs")
    policy = tmp_path / "configs/screening.yaml"
    policy.write_text(policy.read_text().replace("  executable: refused\n", ""))
    monkeypatch.setattr(catalog, "shipped", lambda name: tmp_path / name)
    catalog._read.cache_clear()
    with pytest.raises(UsageError, match="says nothing of executable"):
        read_policy()
    catalog._read.cache_clear()


def test_every_finding_of_the_policy_can_be_told_in_json(tmp_path: Path) -> None:
    from harness.files import read_json, write_json

    found = screened(made_model(tmp_path / "model", "---\nlicense: \x1b[31m\n---\n"))
    write_json(tmp_path / "screening.json", found)
    assert read_json(tmp_path / "screening.json", Screening, "") == found
    assert json.loads((tmp_path / "screening.json").read_text())["schema"] == 1


def test_without_the_extra_an_expression_is_unknown_and_a_plain_name_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "license_expression", None)
    assert screened(made_model(tmp_path / "plain", "---\nlicense: mit\n---\n")).licence.expression == "MIT"
    found = screened(made_model(tmp_path / "two", "---\nlicense: mit OR isc\n---\n"))
    assert found.licence.expression == ""
    assert claims(found) == {"README.md": "mit OR isc (not read: that needs the extra screening)"}
    assert refusals(found) == {}


def test_a_model_without_files_is_not_looked_for() -> None:
    assert screen(Wish("nobody/knows"), Model("nobody--knows", "endpoint:x:y")).files == ()
