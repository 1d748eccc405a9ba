"""What a short text about a change says: does it touch what matters, and does it name only what is there?"""

import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"`+([^`\n]+)`+")
_LINK = re.compile(r"https?://\S+")
_NAME = re.compile(
    r"(?<!\w)[#!]\d+\b"  # an issue, a merge request
    r"|\b\w+(?:::\w+)+"  # Of::Ruby
    r"|\b\w[\w-]*(?:/[\w.-]*\w){2,}"  # a/path/of.file
    r"|\b\w[\w-]*(?:\.\w+)+"  # a.name, a file.py
    r"|\b[a-zA-Z]\w*_\w+"  # snake_case
    r"|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*"  # camelCase, PascalCase
    r"|(?<![\w-])--?[a-z][\w-]*\w"  # --option
)
_ORDINARY = re.compile(
    r"e\.g|i\.e|v?\d+(?:\.\d+)*\w{0,2}|GitLab|GitHub|JavaScript|TypeScript|macOS|MySQL|PostgreSQL|OAuth|JetBrains|DoS|NaN|IaC"
)


def areas_missed(text: str, areas: Iterable[Sequence[str]]) -> list[str]:
    """The first form of each area of which no form is in ``text`` as whole words, letter case ignored."""
    folded = " ".join(text.casefold().split())
    return [forms[0] for forms in areas if not any(_in(" ".join(form.casefold().split()), folded) for form in forms)]


def names_invented(text: str, known: str) -> list[str]:
    """The names of code, files, options and numbers of issues in ``text`` that are nowhere in ``known``.

    A name is what stands in backticks, and a word outside of them that looks like code. Of a name in backticks with
    several parts, such as a call or a path, each part must be known.
    """
    text = _LINK.sub(" ", text)
    there = known.casefold()
    quoted = [quote.strip() for quote in _CODE.findall(text)]
    bare = [name for name in _NAME.findall(_CODE.sub(" ", text)) if not _ORDINARY.fullmatch(name)]
    return [name for name in dict.fromkeys([*quoted, *bare]) if not _is_known(name.casefold(), there)]


def _is_known(name: str, there: str) -> bool:
    parts = re.findall(r"[#!]\d+|[\w$@]+", name)
    return name in there or (bool(parts) and all(_in(part, there) for part in parts))


def _in(form: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text) is not None
