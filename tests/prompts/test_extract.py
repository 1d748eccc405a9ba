"""What is taken out of an answer, shape by shape as chat models write them, and what it makes at the cursor."""

import ast
from textwrap import dedent, indent

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.prompts import syntax
from harness.prompts.extract import extract_code
from harness.prompts.markdown import Block, fenced_blocks
from harness.prompts.splice import splice

ADD = "def add(a, b):\n    return a + b\n"
JS_ADD = "function add(a, b) {\n  return a + b;\n}\n"


def fenced(code: str, tag: str = "python", mark: str = "```") -> str:
    return f"{mark}{tag}\n{code}{mark}\n"


BLOCKS = {
    "one": (fenced("x\n"), [Block("python", "x\n", True)]),
    "empty": ("```\n```", [Block("", "", True)]),
    "none": ("just ``` in prose", []),
    "two": (fenced("x\n") + "and\n" + fenced("y\n", "js"), [Block("python", "x\n", True), Block("js", "y\n", True)]),
    "tildes": (fenced("x\n", "py", "~~~"), [Block("py", "x\n", True)]),
    "upper_case": (fenced("x\n", "Python"), [Block("python", "x\n", True)]),
    "braces": (fenced("x\n", "{.python .numberLines}"), [Block("python", "x\n", True)]),
    "language_prefix": (fenced("x\n", "language-js"), [Block("js", "x\n", True)]),
    "title": (fenced("x\n", ' python title="a.py"'), [Block("python", "x\n", True)]),
    "longer_fence_holds_fences": (
        "````markdown\n" + fenced("x\n") + "````\n",
        [Block("markdown", "```python\nx\n```\n", True)],
    ),
    "other_fence_holds_fences": ("~~~\n```\nx\n```\n~~~", [Block("", "```\nx\n```\n", True)]),
    "closing_fence_may_be_longer": ("```\nx\n`````\ny", [Block("", "x\n", True)]),
    "closing_fence_has_no_tag": ("```\nx\n```js\ny\n```", [Block("", "x\n```js\ny\n", True)]),
    "unclosed": ("```js\nx\ny", [Block("js", "x\ny\n", False)]),
    "unclosed_and_empty": ("text\n```", [Block("", "", False)]),
    "closing_fence_behind_code": ("```js\nx\ny```\ntext", [Block("js", "x\ny\n", True)]),
    "indented_a_little": ("   ```\n   x\n     y\n   ```", [Block("", "x\n  y\n", True)]),
    "indented_too_much": ("    ```\n    x\n    ```", []),
    "in_a_list": ("- text\n\n      ```py\n      x\n        y\n      ```\n", [Block("py", "x\n  y\n", True)]),
    "behind_a_list_marker": ("1. ```py\n   x\n   ```\n", [Block("py", "x\n", True)]),
    "after_a_list": ("- item\n\ntext\n    ```\n    x\n    ```", []),
    "crlf": ("```py\r\nx\r\n```\r\n", [Block("py", "x\n", True)]),
    "inline_code_is_no_fence": ("```x``` is code\n```\ny\n```", [Block("", "y\n", True)]),
}


@pytest.mark.parametrize(("answer", "blocks"), BLOCKS.values(), ids=BLOCKS)
def test_fenced_blocks(answer: str, blocks: list[Block]) -> None:
    assert fenced_blocks(answer) == blocks


def test_fenced_blocks_of_an_answer_that_begins_in_a_block() -> None:
    assert fenced_blocks("x\n```\ntext\n```js\ny\n```", prefilled=True) == [
        Block("", "x\n", True),
        Block("js", "y\n", True),
    ]


HELPER = "def double(x):\n    return 2 * x\n"
MAIN = "def quadruple(x):\n    return double(double(x))\n"
TESTS = "def test_add():\n    assert add(1, 2) == 3\n"
USAGE_INDENTED = "    print(add(1, 2))\n"
USAGE = "print(add(1, 2))\n"
TEMPLATE = '''PROMPT = """<|im_start|>user
{}<|im_end|>
"""
'''
BODY = "    total = a + b\n    return total\n"
FENCES_INSIDE = 'def f():\n    """Doc.\n\n    ```python\n    f()\n    ```\n    """\n    return 1\n'

