"""The main job's command line as a plan's options."""

import argparse
from dataclasses import replace

from harness.cli.engine_options import serving_settings
from harness.datasource import data_dir_from
from harness.engines import settle
from harness.engines.base import EngineSettings
from harness.entries import Endpoint
from harness.errors import UsageError
from harness.plan import JudgeOption, Options


def options_from(arguments: argparse.Namespace) -> Options:
    """All options, with nothing left open.

    Raises:
        UsageError: options contradict each other.
    """
    return Options(
        model=arguments.model,
        feature=arguments.feature,
        use_cases=tuple(arguments.use_case),
        benchmarks=tuple(arguments.benchmark),
        suite=arguments.suite,
        settings=tuple(arguments.set),
        limit=arguments.limit,
        attempts=arguments.attempts,
        temperature=arguments.temperature,
        top_p=arguments.top_p,
        seed=arguments.seed,
        languages=tuple(arguments.language),
        engine=_engine(arguments),
        judges=judges_from(arguments),
        max_cost=arguments.max_cost,
        data_dir=data_dir_from(arguments.data_dir),
        strict=arguments.strict,
        infill=arguments.infill,
        prompts_dir=arguments.prompts_dir,
        exclude_broken=arguments.exclude_broken,
    )


def _engine(arguments: argparse.Namespace) -> EngineSettings:
    given = replace(
        serving_settings(arguments),
        name=arguments.engine,
        choices=arguments.choices,
        concurrency=arguments.concurrency,
        endpoint=Endpoint(
            base_url=arguments.base_url,
            api_key_env=arguments.api_key_env,
            protocol=arguments.protocol or "openai",
            requests_per_minute=_above_zero("--requests-per-minute", arguments.requests_per_minute),
            tokens_per_minute=_above_zero("--tokens-per-minute", arguments.tokens_per_minute),
            timeout_seconds=_above_zero("--request-timeout", arguments.request_timeout) or 600.0,
        ),
    )
    settled = settle(given, arguments.model)
    if settled.name == "transformers" and (given.serving.lora or given.serving.quantization):
        raise UsageError(
            "--lora and --quantization need vLLM, and the engine here is transformers",
            "name vLLM's environment with --vllm-python, or leave them out",
        )
    return settled


def judges_from(arguments: argparse.Namespace) -> tuple[JudgeOption, ...]:
    """The judges that are named, with nothing left open.

    Raises:
        UsageError: one has no endpoint, or is named twice.
    """
    given = Endpoint(
        base_url=arguments.judge_base_url,
        api_key_env=arguments.judge_api_key_env,
        protocol=arguments.judge_protocol or "openai",
    )
    if not arguments.judge:
        if given != Endpoint():
            raise UsageError("--judge-... options need --judge", "name the judge's model with --judge")
        return ()
    found = []
    for name in arguments.judge:
        endpoint = settle(EngineSettings("endpoint", endpoint=given), name).endpoint
        if not endpoint.base_url:
            raise UsageError(f"the judge {name} has no endpoint", "name its server with --judge-base-url")
        found.append(JudgeOption(name, endpoint))
    if len(set(arguments.judge)) < len(found):
        raise UsageError("a judge is named twice", "name each once with --judge")
    return tuple(found)


def _above_zero(option: str, value: float | None) -> float | None:
    if value is not None and value <= 0:
        raise UsageError(f"{option} {value:g} lets nothing through", "give a number above 0, or leave it out")
    return value
