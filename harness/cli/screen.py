"""``evaluate screen``: a model's licence, files and standing, before a GPU is touched."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.cli.arguments import Parser
from harness.cli.engine_options import add_trust_options, wish_of


def main(argv: Sequence[str]) -> int:
    """Prints the page, or JSON; exit code 4 when something refuses the model."""
    parser = Parser("evaluate screen", "A model's licence, files and standing, before a GPU is touched.")
    parser.add_argument("--model", required=True, help="a name of the catalog, a folder, or org/name on the hub")
    parser.add_argument("--feature", default="", help="tell what GitLab says of the model for this one alone")
    parser.add_argument(
        "--base-url", default="", metavar="URL", help="of the server that has it: no files are looked at"
    )
    add_trust_options(parser)
    parser.add_argument("--lora", type=Path, metavar="DIR", help="an adapter on top of the model")
    parser.add_argument("--bom", type=Path, metavar="FILE", help="write a bill of materials (CycloneDX JSON)")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)

    from harness import catalog
    from harness.engines.model import locate, served
    from harness.entries import Endpoint
    from harness.errors import OutputError
    from harness.reporting.screening import print_screening
    from harness.reporting.table import results_console
    from harness.screening.bom import bill_of_materials
    from harness.screening.screen import screen

    if arguments.feature:
        catalog.feature(arguments.feature)
    lora = arguments.lora.resolve() if arguments.lora else None
    entry = catalog.model_entry(arguments.model)
    if arguments.base_url or (entry and entry.endpoint and not entry.sources):
        known = entry.endpoint if entry and entry.endpoint else Endpoint(arguments.base_url)
        model = served(arguments.model, known)
    else:
        print(f"looking for the weights of {arguments.model}", file=sys.stderr)
        trusted, pickles = arguments.trust_remote_code, arguments.allow_pickle
        model = locate(arguments.model, arguments.revision, trusted, lora, pickles)
    found = screen(wish_of(arguments), model)
    if arguments.bom:
        text = bill_of_materials(found)
        try:
            arguments.bom.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"cannot write {arguments.bom}: {error.strerror}", "name another file with --bom"
            ) from None
    if arguments.json:
        print(json.dumps(asdict(found), indent=1, ensure_ascii=False))
    else:
        print_screening(found, results_console())
    return 4 if found.refused else 0