PYTHON = {
    "one_block": (f"Sure! Here it is:\n\n{fenced(ADD)}\nHope this helps!", ADD),
    "untagged_block": (f"Sure:\n{fenced(ADD, '')}", ADD),
    "python3_tag": (fenced(ADD, "python3"), ADD),
    "tildes": (fenced(ADD, mark="~~~"), ADD),
    "four_backticks": (fenced(FENCES_INSIDE, mark="````"), FENCES_INSIDE),
    "fences_inside": (fenced(FENCES_INSIDE), FENCES_INSIDE),
    "block_in_a_markdown_block": (f"````markdown\n# Title\n{fenced(ADD)}````", ADD),
    "in_a_list": ("1. Do this:\n\n" + indent(fenced(ADD), "   "), ADD),
    "crlf": (fenced(ADD).replace("\n", "\r\n"), ADD),
    "usage_then_solution": (f"Use it so:\n{fenced(USAGE)}The code:\n{fenced(ADD)}", ADD),
    "solution_then_usage": (fenced(ADD) + fenced(USAGE), ADD),
    "solution_then_output": (fenced(ADD) + fenced("3\n", ""), ADD),
    "solution_then_tests": (fenced(ADD) + fenced(TESTS), ADD),
    "helper_and_main": (f"{fenced(HELPER)}then\n{fenced(MAIN)}so\n{fenced(USAGE)}", f"{HELPER}\n{MAIN}"),
    "helper_and_main_cut_off": (f"{fenced(HELPER)}```python\n{MAIN}\nprint(quad", f"{HELPER}\n{MAIN}"),
    "imports_and_main": (fenced("import math\n") + fenced(ADD), f"import math\n\n{ADD}"),
    "stub_then_function": (fenced("def add(a, b):\n    pass\n") + "so\n" + fenced(ADD), ADD),
    "two_versions": (fenced(ADD) + "or\n" + fenced("def add(a, b):\n    return sum((a, b))\n"), ADD),
    "shell_block_first": (fenced("pip install numpy\n", "bash") + fenced(ADD), ADD),
    "other_language_only": (fenced(ADD, "text"), ADD),
    "other_language_without_code": (fenced("pip install numpy\n", "bash"), ""),
    "bare_code_and_a_shell_block": (f"{ADD}\nRun it:\n\n{fenced('python add.py', 'bash')}", ADD),
    "broken_block_then_whole_block": (fenced("def add(a, b:\n") + fenced(ADD), ADD),
    "broken_block": (fenced("def add(a, b:\n    return a + b\n"), "def add(a, b:\n    return a + b\n"),
    "broken_statement": (fenced("x = (1\n"), "x = (1\n"),
    "broken_block_and_words": (fenced("def add(a, b:\n") + fenced("Sure\n", ""), ""),
    "doctest_output_behind_the_code": (fenced(ADD + "\n>>> add(1, 2)\n3\n") + fenced("3\n", ""), ADD),
    "unclosed": (f"Sure:\n```python\n{ADD}", ADD),
    "closing_fence_behind_the_code": (f"```python\n{ADD.rstrip()}```\nThis adds them.", ADD),
    "opening_fence_behind_prose": (f"Here it is: ```python\n{ADD}```\n", ADD),
    "inline_code": ("`return a + b`", "return a + b\n"),
    "inline_code_in_a_fence": ("```return a + b```", "return a + b\n"),
    "unclosed_and_cut_off": (f"```python\n{HELPER}\n{ADD}\nprint(add(", f"{HELPER}\n{ADD}"),
    "cut_off_in_a_body": ("```python\ndef f(x):\n    y = 1\n    return foo(", "def f(x):\n    y = 1\n"),
    "cut_off_in_a_long_try": (f"```python\n{ADD}\ntry:\n{USAGE_INDENTED * 60}", ADD),
    "cut_off_in_the_signature": ("```python\ndef f(x,", "def f(x,\n"),
    "cut_off_without_a_fence": (f"{ADD}\nprint(add(1,", ADD),
    "prefilled": (f"{ADD}```\nThis adds them.", ADD),
    "prefilled_then_usage": (f"{ADD}```\nUse it so:\n{fenced(USAGE)}", ADD),
    "prefilled_then_another_version": (f"{ADD}```\nOr so:\n{fenced(HELPER)}", f"{ADD}\n{HELPER}"),
    "prefilled_body": (f"{BODY}```\n", BODY),
    "bare": (ADD, ADD),
    "bare_with_prose_around": (f"Sure! Here it is:\n\n{ADD}\nThis function adds two numbers.\nEnjoy!", ADD),
    "bare_with_one_word_around": (f"Sure\n\n{ADD}\nEnjoy", ADD),
    "bare_with_a_comment": (f"Here is it.\n\n# adds\n{ADD}\nThat's all.", f"# adds\n{ADD}"),
    "bare_and_indented_as_markdown": (f"Here is it.\n\n{indent(ADD, '    ')}\nBye.", ADD),
    "bare_in_pieces": (f"First a helper.\n\n{HELPER}\nThen the function.\n\n{MAIN}", f"{HELPER}\n{MAIN}"),
    "bare_stub_then_function": (f"You ask for\n\ndef add(a, b): ...\n\nand this is it.\n\n{ADD}", ADD),
    "bare_in_two_versions": (f"So.\n\ndef add(a, b): return a + b\n\nOr so.\n\n{ADD}", ADD),
    "bare_match": (
        "So be it.\n\nmatch x:\n    case 1:\n        y = 1\n\nBye.",
        "match x:\n    case 1:\n        y = 1\n",
    ),
    "bare_with_a_surrogate": (f"So be it.\n\n{ADD}\nx = '\ud800'\n", ADD),
    "bare_with_fences_inside": (FENCES_INSIDE, FENCES_INSIDE),
    "bare_import": ("You need this.\nimport math\nThat is all.", "import math\n"),
    "bare_broken": ("It is so.\n\ndef add(a, b:\n    return a + b\n", "def add(a, b:\n    return a + b\n"),
    "notebook": (fenced("import math\nmath\nx = 5\nx\ny = 6\n"), "import math\nmath\nx = 5\nx\ny = 6\n"),
    "body": (BODY, BODY),
    "body_in_a_block": (fenced(BODY), BODY),
    "body_from_the_cursor": ("total = a + b\n    return total", "total = a + b\n    return total\n"),
    "body_and_usage": (fenced(BODY) + fenced(USAGE), dedent(BODY)),
    "rest_of_a_branch": (fenced("        return 1\n    return 0\n"), "        return 1\n    return 0\n"),
    "else_branch": (fenced("else:\n    x = 1\n"), "else:\n    x = 1\n"),
    "indented_definition": (fenced(indent(ADD, "    ")), ADD),
    "prose": ("I cannot do that, as it isn't possible.\nNote: ask again.\n- Sure\n- for now", ""),
    "prose_in_chinese": ("\u597d\u7684\uff0c\u6ca1\u95ee\u9898\u3002", ""),
    "one_word": ("Sure", ""),
    "prose_in_a_block": (fenced("Sure\n", ""), ""),
    "empty": ("", ""),
    "blank": (" \n\t\n", ""),
    "thinking": (f"<think>\nMaybe\n{fenced(HELPER)}</think>\n{fenced(ADD)}", ADD),
    "thinking_begun_by_the_prompt": (f"Maybe\n{fenced(HELPER)}\n</think>\n\n{fenced(ADD)}", ADD),
    "thinking_ends_in_a_line": (f"So be it.</think>\n{fenced(ADD)}", ADD),
    "thinking_without_end": (f"<think>\nMaybe\n{fenced(ADD)}", ""),
    "end_tokens": (f"{ADD}<|im_end|></s>\n", ADD),
    "end_token_behind_a_fence": (f"```python\n{ADD}```<|eot_id|>", ADD),
    "end_token_of_another_family": (f"{ADD}<|anything_else|>", ADD),
    "end_token_in_a_template": (TEMPLATE, TEMPLATE),
    "end_token_in_a_string": ('END = "<|im_end|>"\n', 'END = "<|im_end|>"\n'),
    "byte_order_mark": ("\ufeff" + ADD, ADD),
    "blank_edges": (f"\n\n{ADD}\n \n", ADD),
    "invalid_escape": ('So be it.\n\nx = "\\d"\n\nBye.', 'x = "\\d"\n'),
    "nested_too_deeply": ("x = " + "-" * 100_000 + "1", "x = " + "-" * 100_000 + "1\n"),
    "null_byte": ("x = 1\0", "x = 1\0\n"),
}


