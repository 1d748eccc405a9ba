"""Fenced code blocks in Markdown, by a scanner over its lines."""

from dataclasses import dataclass

from harness.prompts.syntax import margin as margin_of


@dataclass(frozen=True)
class Block:
    """A fenced block: the first word of its info string in lower case, its content, whether it was closed."""

    language: str
    code: str
    closed: bool


def fenced(code: str, language: str) -> str:
    """``code`` as a block of Markdown, with a fence that is in none of its lines."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def fenced_blocks(answer: str, prefilled: bool = False) -> list[Block]:
    """The fenced blocks of a Markdown text; ``prefilled`` says that the text begins inside one."""
    return split_fences(answer, prefilled)[0]


@dataclass(frozen=True)
class _Fence:
    margin: int
    mark: str
    info: str


def split_fences(answer: str, prefilled: bool) -> tuple[list[Block], str]:
    """The fenced blocks, and the text between them."""
    blocks: list[Block] = []
    between: list[str] = []
    content: list[str] = []
    fence = _Fence(0, "```", "") if prefilled else None
    in_list = False
    for line in answer.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        margin = margin_of(line)
        if fence is None:
            in_list = _item_margin(line) > 0 or (in_list and (margin > 0 or not line))
            fence = opening_fence(line, in_list)
            between += [line] if fence is None else []
        elif margin <= fence.margin + 3 and set(line.strip()) == {fence.mark[0]} and fence.mark in line:
            blocks.append(Block(_language(fence.info), "".join(content), True))
            fence, content = None, []
        else:
            content.append(line[min(margin, fence.margin) :] + "\n")
    if fence is not None:
        code, hanging, _ = "".join(content).partition(fence.mark + "\n")  # the closing fence, behind a line of code
        blocks.append(Block(_language(fence.info), code + "\n" * (hanging != ""), hanging != ""))
    return blocks, "\n".join(between)


def opening_fence(line: str, in_list: bool) -> _Fence | None:
    """The fence that ``line`` opens, if it does; inside of a list it may be indented deeper."""
    margin = _item_margin(line) or margin_of(line)
    rest = line[margin:].strip()
    mark = rest[: len(rest) - len(rest.lstrip(rest[:1]))]
    info = rest[len(mark) :].strip()
    is_fence = mark[:3] in ("```", "~~~") and "`" not in info and (margin <= 3 or in_list)
    return _Fence(margin, mark, info) if is_fence else None


def _item_margin(line: str) -> int:
    """The column of what follows a list marker; 0 if the line has none."""
    marker, _, rest = line.lstrip().partition(" ")
    numbered = marker[-1:] in (".", ")") and marker[:-1].isdigit()
    return len(line) - len(rest.lstrip()) if numbered or marker in ("-", "*", "+") else 0


def _language(info: str) -> str:
    words = info.lower().translate(str.maketrans("{},:", "    ")).split()
    return words[0].lstrip(".").removeprefix("language-").removeprefix("lang-") if words else ""
