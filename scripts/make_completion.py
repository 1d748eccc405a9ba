"""Cuts code completion samples out of the source files in datasets/code_completion/sources.

    python scripts/make_completion.py            # writes datasets/code_completion/<language>.jsonl
    python scripts/make_completion.py --check    # exit code 1 where those would be other bytes

A source file NAME.EXT lies beside NAME.cases.json, which has its ``path``, its ``topics``, the ``cases`` that test it
and, where a cut cannot be tested, its id under ``skip``. Cuts are made at the borders of syntax nodes: the rest of a
line, one statement, a block, a function's whole body, a list of arguments. Which of all possible ones are taken hangs
on a hash of their place alone, so that the same files always give the same samples.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tree_sitter import Node

from benchmarks.code_generation import LANGUAGES
from harness.prompts.syntax import grammars
from harness.sandbox.languages import language
from harness.shipped import shipped

FOLDER = shipped("datasets") / "code_completion"
TAKEN = {"rest_of_line": 1, "statement": 1, "block": 1, "body": 2, "arguments": 1}
"""How many cuts of each kind are taken of a file."""
BLOCKS = (*grammars.BLOCKS, "block_body")
ARGUMENTS = ("argument_list", "arguments")
ASIDE = ("comment", "{", "}", "string")
LINES = {"block": (3, 14), "body": (2, 24), "statement": (1, 3)}
SHORTEST = 6
"""Characters that a middle has at least: less asks for nothing."""


@dataclass(frozen=True)
class Cut:
    """A place in a file, in bytes."""

    kind: str
    start: int
    end: int


def main() -> int:
    parser = argparse.ArgumentParser(description="Cuts code completion samples out of source files.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something would change")
    check = parser.parse_args().check
    return 1 if cut_all(write=not check) and check else 0


def cut_all(write: bool) -> list[str]:
    """The files of samples that are not what their sources give; with ``write`` they then are."""
    changed = []
    for name in LANGUAGES:
        sources = (FOLDER / "sources" / name).glob(f"*{Path(language(name).file).suffix}")
        rows = [row for path in sorted(sources) for row in samples(path, name)]
        made = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path = FOLDER / f"{name}.jsonl"
        if not path.exists() or path.read_text() != made:
            changed.append(path.name)
            if write:
                path.write_text(made)
        print(f"{name}: {len(rows)} samples")
    print(f"{'written' if write else 'would change'}: {', '.join(changed) or 'nothing'}")
    return changed


def samples(path: Path, language: str) -> Iterator[dict[str, Any]]:
    """The samples of one file, in order of their places."""
    source = path.read_bytes()
    about = json.loads(path.with_suffix("").with_suffix(".cases.json").read_text())
    taken = dict.fromkeys(TAKEN, 0)
    chosen: list[tuple[str, Cut]] = []
    for cut in sorted(cuts(source, language), key=lambda cut: digest(path.stem, cut)):
        line = source.count(b"\n", 0, cut.start) + 1
        name = f"{language}/{path.stem}:{cut.kind}-{line}"
        new = not any(
            name == other or overlap(cut, taken_cut) for other, taken_cut in chosen if taken_cut.kind == cut.kind
        )
        if new and taken[cut.kind] < TAKEN[cut.kind] and name not in about.get("skip", ()):
            taken[cut.kind] += 1
            chosen.append((name, cut))
    for name, cut in sorted(chosen, key=lambda pair: (pair[1].start, pair[1].end)):
        yield {
            "id": name,
            "file": f"{language}/{path.stem}",
            "language": language,
            "path": about["path"],
            "kind": cut.kind,
            "prefix": source[: cut.start].decode(),
            "middle": source[cut.start : cut.end].decode(),
            "suffix": source[cut.end :].decode(),
            "cases": about["cases"],
        }


def cuts(source: bytes, language: str) -> Iterator[Cut]:
    """All places that may be cut out, each once."""
    found: dict[Cut, None] = {}
    waiting = [(grammars.tree(source.decode(), language), False)]
    while waiting:
        node, inside = waiting.pop()
        body = node.child_by_field_name("body")
        defines = body is not None and any(part in node.type for part in ("function", "method", "constructor"))
        if defines and body is not None and (cut := body_of(body, source, language)):
            found.setdefault(cut)
        if inside:
            for cut in cuts_at(node, source):
                found.setdefault(cut)
        waiting += [(child, inside or defines) for child in node.children]
    yield from (cut for cut in found if len(source[cut.start : cut.end].strip()) >= SHORTEST)


def body_of(body: Node, source: bytes, language: str) -> Cut | None:
    """A function's whole body, from its first line to its last; what documents it in its beginning stays."""
    parts = [child for child in body.named_children if child.type not in ASIDE]
    if language == "python" and parts and parts[0].named_children and parts[0].named_children[0].type == "string":
        parts = parts[1:]
    if not parts or body.start_point.row == body.end_point.row:
        return None
    start, end = line_start(parts[0].start_byte, source), line_end(parts[-1].end_byte, source)
    return whole_lines("body", start, end, source)