@pytest.mark.parametrize(("answer", "code"), PYTHON.values(), ids=PYTHON)
def test_extract_python(answer: str, code: str) -> None:
    assert extract_code(answer, "python") == code


JS_MAIN = "const twice = (a) => {\n  return add(a, a);\n};\n"
JS_USAGE = "console.log(add(1, 2));\n"
JS_BODY = "  return a + b;\n}\n"
JS_COMMENT = "/**\n * ```js\n * add(1, 2)\n * ```\n */\n"
JS_METHOD = "  add(x) {\n    return x;\n  }\n"

JAVASCRIPT = {
    "one_block": (f"Sure! Here it is:\n\n{fenced(JS_ADD, 'javascript')}\nHope this helps!", JS_ADD),
    "js_tag": (fenced(JS_ADD, "js"), JS_ADD),
    "untagged_block": (fenced(JS_ADD, ""), JS_ADD),
    "python_block_first": (fenced(ADD) + fenced(JS_ADD, "js"), JS_ADD),
    "usage_then_solution": (fenced(JS_USAGE, "js") + fenced(JS_ADD, "js"), JS_ADD),
    "helper_and_main": (fenced(JS_ADD, "js") + fenced(JS_MAIN, "js") + fenced(JS_USAGE, "js"), f"{JS_ADD}\n{JS_MAIN}"),
    "constant_declared_twice": (
        fenced(f"const x = 1;\n{JS_ADD}", "js") + fenced(f"const x = 1;\n{JS_MAIN}", "js"),
        f"const x = 1;\n{JS_ADD}",
    ),
    "exported": (fenced(f"export {JS_ADD}", "js") + fenced(JS_USAGE, "js"), f"export {JS_ADD}"),
    "unclosed_and_cut_off": (f"```js\n{JS_ADD}\nconsole.log(add(", JS_ADD),
    "cut_off_in_a_class": (f"```js\n{JS_ADD}\nclass A {{\n  f() {{\n    const g = () => 1;\n    if (", JS_ADD),
    "cut_off_in_the_function": ("```js\nfunction f() {\n  g();\n", "function f() {\n  g();\n"),
    "prefilled": (f"{JS_ADD}```\nThis adds them.", JS_ADD),
    "prefilled_body": (f"{JS_BODY}```\nThis adds them.", JS_BODY),
    "bare_with_prose_around": (f"Sure! Here's it:\n\n{JS_ADD}\nThis doesn't do more.\nEnjoy!", JS_ADD),
    "bare_with_one_word_around": (f"Sure\n\n{JS_ADD}\nEnjoy", JS_ADD),
    "bare_behind_a_label": (f"Solution:\n{JS_MAIN}", JS_MAIN),
    "template": ("`${a}`", "`${a}`\n"),
    "body": (fenced(JS_BODY, "js"), JS_BODY),
    "method": (fenced(JS_METHOD, "js"), JS_METHOD),
    "else_branch": (fenced("} else {\n  x = 1;\n}\n", "js"), "} else {\n  x = 1;\n}\n"),
    "fence_in_a_comment": (JS_COMMENT + JS_ADD, JS_COMMENT + JS_ADD),
    "prose": ("I can't do that.\nNote: ask again.", ""),
    "one_word": ("Sure", ""),
    "thinking": (f"<think>no</think>\n{fenced(JS_ADD, 'js')}", JS_ADD),
}


