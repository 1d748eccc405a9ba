"""Which languages programs may be written in: the toolchain of each, where it is, and how to get it.

In commands ``{name}`` stands for the path of the tool of that name, ``{drivers}`` for the folder of the drivers,
``{report}`` for the descriptor to report on.
"""

import glob
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import UnknownNameError

DRIVERS = Path(__file__).parent / "drivers"
_TYPESCRIPT = ("/usr/share/nodejs", "/usr/lib/node_modules", "/usr/local/lib/node_modules")


@dataclass(frozen=True)
class Framework:
    """The test framework that comes with a language.

    ``file`` holds the tests, beside the program; "" where they are a part of it. ``compile`` makes the files ``made``
    of both, ``run`` runs the tests.
    """

    file: str
    run: tuple[str, ...]
    compile: tuple[str, ...] = ()
    made: tuple[str, ...] = ()


@dataclass(frozen=True)
class Language:
    """One language.

    ``driver`` is a command that reads a program with its steps and reports what came of them; ``compile`` a command
    that makes the files ``made`` of ``file`` and the sources beside it; ``run`` starts what was made with a
    descriptor to report on; ``script`` runs the program as it is.
    """

    name: str
    tools: tuple[str, ...]
    install: str
    file: str
    script: tuple[str, ...]
    driver: tuple[str, ...] = ()
    compile: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    framework: Framework | None = None
    memory: str = "RLIMIT_AS"
    """RLIMIT_DATA where the runtime reserves far more address space than it uses."""


@dataclass(frozen=True)
class Toolchain:
    """A language's tools on this machine: their paths by name, and the folders they must be able to read."""

    tools: dict[str, str]
    folders: tuple[str, ...]

    def command(self, parts: tuple[str, ...], drivers: str) -> list[str]:
        """``parts`` with the tools' paths in place of their names."""
        made = []
        for part in parts:
            for name, path in self.tools.items():
                part = part.replace(f"{{{name}}}", path)
            made.append(part.replace("{drivers}", drivers))
        return made


def _debian(packages: str) -> str:
    return f"Debian: apt-get install {packages}"


_NODE = ("{node}", "--max-old-space-size=512", "--stack-size=900", "{drivers}/node_driver.js", "{report}")
_TO_JAVASCRIPT = ("{node}", "{drivers}/typescript_compile.js", "{typescript}")
_RUST = ("{rustc}", "--edition", "2021", "-A", "warnings", "-C", "opt-level=1", "-C", "strip=symbols", "-o", "main")
_GO = ("/bin/sh", "-c", 'GOCACHE="$PWD/.go" GO111MODULE=off GOFLAGS= CGO_ENABLED=0 exec "$0" "$@"', "{go}")
_JAVA = ("{java}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xss16m", "-cp", ".")

