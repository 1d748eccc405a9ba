"""The bill of materials: valid by CycloneDX's own schema, and with all that a security team asks for."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from model_folders import made_model, screened

from harness.screening.bom import bill_of_materials
from harness.screening.screen import Screening

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def bill(screening: Screening) -> dict[str, Any]:
    text = bill_of_materials(screening)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    content: dict[str, Any] = json.loads(text)
    return content


def properties(component: dict[str, Any]) -> dict[str, str]:
    return {each["name"].removeprefix("duo-model-evaluation:"): each["value"] for each in component["properties"]}


def test_the_bill_holds_model_licence_files_and_findings(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model", "---\nlicense: apache-2.0\n---\n", auto_map={"AutoModel": "a.B"})
    found = screened(folder)
    model = bill(found)["metadata"]["component"]
    assert (model["type"], model["name"]) == ("machine-learning-model", "model")
    assert model["licenses"] == [{"license": {"id": "Apache-2.0", "acknowledgement": "declared"}}]
    assert model["modelCard"]["modelParameters"]["modelArchitecture"] == "TinyForCausalLM"
    assert {each["name"]: each["hashes"][0]["content"] for each in model["components"]} == {
        file.name: file.sha256 for file in found.files
    }
    assert {each["hashes"][0]["alg"] for each in model["components"]} == {"SHA-256"}
    told = properties(model)
    assert told["licence:rating"] == "silver"
    assert told["finding:refused"] == "code-wanted: config.json asks for the code a.B"
    assert "purl" not in model


@pytest.mark.parametrize(
    ("card", "licences"),
    [
        ("license: mit OR gpl-3.0", [{"expression": "MIT OR GPL-3.0-only", "acknowledgement": "declared"}]),
        ("license: gemma", [{"expression": "LicenseRef-Gemma-Terms", "acknowledgement": "declared"}]),
        ("license: nobodys", None),
    ],
)
def test_a_licence_is_an_expression_or_is_left_out(tmp_path: Path, card: str, licences: Any) -> None:
    model = bill(screened(made_model(tmp_path / "model", f"---\n{card}\n---\n")))["metadata"]["component"]
    assert model.get("licenses") == licences


def test_a_model_of_the_hub_has_its_address_with_the_commit(tmp_path: Path) -> None:
    found = screened(made_model(tmp_path / "model"))
    model = bill(replace(found, source=f"hub:org/tiny@{COMMIT}", commit=COMMIT))["metadata"]["component"]
    assert (model["purl"], model["version"]) == (f"pkg:huggingface/org/tiny@{COMMIT}", COMMIT)