@pytest.mark.parametrize(("answer", "code"), JAVASCRIPT.values(), ids=JAVASCRIPT)
def test_extract_javascript(answer: str, code: str) -> None:
    assert extract_code(answer, "javascript") == code


OTHER = {
    "tagged_block": (fenced("x\n", "") + fenced("y\n", "haskell"), "y\n"),
    "first_block": (fenced("x\n", "") + fenced("y\n", "js"), "x\n"),
    "bare": ("\nfunc f() {}\n\n", "func f() {}\n"),
}


@pytest.mark.parametrize(("answer", "code"), OTHER.values(), ids=OTHER)
def test_extract_a_language_without_a_parser(answer: str, code: str) -> None:
    assert extract_code(answer, "haskell") == code


SIGNATURE = "def mean(xs: list[float]) -> float:\n"
DOC = '    """The mean of xs."""\n'
MEAN_BODY = "    total = sum(xs)\n    return total / len(xs)\n"
MEAN = SIGNATURE + DOC + MEAN_BODY
IMPORTS = "import math\n\n\n"
AFTER = "\n\ndef later():\n    return mean([1])\n"
CLASS = "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n"
PUSH = "        self.items.append(item)\n        return self\n"
POP = "\n    def pop(self):\n        return self.items.pop()\n"

