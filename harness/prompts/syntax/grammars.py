"""tree-sitter's grammars, and what is particular to each language when suggestions are read."""

import importlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache

from tree_sitter import Language, Node, Parser

_BRACES = ("if (1) {\n{}", "if (1) {\nif (1) {\n{}")
_MEMBERS = ("class A {\n{}", "class A {\nvoid a() {\n{}", "class A {\n{}\n}", "class A {\nvoid a() {\n{}\n}\n}")


@dataclass(frozen=True)
class Grammar:
    """Of one language: its parser's package, node types, the tags that its fenced blocks carry, and how it is written.

    ``definitions`` name a function or type. ``frames`` are texts around {} in which a suggestion that opens or closes
    other blocks than its own parses. ``tails`` end a line that begins a statement. ``closer`` ends one block.
    ``openers`` are the words a definition's line may begin with. ``prose`` says that prose parses, too, ``partial``
    that not all of the language does.
    """

    package: str
    definitions: tuple[str, ...]
    tags: tuple[str, ...]
    frames: tuple[str, ...]
    openers: tuple[str, ...]
    tails: tuple[str, ...] = ("", "0;", ";", "{}")
    closer: str = "}"
    entry: str = "language"
    prose: bool = False
    partial: bool = False


BLOCKS = (
    *("block", "statement_block", "body_statement", "then", "else", "do", "do_block", "compound_statement"),
    *("statement_list", "constructor_body", "do_group"),
)
"""Nodes that hold statements, in all languages."""

_SCRIPT = (
    *("function_declaration", "generator_function_declaration", "class_declaration", "method_definition"),
    *("abstract_class_declaration", "interface_declaration", "enum_declaration", "type_alias_declaration"),
)
_SCRIPT_FRAMES = (*_BRACES, "class A {\n{}", "class A {\na() {\n{}", "class A {\n{}\n}", "class A {\na() {\n{}\n}\n}")
GRAMMARS = {
    "javascript": Grammar(
        "tree_sitter_javascript",
        _SCRIPT[:4],
        ("javascript", "js", "jsx", "mjs", "cjs", "node", "nodejs", "ecmascript", "es6"),
        _SCRIPT_FRAMES,
        ("class", "function"),
        ("", "0", "{}"),
    ),
    "typescript": Grammar(
        "tree_sitter_typescript",
        _SCRIPT,
        ("typescript", "ts", "tsx", "mts", "cts"),
        _SCRIPT_FRAMES,
        ("class", "function", "interface", "enum", "abstract", "type"),
        ("", "0", "{}"),
        entry="language_typescript",
    ),
    "ruby": Grammar(
        "tree_sitter_ruby",
        ("method", "singleton_method", "class", "module"),
        ("ruby", "rb"),
        (
            "if a\n{}",
            "if a\nif a\n{}",
            "class A\n{}",
            "class A\ndef a\n{}",
            "class A\n{}\nend",
            "class A\ndef a\n{}\nend\nend",
        ),
        ("def", "class", "module"),
        ("", "\nend"),
        closer="\nend",
        prose=True,
    ),
    "go": Grammar(
        "tree_sitter_go",
        ("function_declaration", "method_declaration", "type_spec"),
        ("go", "golang"),
        ("if a {\n{}", "if a {\nif a {\n{}", "func a() {\n{}", "func a() {\n{}\n}"),
        ("func", "type"),
    ),
    "java": Grammar(
        "tree_sitter_java",
        (
            *("class_declaration", "interface_declaration", "record_declaration", "enum_declaration"),
            *("method_declaration", "constructor_declaration"),
        ),
        ("java",),
        (*_BRACES, *_MEMBERS),
        ("class", "interface", "record", "enum", "public", "private", "protected", "static", "final"),
    ),
    "rust": Grammar(
        "tree_sitter_rust",
        ("function_item", "struct_item", "enum_item", "trait_item", "impl_item", "mod_item"),
        ("rust", "rs"),
        (
            "fn a() {\n{}\n}",
            "fn a() {\nif a {\n{}",
            "fn a() {\n{}",
            "impl A {\n{}",
            "impl A {\nfn a() {\n{}",
            "impl A {\nfn a() {\n{}\n}\n}",
        ),
        ("fn", "struct", "enum", "trait", "impl", "mod", "pub"),
    ),
    "cpp": Grammar(
        "tree_sitter_cpp",
        ("function_definition", "class_specifier", "struct_specifier", "enum_specifier"),
        ("cpp", "c++", "cc", "cxx", "hpp", "c"),
        (
            *_BRACES,
            "struct A {\n{}",
            "struct A {\nvoid a() {\n{}",
            "struct A {\n{}\n};",
            "struct A {\nvoid a() {\n{}\n}\n};",
        ),
        ("class", "struct", "enum", "template", "namespace", "static", "inline", "int", "void", "bool", "std::string"),
    ),
    "php": Grammar(
        "tree_sitter_php",
        (
            *("function_definition", "class_declaration", "interface_declaration", "trait_declaration"),
            *("enum_declaration", "method_declaration"),
        ),
        ("php", "php8"),
        (
            *_BRACES,
            "class A {\n{}",
            "class A {\nfunction a() {\n{}",
            "class A {\n{}\n}",
            "class A {\nfunction a() {\n{}\n}\n}",
        ),
        ("function", "class", "interface", "trait", "enum", "final", "abstract", "public", "private", "protected"),
        entry="language_php",
    ),
    "bash": Grammar(
        "tree_sitter_bash",
        ("function_definition",),
        ("bash", "sh", "shell", "zsh", "console"),
        ("if :; then\n{}", "while :; do\n{}", "a() {\n{}", "a() {\nif :; then\n{}", "a() {\nwhile :; do\n{}"),
        ("function",),
        ("", "\n:\nfi", "\n:\ndone", "\nesac", "{ :; }"),
        prose=True,
        partial=True,
    ),
    "python": Grammar(
        "tree_sitter_python",
        ("function_definition", "class_definition"),
        ("python", "python2", "python3", "py", "py2", "py3", "ipython", "ipython3"),
        (),
        ("def", "class"),
        ("",),
    ),
}


_BASE = re.compile(rb"\b[0-9]+#(?=\$)")
"""The base of a number in a variable (``10#$count``), which the grammar of Bash lacks."""


@lru_cache(maxsize=16)
def tree(code: str, language: str) -> Node:
    """The root of the tree of ``code``; a text with errors has one, too. Columns count bytes of UTF-8."""
    entry = GRAMMARS[language].entry
    if language == "php" and "<?" not in code:
        entry = "language_php_only"
    text = code.encode("utf-8", "replace")
    if language == "bash":
        text = _BASE.sub(lambda found: b" " * len(found[0]), text)
    return _parser(language, entry).parse(text).root_node


def text_of(node: Node) -> str:
    """The node's text."""
    return (node.text or b"").decode("utf-8", "replace")


def is_text(node: Node) -> bool:
    """Whether a statement is nothing but a text, such as what documents a function of Python."""
    return len(node.named_children) == 1 and node.named_children[0].type == "string"


@cache
def _parser(language: str, entry: str) -> Parser:
    # Loaded when first used: ten grammars are 19 MB, and a run needs few of them.
    return Parser(Language(getattr(importlib.import_module(GRAMMARS[language].package), entry)()))