def cuts_at(node: Node, source: bytes) -> Iterator[Cut]:
    """The cuts that begin or end with ``node``, which stands inside a function."""
    if node.type in ARGUMENTS and node.named_children and source[node.start_byte : node.start_byte + 1] == b"(":
        yield Cut("arguments", node.start_byte + 1, node.end_byte - 1)
    above = node.parent
    is_aside = node.type in ASIDE or grammars.is_text(node)
    is_aside |= node.type == "declaration_command" and b"=" not in source[node.start_byte : node.end_byte]
    if above is not None and above.type in BLOCKS and node.is_named and not is_aside:
        start, end = line_start(node.start_byte, source), line_end(node.end_byte, source)
        if not source[start : node.start_byte].strip() and not source[node.end_byte : end].strip(b" \n;"):
            count = source.count(b"\n", node.start_byte, node.end_byte) + 1
            kind = "block" if count >= LINES["block"][0] and has_block(node) else "statement"
            if cut := whole_lines(kind, node.start_byte, end, source):
                yield cut
            if count == 1 and (middle := rest_of(node)):
                yield Cut("rest_of_line", middle, end - 1)


def has_block(node: Node) -> bool:
    """Whether a statement holds others."""
    return any(child.type in BLOCKS or has_block(child) for child in node.named_children)


def rest_of(node: Node) -> int:
    """Where the rest of a one-line statement begins: before its last big part that does not begin it; 0 without one."""
    parts = [child for child in leaves(node) if child.start_byte > node.start_byte]
    late = [part for part in parts if part.start_byte - node.start_byte >= (node.end_byte - node.start_byte) * 0.35]
    return late[0].start_byte if late else 0


def leaves(node: Node) -> Iterator[Node]:
    """The tokens of a node, in order; a text counts as one."""
    if not node.children or "string" in node.type:
        yield node
    else:
        for child in node.children:
            yield from leaves(child)


def whole_lines(kind: str, start: int, end: int, source: bytes) -> Cut | None:
    """The cut, if it has as many lines as its kind may have."""
    count = source.count(b"\n", start, end)
    least, most = LINES[kind]
    return Cut(kind, start, end) if least <= count <= most else None


def line_start(at: int, source: bytes) -> int:
    return source.rfind(b"\n", 0, at) + 1


def line_end(at: int, source: bytes) -> int:
    """After the end of the line of what ends at ``at``; some nodes end with the white space that follows them."""
    found = source.find(b"\n", len(source[:at].rstrip()))
    return len(source) if found < 0 else found + 1


def overlap(one: Cut, other: Cut) -> bool:
    return one.start < other.end and other.start < one.end


def digest(name: str, cut: Cut) -> str:
    return hashlib.sha256(f"{name} {cut.kind} {cut.start} {cut.end}".encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