# name: (code, prefix, suffix, file)
SPLICE_PYTHON = {
    "insertion": (MEAN_BODY, SIGNATURE + DOC, AFTER, MEAN + AFTER),
    "insertion_in_a_line": ("a + b\n", "def f(a, b):\n    return ", "\n", "def f(a, b):\n    return a + b\n\n"),
    "unfinished_line_repeated": ("return a + b\n", "def f(a, b):\n    return ", "", "def f(a, b):\n    return a + b\n"),
    "insertion_between_brackets": ("a, b\n", "f = g(", ") or 1\n", "f = g(a, b\n) or 1\n"),
    "insertion_in_the_middle_of_a_line": ("a\n", "x = ", " + 1\n", "x = a + 1\n"),
    "new_function": (ADD, SIGNATURE + MEAN_BODY + "\n\n", "", SIGNATURE + MEAN_BODY + "\n\n" + ADD),
    "signature_repeated": (SIGNATURE + MEAN_BODY, SIGNATURE, "", SIGNATURE + MEAN_BODY),
    "signature_and_docstring_repeated": (MEAN, IMPORTS + SIGNATURE + DOC, AFTER, IMPORTS + MEAN + AFTER),
    "signature_repeated_without_docstring": (SIGNATURE + MEAN_BODY, IMPORTS + SIGNATURE + DOC, "", IMPORTS + MEAN),
    "long_signature_repeated": (
        "def f(\n    a,\n    b,\n):\n    return a\n",
        'def f(\n    a,\n    b,\n):\n    """Doc."""\n',
        "",
        'def f(\n    a,\n    b,\n):\n    """Doc."""\n    return a\n',
    ),
    "signature_written_otherwise": (
        "def mean(xs):\n    return sum(xs) / len(xs)\n",
        IMPORTS + SIGNATURE + DOC,
        AFTER,
        IMPORTS + "def mean(xs):\n    return sum(xs) / len(xs)\n" + AFTER,
    ),
    "helper_before_the_function": (f"{HELPER}\n\n{MEAN}", IMPORTS + SIGNATURE, "", f"{IMPORTS}{HELPER}\n\n{MEAN}"),
    "decorator_repeated": ("@cache\ndef f(): return 1\n", "@cache\ndef f():\n", "", "@cache\ndef f(): return 1\n"),
    "decorator_not_repeated": ("def f(): return 1\n", "@cache\ndef f():\n", "", "@cache\ndef f(): return 1\n"),
    "dedented_body": (dedent(MEAN_BODY), SIGNATURE + DOC, AFTER, MEAN + AFTER),
    "dedented_body_without_return": ("print(xs)\n", SIGNATURE + DOC, "", SIGNATURE + DOC + "    print(xs)\n"),
    "first_line_dedented": (MEAN_BODY.lstrip(), SIGNATURE + DOC, "", MEAN),
    "indented_cursor": (MEAN_BODY, SIGNATURE + "    ", "", SIGNATURE + MEAN_BODY),
    "dedented_body_at_an_indented_cursor": (
        "y = 1\nreturn y\n",
        "def f(x):\n    if x:\n        print(x)\n    ",
        "",
        "def f(x):\n    if x:\n        print(x)\n    y = 1\n    return y\n",
    ),
    "dedented_return": ("return y\n", "def f(x):\n    y = x\n", "", "def f(x):\n    y = x\n    return y\n"),
    "dedented_body_in_a_branch": (
        "y = 1\nreturn y\n",
        "def f(x):\n  if x:\n",
        "  return 0\n",
        "def f(x):\n  if x:\n    y = 1\n    return y\n  return 0\n",
    ),
    "dedented_body_before_a_body": (
        "y = x\n",
        "def f(x):\n    z = 1\n",
        "    return y\n",
        "def f(x):\n    z = 1\n    y = x\n    return y\n",
    ),
    "suffix_repeated": (MEAN_BODY, SIGNATURE, "    return total / len(xs)\n", SIGNATURE + MEAN_BODY),
    "whole_file": (MEAN + AFTER, SIGNATURE + DOC, AFTER, MEAN + AFTER),
    "whole_file_with_another_suffix": (
        MEAN + "\n\ndef later():\n    return 0\n",
        SIGNATURE + DOC,
        AFTER,
        MEAN + "\n\ndef later():\n    return 0\n",
    ),
    "whole_file_without_suffix": (IMPORTS + MEAN, IMPORTS + SIGNATURE + DOC, AFTER, IMPORTS + MEAN + AFTER),
    "whole_file_written_otherwise": (
        f"from math import pi\n\n{HELPER}\n{MAIN}",
        f"import math\n\n{HELPER}\ndef quadruple(x):\n",
        "",
        f"from math import pi\n\n{HELPER}\n{MAIN}",
    ),
    "whole_function_in_the_middle_of_it": (
        MEAN,
        IMPORTS + SIGNATURE + "    total = sum(xs)\n",
        AFTER,
        IMPORTS + MEAN + AFTER,
    ),
    "dedented_whole_method_in_the_middle_of_it": (
        dedent("    def push(self, item):\n" + PUSH),
        CLASS + "        self.items.append(item)\n",
        "        return self\n" + POP,
        CLASS + PUSH + POP,
    ),
    "dedented_whole_method_before_its_last_line": (
        "def push(self, item):\n    x = item\n    for y in x:\n        print(y)\n    print(x)\n",
        CLASS + "        x = item\n",
        "        print(x)\n" + POP,
        CLASS + "        x = item\n        for y in x:\n            print(y)\n        print(x)\n" + POP,
    ),
    "dedented_body_that_would_swallow_the_suffix": (
        "for x in item:\n    if x:\n        print(x)\n",
        CLASS + "        print(item)\n",
        "        print(self)\n" + POP,
        CLASS
        + "        print(item)\n        for x in item:\n            if x:\n                print(x)\n"
        + "        print(self)\n"
        + POP,
    ),
    "dedented_body_after_an_early_return": (
        "y = x\n",
        "def f(x):\n    if x:\n        return 1\n",
        "    return y\n",
        "def f(x):\n    if x:\n        return 1\n    y = x\n    return y\n",
    ),
    "method_body": (PUSH, CLASS, POP, CLASS + PUSH + POP),
    "dedented_method_body": (dedent(PUSH), CLASS, POP, CLASS + PUSH + POP),
    "whole_method": ("    def push(self, item):\n" + PUSH, CLASS, POP, CLASS + PUSH + POP),
    "dedented_whole_method": (dedent("    def push(self, item):\n" + PUSH), CLASS, POP, CLASS + PUSH + POP),
    "whole_class": (CLASS + PUSH + POP, CLASS, POP, CLASS + PUSH + POP),
    "whole_class_without_docstring": (CLASS + PUSH, CLASS + '        """Adds."""\n', POP, CLASS + PUSH + POP),
    "method_after_a_class_docstring": (
        "def m(self):\n    return 1\n",
        'class A:\n    """Doc."""\n\n',
        "",
        'class A:\n    """Doc."""\n\n    def m(self):\n        return 1\n',
    ),
    "function_after_a_hollow_class": (
        ADD,
        'class Wrong(Exception):\n    """Doc."""\n\n\n',
        "",
        f'class Wrong(Exception):\n    """Doc."""\n\n\n{ADD}',
    ),
    "nothing_parses": ("x = (\n", "def f(:\n", "", "def f(:\nx = (\n"),
    "nothing": ("", SIGNATURE, "    return 1\n", SIGNATURE + "    return 1\n"),
}


