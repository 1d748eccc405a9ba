#!/usr/bin/env bash
# Builds the environment that BigCodeBench's programs run in: its 139 libraries, apart from the project's own.
#
#   scripts/bigcodebench_env.sh [FOLDER]   # default: .venv-bigcodebench; prints the interpreter
#   export HARNESS_BIGCODEBENCH_PYTHON="$(scripts/bigcodebench_env.sh)"
#
# Needs Python 3.11. Everything comes from the Python package index, NLTK's corpora included: a wheel of llama-index-core
# carries "stopwords" and "punkt" unchanged, and is read, not installed.
set -euo pipefail

here="$(cd "$(dirname "$0")/.." && pwd)"
folder="${1:-.venv-bigcodebench}"
pins="$here/configs/bigcodebench-requirements.txt"
corpora="llama-index-core==0.10.40"
corpora_sha256="c08df2a46ebf417ca0f1b68a5d797df0c053796d96c93e1cdc0456d11a89753a"
version="$(cat "$pins" "$0" | sha256sum | cut -d ' ' -f 1)"

if [ "$(cat "$folder/.built-from" 2>/dev/null)" = "$version" ]; then
  realpath -s "$folder/bin/python"
  exit 0
fi
python="$(command -v python3.11 || command -v python3)"
if [ "$("$python" -c 'import sys; print(sys.version_info[:2] == (3, 11))')" != True ]; then
  echo "error: BigCodeBench's libraries are pinned for Python 3.11, and $python is another" >&2
  echo "  mend: install Python 3.11 and have python3.11 on the PATH" >&2
  exit 2
fi

# uv and not pip: a tenth of the time.
tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT
uv="$(command -v uv || true)"
if [ -z "$uv" ]; then
  "$python" -m venv "$tools/uv"
  "$tools/uv/bin/python" -m pip install -q uv
  uv="$tools/uv/bin/uv"
fi

"$python" -m venv --clear "$folder"
# Byte-compiled here: programs see the environment read-only, and would compile each library anew.
"$uv" pip install -q --compile-bytecode -p "$folder/bin/python" -r "$pins" >&2
"$folder/bin/python" -m pip download -q --no-deps --only-binary :all: -d "$tools" "$corpora" >&2
echo "$corpora_sha256  $(ls "$tools"/*.whl)" | sha256sum --check --quiet >&2
"$folder/bin/python" - "$tools"/*.whl "$folder/nltk_data" <<'PYTHON'
import sys, zipfile
from pathlib import Path

start = "llama_index/core/_static/nltk_cache/"
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith((f"{start}corpora/stopwords/", f"{start}tokenizers/punkt/")) and not name.endswith("/"):
            to = Path(sys.argv[2], name.removeprefix(start))
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(wheel.read(name))
PYTHON
echo "$version" >"$folder/.built-from"
realpath -s "$folder/bin/python"
