"""Probes: they are held to their limits, see nothing of this process, and say what they lack."""

from pathlib import Path

import pytest

from harness.errors import NotInstalledError
from harness.screening import confined
from harness.screening.confined import EndlessError, probe

LIMITS = {
    "import time; time.sleep(60)": "longer than 1 s",
    "while True: pass": "longer than 1 s",
    "x = bytearray(1 << 40)": "more than 256 MiB of memory",
    "import os; os.kill(os.getpid(), 11)": "signal 11",
    "raise ValueError('no')": "ValueError: no",
}


@pytest.fixture
def probes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(confined, "_PROBES", tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", LIMITS)
def test_a_probe_that_goes_over_a_limit_or_dies_is_told_as_such(probes: Path, code: str) -> None:
    (probes / "bad.py").write_text(code)
    with pytest.raises(EndlessError, match=LIMITS[code]):
        probe("bad", seconds=1, memory=256 << 20)


def test_a_probe_sees_no_environment_and_writes_no_file(probes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "a secret")
    written = probes / "written"
    (probes / "curious.py").write_text(
        "import json, os, sys\n"
        f"try: open({str(written)!r}, 'w').write('x' * 10)\n"
        "except OSError: pass\n"
        "print(json.dumps([sorted(os.environ), sys.stdin.read(), sys.argv[1:]]))"
    )
    environment, text, arguments = probe("curious", ["one"], text="two")
    assert set(environment) <= {"LC_CTYPE"}
    assert (text, arguments) == ("two", ["one"])
    assert not written.exists() or written.read_text() == ""


def test_a_package_that_a_probe_lacks_is_named_with_its_extra(probes: Path) -> None:
    (probes / "lacking.py").write_text("import no_such_package")
    with pytest.raises(NotInstalledError) as caught:
        probe("lacking")
    assert "no_such_package" in caught.value.message
    assert "[screening]" in caught.value.mend