@pytest.mark.parametrize(("code", "prefix", "suffix", "file"), SPLICE_PYTHON.values(), ids=SPLICE_PYTHON)
def test_splice_python(code: str, prefix: str, suffix: str, file: str) -> None:
    assert splice(code, prefix, suffix, "python") == file


JS_HEAD = "// Adds.\nfunction add(a, b) {\n"
JS_LATER = "\nfunction later() {\n  return add(1, 2);\n}\n"
JS_CLASS = "class Stack {\n  push(item) {\n"

SPLICE_JAVASCRIPT = {
    "insertion": ("  return a + b;\n", JS_HEAD, "}\n", "// Adds.\n" + JS_ADD),
    "body_with_its_brace": (JS_BODY, JS_HEAD, "", "// Adds.\n" + JS_ADD),
    "brace_repeated": (JS_BODY, JS_HEAD, "}\n" + JS_LATER, "// Adds.\n" + JS_ADD + JS_LATER),
    "brace_repeated_after_a_branch": (
        "  if (a) {\n    return b;\n  }\n}\n",
        JS_HEAD,
        "\n}\n",
        JS_HEAD + "  if (a) {\n    return b;\n  }\n\n}\n",
    ),
    "signature_repeated": (JS_ADD, JS_HEAD, "}\n" + JS_LATER, "// Adds.\n" + JS_ADD + JS_LATER),
    "signature_repeated_and_no_suffix": (JS_ADD, JS_HEAD, "", "// Adds.\n" + JS_ADD),
    "signature_written_otherwise": (
        "function add(x, y) {\n  return x + y;\n}\n",
        JS_HEAD,
        "}\n",
        "// Adds.\nfunction add(x, y) {\n  return x + y;\n}\n",
    ),
    "arrow_function": (
        "const f = (x) => {\n  return x;\n};\n",
        "const f = (x) => {\n",
        "};\n",
        "const f = (x) => {\n  return x;\n};\n",
    ),
    "whole_file": ("// Adds.\n" + JS_ADD + JS_LATER, JS_HEAD, "}\n" + JS_LATER, "// Adds.\n" + JS_ADD + JS_LATER),
    "method": (
        "  push(item) {\n    this.items.push(item);\n  }\n",
        JS_CLASS,
        "  }\n}\n",
        JS_CLASS + "    this.items.push(item);\n  }\n}\n",
    ),
    "whole_class": (
        JS_CLASS + "    this.items.push(item);\n  }\n}\n",
        JS_CLASS,
        "  }\n}\n",
        JS_CLASS + "    this.items.push(item);\n  }\n}\n",
    ),
}


