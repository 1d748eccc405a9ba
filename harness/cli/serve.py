"""``evaluate serve``: keeps a vLLM server up, which later runs with the same settings find and reuse."""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence

from harness.cli.arguments import Parser
from harness.cli.engine_options import add_serving_options, serving_settings, wish_of


def main(argv: Sequence[str]) -> int:
    """Serves until it is interrupted."""
    parser = Parser("evaluate serve", "Keep a vLLM server up, which later runs with the same settings find and reuse.")
    parser.add_argument("--model", required=True, help="a name of the catalog, a folder, or org/name on the hub")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    add_serving_options(parser)
    parser.add_argument("--json", action="store_true", help="for machines: where it is served, once it is")
    arguments = parser.parse_args(argv)

    from dataclasses import replace

    from harness.engines.model import locate
    from harness.engines.vllm.installation import required
    from harness.engines.vllm.launch import launch_of
    from harness.engines.vllm.serving import keep_up
    from harness.screening.screen import screen

    settings = serving_settings(arguments)
    serving = replace(settings.serving, port=arguments.port)
    settings = replace(settings, serving=serving)
    installation = required(serving.python)
    model = locate(arguments.model, arguments.revision, serving.trust_remote_code, serving.lora, arguments.allow_pickle)
    screen(wish_of(arguments), model).check()
    launch = launch_of(installation, model, settings, arguments.seed)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return asyncio.run(keep_up(launch, _say, _say_up if arguments.json else lambda url: None))
    except KeyboardInterrupt:
        return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _say_up(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)