LANGUAGES = {
    language.name: language
    for language in (
        Language(
            "python",
            ("python",),
            "install Python 3.11 or newer",
            "main.py",
            ("{python}", "-S", "main.py"),
            framework=Framework("suite.py", ("{python}", "-S", "-m", "unittest", "-q", "suite")),
        ),
        Language(
            "javascript",
            ("node",),
            f"install Node.js 18 or newer ({_debian('nodejs')})",
            "main.js",
            ("{node}", "main.js"),
            driver=_NODE,
            framework=Framework("suite.js", ("{node}", "suite.js")),
            memory="RLIMIT_DATA",
        ),
        Language(
            "typescript",
            ("node", "typescript"),
            f"install Node.js 18 or newer and TypeScript ({_debian('nodejs node-typescript')})",
            "main.ts",
            ("{node}", "main.js"),
            driver=_NODE,
            compile=_TO_JAVASCRIPT,
            made=("main.js",),
            framework=Framework("suite.ts", ("{node}", "suite.js"), _TO_JAVASCRIPT, ("*.js",)),
            memory="RLIMIT_DATA",
        ),
        Language(
            "ruby",
            ("ruby",),
            f"install Ruby 3 ({_debian('ruby')})",
            "main.rb",
            ("{ruby}", "main.rb"),
            driver=("{ruby}", "{drivers}/ruby_driver.rb", "{report}"),
            framework=Framework("suite.rb", ("{ruby}", "suite.rb")),
        ),
        Language(
            "php",
            ("php",),
            f"install PHP 8 ({_debian('php-cli')})",
            "main.php",
            ("{php}", "main.php"),
            driver=("{php}", "-d", "memory_limit=-1", "{drivers}/php_driver.php", "{report}"),
        ),
        Language("bash", ("bash",), f"install Bash ({_debian('bash')})", "main.sh", ("{bash}", "main.sh")),
        Language(
            "c",
            ("gcc",),
            f"install GCC ({_debian('gcc libc6-dev')})",
            "main.c",
            ("./main",),
            compile=("{gcc}", "-std=gnu17", "-O1", "-w", "-o", "main", "main.c", "-lm"),
            made=("main",),
            run=("./main", "{report}"),
        ),
        Language(
            "cpp",
            ("g++",),
            f"install G++ ({_debian('g++')})",
            "main.cpp",
            ("./main",),
            compile=("{g++}", "-std=gnu++20", "-O1", "-w", "-o", "main", "main.cpp"),
            made=("main",),
            run=("./main", "{report}"),
        ),
        Language(
            "rust",
            ("rustc", "gcc"),
            f"install Rust ({_debian('rustc gcc')})",
            "main.rs",
            ("./main",),
            compile=(*_RUST, "main.rs"),
            made=("main",),
            run=("./main", "{report}"),
            framework=Framework("", ("./main",), (*_RUST, "--test", "main.rs"), ("main",)),
        ),
        Language(
            "go",
            ("go",),
            f"install Go ({_debian('golang-go')})",
            "main.go",
            ("./main",),
            compile=(*_GO, "build", "-ldflags=-s -w", "-o", "main", "."),
            made=("main",),
            run=("./main", "{report}"),
            framework=Framework(
                "suite_test.go",
                ("./suite",),
                (*_GO, "test", "-vet=off", "-ldflags=-s -w", "-c", "-o", "suite", "."),
                ("suite",),
            ),
            memory="RLIMIT_DATA",
        ),
        Language(
            "java",
            ("javac", "java"),
            f"install a JDK, 17 or newer ({_debian('default-jdk-headless')})",
            "Main.java",
            (*_JAVA, "Main"),
            compile=("{javac}", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-nowarn", "-d", ".", "@sources"),
            made=("*.class",),
            run=(*_JAVA[:-2], "--add-opens", "java.base/java.io=ALL-UNNAMED", "-cp", ".", "HarnessMain", "{report}"),
            memory="RLIMIT_DATA",
        ),
    )
}


def language(name: str) -> Language:
    """The language called ``name``.

    Raises:
        UnknownNameError: programs in it cannot be run.
    """
    if name not in LANGUAGES:
        raise UnknownNameError("programming language", name, LANGUAGES)
    return LANGUAGES[name]


@cache
def toolchain(name: str) -> Toolchain | None:
    """Where the language's tools are, or None when this machine lacks one of them.

    Raises:
        UnknownNameError: programs in it cannot be run.
    """
    tools: dict[str, str] = {}
    folders: list[str] = []
    for tool in language(name).tools:
        path = _find(tool)
        if path is None:
            return None
        tools[tool] = path
        folders.append(path)
    if name == "python":
        folders.append(os.path.realpath(sys.base_prefix))
    if name == "rust":
        folders.append(str(Path(tools["rustc"]).parents[1]))
    if name == "java":
        folders += glob.glob("/etc/java-*")
    if name == "php":
        folders += glob.glob("/etc/php")  # says which extensions are loaded, ctype for one
    return Toolchain(tools, tuple(folders))


def missing_tool(name: str) -> str:
    """The first of the language's tools that this machine lacks; "" when it has all."""
    return next((tool for tool in language(name).tools if _find(tool) is None), "")


def _find(tool: str) -> str | None:
    if tool == "python":
        # The interpreter under a virtual environment: programs get the standard library and nothing installed.
        return os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    if tool == "typescript":
        found = (f"{folder}/typescript/lib/typescript.js" for folder in _TYPESCRIPT)
        return next((path for path in found if os.path.exists(path)), None)
    path = shutil.which(tool)
    if path is None:
        return None
    if tool == "rustc":
        # What is on the path may only choose among toolchains in a home that programs cannot see.
        asked = subprocess.run([path, "--print", "sysroot"], capture_output=True, text=True)
        real = f"{asked.stdout.strip()}/bin/rustc"
        return real if os.path.exists(real) else None
    return os.path.realpath(path)
