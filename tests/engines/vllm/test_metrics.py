"""A vLLM server's own counters, from its page in the Prometheus text format."""

from harness.engines.vllm.metrics import counters

PAGE = """\
# HELP vllm:prompt_tokens_total Number of prefill tokens processed.
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0",model_name="tiny"} 1200.0
vllm:prompt_tokens_total{engine="1",model_name="tiny"} 34.0
vllm:prompt_tokens_created{engine="0",model_name="tiny"} 1.7640396e+09
vllm:generation_tokens_total{engine="0",model_name="tiny"} 1.234567e+06
vllm:prefix_cache_queries_total{engine="0",model_name="tiny"} 900.0
vllm:prefix_cache_hits_total{engine="0",model_name="tiny"} 640.0
vllm:num_preemptions_total 2
vllm:kv_cache_usage_perc{engine="0",model_name="tiny"} 0.25
vllm:e2e_request_latency_seconds_bucket{engine="0",le="0.3",model_name="tiny"} 4.0
python_gc_objects_collected_total{generation="0"} 4321.0
"""


def test_the_counters_that_say_how_it_worked_summed_over_its_engines() -> None:
    assert counters(PAGE.encode()) == {
        "prompt_tokens": 1234,
        "answer_tokens": 1234567,
        "prefix_cache_queried_tokens": 900,
        "prefix_cache_hit_tokens": 640,
        "preemptions": 2,
    }


def test_a_page_that_is_none_counts_nothing() -> None:
    for page in (b"", b"<html>not found</html>", b"\xff\xfe", b"vllm:prompt_tokens_total NaN\n"):
        assert counters(page) == {}
