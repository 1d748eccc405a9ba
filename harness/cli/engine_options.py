"""Options that say who answers and how: the same for the main job, ``evaluate serve`` and ``evaluate screen``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.engines.base import EngineSettings
    from harness.screening.screen import Wish


def add_trust_options(parser: argparse._ActionsContainer) -> None:
    """Which version of the model, and what it may do that screening would refuse (docs/screening.md)."""
    parser.add_argument("--revision", default="", metavar="REV", help="of a model on the hub")
    parser.add_argument("--trust-remote-code", action="store_true", help="run code that the model's repository brings")
    parser.add_argument(
        "--allow-pickle", action="store_true", help="load pickled weights in which a scan finds nothing"
    )


def add_serving_options(parser: argparse.ArgumentParser) -> None:
    """What decides how a vLLM server is started; two commands with the same of these may share one."""
    model = parser.add_argument_group("the model")
    add_trust_options(model)
    model.add_argument("--dtype", choices=("auto", "float32", "bfloat16", "float16"), default="auto")
    model.add_argument("--max-model-len", type=int, metavar="N", help="context in tokens (default: the model's)")
    model.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")

    vllm = parser.add_argument_group("serving with vLLM")
    vllm.add_argument(
        "--vllm-python", default="", metavar="PATH", help="Python of vLLM's environment (or HARNESS_VLLM_PYTHON)"
    )
    for name, what in (("tensor", "GPUs a layer is spread over"), ("pipeline", "stages"), ("data", "copies")):
        vllm.add_argument(f"--{name}-parallel", type=positive, default=1, metavar="N", help=f"{what} (default: 1)")
    vllm.add_argument("--quantization", default="", metavar="KIND", help="quantise weights while loading, e.g. fp8")
    vllm.add_argument("--lora", type=Path, metavar="DIR", help="an adapter to evaluate on top of the model")
    vllm.add_argument("--vllm-arg", action="append", default=[], metavar="ARG", help="passed on to vLLM (repeatable)")
    vllm.add_argument(
        "--start-timeout", type=float, default=600.0, metavar="S", help="seconds of silence while it starts"
    )


def add_asking_options(parser: argparse.ArgumentParser) -> None:
    """Which engine, endpoints, and limits of a run."""
    who = parser.add_argument_group("who answers")
    who.add_argument(
        "--engine",
        choices=("auto", "vllm", "endpoint", "transformers"),
        default="auto",
        help="auto: the endpoint named, else vLLM where it is installed, else transformers on this CPU",
    )
    who.add_argument("--concurrency", type=positive, metavar="N", help="most prompts in flight")
    who.add_argument(
        "--choices",
        choices=("logprobs", "generated"),
        default="logprobs",
        help="multiple choice by log-probabilities, or by a generated letter",
    )

    endpoint = parser.add_argument_group("asking a server that runs already")
    endpoint.add_argument("--base-url", default="", metavar="URL", help="of the server, e.g. http://127.0.0.1:8000/v1")
    endpoint.add_argument("--protocol", choices=("openai", "anthropic"), help="default: openai")
    endpoint.add_argument("--api-key-env", default="", metavar="NAME", help="environment variable that holds its key")
    endpoint.add_argument("--requests-per-minute", type=float, metavar="N", help="rate limit")
    endpoint.add_argument("--tokens-per-minute", type=float, metavar="N", help="rate limit, prompts and answers")
    endpoint.add_argument("--request-timeout", type=float, metavar="S", help="seconds for one answer (default: 600)")
    endpoint.add_argument("--max-cost", type=float, metavar="USD", help="stop before the run costs more")
    add_judge_options(parser)


def add_judge_options(parser: argparse.ArgumentParser) -> None:
    """Which models grade answers, and where they are asked."""
    judge = parser.add_argument_group("models that grade answers, beside the scores (docs/judging.md)")
    judge.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="MODEL",
        help="a name of the catalog, or the endpoint's own (repeatable)",
    )
    judge.add_argument("--judge-base-url", default="", metavar="URL", help="of the judges' server")
    judge.add_argument("--judge-protocol", choices=("openai", "anthropic"))
    judge.add_argument("--judge-api-key-env", default="", metavar="NAME")


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def serving_settings(arguments: argparse.Namespace) -> "EngineSettings":
    """The options of :func:`add_serving_options` as settings of the engine "vllm"."""
    from harness.engines.base import EngineSettings, Serving
    from harness.engines.vllm.launch import split_arguments

    return EngineSettings(
        name="vllm",
        dtype=arguments.dtype,
        max_model_len=arguments.max_model_len,
        serving=Serving(
            python=arguments.vllm_python,
            tensor_parallel=arguments.tensor_parallel,
            pipeline_parallel=arguments.pipeline_parallel,
            data_parallel=arguments.data_parallel,
            quantization=arguments.quantization,
            lora=arguments.lora.resolve() if arguments.lora else None,
            trust_remote_code=arguments.trust_remote_code,
            arguments=split_arguments(tuple(arguments.vllm_arg)),
            silence_seconds=arguments.start_timeout,
        ),
    )


def wish_of(arguments: argparse.Namespace) -> "Wish":
    """What is to be screened, and what :func:`add_trust_options` allows it."""
    from harness.screening.screen import Wish

    return Wish(
        model=arguments.model,
        feature=getattr(arguments, "feature", ""),
        revision=arguments.revision,
        allow_pickle=arguments.allow_pickle,
        trust_remote_code=arguments.trust_remote_code,
        lora=arguments.lora.resolve() if arguments.lora else None,
    )
