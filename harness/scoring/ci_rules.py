"""The expressions of `rules:if` in a .gitlab-ci.yml, as GitLab evaluates them; what is raised is ExpressionError."""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

MOST_CHARACTERS = 4096
MOST_NESTED = 50
_TOKEN = re.compile(
    r"""\s*(?:(?P<variable>\$\w+)|(?P<text>"[^"]*"|'[^']*')|(?P<pattern>/(?:[^/\\]|\\.)+/[ismU]*)
    |(?P<null>null\b)|(?P<sign>==|!=|=~|!~|&&|\|\||[()])|(?P<end>\Z))""",
    re.VERBOSE,
)
_REPEATED_TWICE = re.compile(r"[*+}]\)[*+{]")
"""What could keep Python's matcher busy for ever; GitLab's own takes it."""
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


class ExpressionError(ValueError):
    """An expression that GitLab refuses, or one that is not evaluated here."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


Value = str | bool | re.Pattern[str] | None


def holds(expression: str, variables: Mapping[str, str]) -> bool:
    """Whether ``expression`` is true where ``variables`` are set; one that is not set is null.

    Raises:
        ExpressionError: it is malformed.
    """
    if len(expression) > MOST_CHARACTERS:
        raise ExpressionError(f"longer than {MOST_CHARACTERS} characters")
    reader = _Reader(tuple(_tokens(expression)), variables)
    value = reader.either()
    if reader.next.kind != "end":
        raise ExpressionError(f"{reader.next.text} is not expected")
    return value


def _tokens(expression: str) -> Iterator[_Token]:
    at = 0
    while True:
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"not understood: {expression[at : at + 20]}")
        yield _Token(match.lastgroup, match[match.lastgroup])
        if match.lastgroup == "end":
            return
        at = match.end()


@dataclass
class _Reader:
    """Reads an expression from left to right; "and" binds closer than "or"."""

    tokens: tuple[_Token, ...]
    variables: Mapping[str, str]
    at: int = field(default=0)
    depth: int = field(default=0)

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def took(self, *signs: str) -> str:
        """The next sign if it is one of these, which is then read; else ""."""
        if self.next.kind != "sign" or self.next.text not in signs:
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text

    def either(self) -> bool:
        return self._chain("||", self.both, any)

    def both(self) -> bool:
        return self._chain("&&", self.comparison, all)

    def _chain(self, sign: str, part: Callable[[], bool], joined: Callable[[list[bool]], bool]) -> bool:
        parts = [part()]
        while self.took(sign):
            parts.append(part())
        return joined(parts)

    def comparison(self) -> bool:
        if self.took("("):
            self.depth += 1
            if self.depth > MOST_NESTED:
                raise ExpressionError("too many parentheses")
            value = self.either()
            if not self.took(")"):
                raise ExpressionError("a parenthesis is not closed")
            self.depth -= 1
            return value
        left = self.operand()
        sign = self.took("==", "!=", "=~", "!~")
        if sign in ("==", "!="):
            right = self.operand()
            if isinstance(left, re.Pattern) or isinstance(right, re.Pattern):
                raise ExpressionError(f"a pattern beside {sign}")
            return (left == right) == (sign == "==")
        if sign:
            return self._found(left) == (sign == "=~")
        if isinstance(left, re.Pattern):
            raise ExpressionError("a pattern that nothing is compared with")
        return bool(left)

    def _found(self, text: Value) -> bool:
        """Whether the pattern that comes next is in ``text``; a variable may hold it."""
        if isinstance(text, re.Pattern):
            raise ExpressionError("a pattern on the left")
        pattern = self.operand()
        if isinstance(pattern, str) and re.fullmatch(r"/.+/[ismU]*", pattern, re.DOTALL):
            pattern = _pattern(pattern)
        return isinstance(pattern, re.Pattern) and pattern.search(str(text or "")) is not None

    def operand(self) -> Value:
        token = self.next
        self.at += token.kind != "end"
        if token.kind == "variable":
            return self.variables.get(token.text[1:])
        if token.kind == "text":
            return token.text[1:-1]
        if token.kind == "pattern":
            return _pattern(token.text)
        if token.kind == "null":
            return None
        raise ExpressionError(f"a value is missing before {token.text or 'the end'}")


def _pattern(text: str) -> re.Pattern[str]:
    """The pattern written ``/.../flags``."""
    body, _, letters = text[1:].rpartition("/")
    if _REPEATED_TWICE.search(body):
        raise ExpressionError(f"repeats within repeats are not evaluated here: {text}")
    flags = re.RegexFlag(0)
    for letter in letters:
        flags |= _FLAGS.get(letter, re.RegexFlag(0))
    body = body.replace("\\/", "/").replace("\\z", "\\Z")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(body, flags)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise ExpressionError(f"not a pattern: {text}: {error}") from None
