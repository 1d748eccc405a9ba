"""The few of a vLLM server's own counters that say how it worked, from its /metrics page (Prometheus text format)."""

import re
from collections import Counter

COUNTERS = {
    "vllm:prompt_tokens_total": "prompt_tokens",
    "vllm:generation_tokens_total": "answer_tokens",
    "vllm:prefix_cache_queries_total": "prefix_cache_queried_tokens",
    "vllm:prefix_cache_hits_total": "prefix_cache_hit_tokens",
    "vllm:num_preemptions_total": "preemptions",
}


def counters(page: bytes) -> dict[str, int]:
    """The counters by the names we give them, summed over engines (data parallel)."""
    found: Counter[str] = Counter()
    for line in page.decode("utf-8", "replace").splitlines():
        match = re.match(r"([\w:]+)(?:\{[^}]*\})? ([\d.e+]+)$", line)
        if match and match[1] in COUNTERS:
            found[COUNTERS[match[1]]] += int(float(match[2]))
    return dict(found)