@pytest.mark.parametrize(("code", "prefix", "suffix", "file"), SPLICE_JAVASCRIPT.values(), ids=SPLICE_JAVASCRIPT)
def test_splice_javascript(code: str, prefix: str, suffix: str, file: str) -> None:
    assert splice(code, prefix, suffix, "javascript") == file


SPLICE_OTHER = {
    "insertion": ("  f()\n", "func g() {\n", "}\n", "func g() {\n  f()\n}\n"),
    "signature_repeated": ("func g() {\n  f()\n", "func g() {\n", "}\n", "func g() {\n  f()\n}\n"),
    "a_lone_brace_is_no_repetition": ("  if x {\n  }\n", "func g() {\n", "}\n", "func g() {\n  if x {\n  }\n}\n"),
}


@pytest.mark.parametrize(("code", "prefix", "suffix", "file"), SPLICE_OTHER.values(), ids=SPLICE_OTHER)
def test_splice_a_language_without_a_parser(code: str, prefix: str, suffix: str, file: str) -> None:
    assert splice(code, prefix, suffix, "go") == file


CODE = [ADD, HELPER, MAIN, TESTS, USAGE, BODY, FENCES_INSIDE, MEAN, CLASS + PUSH, JS_ADD, JS_BODY, JS_MAIN, JS_METHOD]
MARKDOWN = ["```", "```python", "````", "~~~", "```js", "  ```", "- ```", "``", "~~~x", "1. So:", "# A", "- it isn't"]
TOKENS = ["<think>", "</think>", "<|im_end|>", "</s>", "\ufeff", "\r", "\0", "\ud800", "\x0c", "\t", "\\", "`"]
LINES = [
    *("Sure!", "Sure", "Note: this", "x = 5", "x", "42", "'''", '"""', "def f(", "class A:", "else:", "try:", "@d"),
    *("return x", "import os", "if x:", "    y = 1", "        return 1", "}", "{", "(", "const x = 1;", "/*", "*/"),
]


