"""A screening as a bill of materials for security teams: CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).

The model is a component of type machine-learning-model, its files are components within it with their SHA-256; what
screening found stands in properties whose names begin with "duo-model-evaluation:".
"""

import json
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.errors import NotInstalledError
from harness.screening.screen import Screening

if TYPE_CHECKING:
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

PREFIX = "duo-model-evaluation:"


def bill_of_materials(screening: Screening) -> str:
    """The bill as JSON text.

    Raises:
        NotInstalledError: cyclonedx-python-lib is not installed.
    """
    try:
        from cyclonedx.model import HashAlgorithm, HashType, Property
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.output import make_outputter
        from cyclonedx.schema import OutputFormat, SchemaVersion
        from packageurl import PackageURL
    except ModuleNotFoundError:
        raise NotInstalledError("a bill of materials", "cyclonedx-python-lib", "screening") from None

    org, _, name = screening.source.removeprefix("hub:").partition("@")[0].rpartition("/")
    model = Component(
        name=screening.model,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        version=screening.commit or None,
        bom_ref="model",
        licenses=[_licence(screening.licence.expression)] if screening.licence.expression else [],
        # The purl type of models on the hub has the commit as its version.
        purl=PackageURL("huggingface", org, name, screening.commit) if screening.commit else None,
        properties=[Property(name=PREFIX + key, value=value) for key, value in _told(screening)],
        components=[
            Component(
                name=file.name,
                type=ComponentType.FILE,
                bom_ref=f"file {number}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
                properties=[
                    Property(name=f"{PREFIX}bytes", value=str(file.bytes)),
                    Property(name=f"{PREFIX}kind", value=file.kind),
                ],
            )
            for number, file in enumerate(screening.files)
        ],
    )
    bill = Bom()
    bill.metadata.component = model
    bill.metadata.tools.components.add(
        Component(name="duo-model-evaluation", type=ComponentType.APPLICATION, version=__version__, bom_ref="tool")
    )
    bill.register_dependency(model)
    content: dict[str, Any] = json.loads(make_outputter(bill, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    if screening.architectures:
        # The library has no model cards yet (CycloneDX/cyclonedx-python-lib#912); the schema has.
        card = {"modelParameters": {"modelArchitecture": screening.architectures[0]}}
        content["metadata"]["component"]["modelCard"] = card
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _licence(expression: str) -> "DisjunctiveLicense | LicenseExpression":
    from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
    from cyclonedx.spdx import is_supported_id

    declared = LicenseAcknowledgement.DECLARED
    if is_supported_id(expression):
        return DisjunctiveLicense(id=expression, acknowledgement=declared)
    return LicenseExpression(expression, acknowledgement=declared)


def _told(screening: Screening) -> list[tuple[str, str]]:
    """What the schema has no place of its own for."""
    licence = screening.licence
    told = [
        ("source", screening.source),
        ("licence:rating", licence.rating),
        ("licence:production", licence.production),
        ("label-cap", screening.label_cap or "none"),
        *(("licence:restricts", text) for text in licence.restricts),
        *(("licence:claim", f"{claim.place}: {claim.text}") for claim in licence.claims),
        *(("allowed", text) for text in screening.allowed),
        *((f"finding:{each.severity}", f"{each.kind}: {each.what}") for each in screening.findings),
    ]
    for each in screening.validated:
        told += [(f"validated:{use}", f"{level} ({each.table}, {each.source})") for use, level in each.levels.items()]
    return told
