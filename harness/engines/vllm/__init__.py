"""The engine "vllm": a vLLM server of our own, started, watched and stopped; the very server that customers run."""