def texts(*samples: list[str]) -> st.SearchStrategy[str]:
    line = st.one_of(*map(st.sampled_from, samples), st.sampled_from(CODE).map(fenced))
    pairs = st.lists(st.tuples(line, st.sampled_from(["\n", "\n\n", "", " "])), max_size=9)
    return pairs.map(lambda chosen: "".join(part + end for part, end in chosen))


anything = st.one_of(st.text(), texts(CODE, MARKDOWN, TOKENS, LINES))
languages = st.sampled_from(["python", "javascript", "go"])


@given(anything, languages)
def test_extraction_is_settled_and_tidy(answer: str, language: str) -> None:
    code = extract_code(answer, language)
    assert extract_code(code, language) == code
    assert code == "" or (code.strip() and code == code.rstrip() + "\n")


@given(texts(CODE, MARKDOWN, LINES), st.sampled_from(CODE), texts(CODE, MARKDOWN, LINES))
def test_where_a_block_parses_so_does_the_result(before: str, code: str, after: str) -> None:
    answer = f"Sure! Here is the code:\n{before}\n{fenced(code)}{after}"
    blocks = [block.code for block in fenced_blocks(answer) if block.language in ("", "python")]
    assume(any(parses(block) and ast.parse(block).body for block in blocks))
    assert parses(extract_code(answer, "python"))


def parses(code: str) -> bool:
    try:
        return ast.parse(code) is not None
    except SyntaxError:
        return False


@given(anything, anything, anything, languages)
def test_splice_takes_anything(code: str, prefix: str, suffix: str, language: str) -> None:
    file = splice(code, prefix, suffix, language)
    assert file == prefix + code + suffix or syntax.statements(file, language) is not None or language == "go"
