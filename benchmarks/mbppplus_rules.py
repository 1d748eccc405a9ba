"""The rules of MBPP+ v0.2.0: the Python types of its inputs, and when a value counts as the reference's.

Facts of the data set as EvalPlus 0.3.1 applies them (its data/mbpp.py and eval/, Apache-2.0), written anew.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

ALL = frozenset(range(1000))
# Which lists of an input are tuples: of these arguments (None: of all), those at these depths (0: the argument itself).
_TUPLES: dict[tuple[int | None, frozenset[int]], tuple[int, ...]] = {
    (None, frozenset({0})): (
        *(2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809),
    ),
    (None, frozenset({1})): (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    (0, frozenset({1})): (75, 413, 444, 753),
    (1, frozenset({0})): (106, 750),
    (0, frozenset({0})): (250, 307, 405, 446, 617, 720, 763, 808),
    (None, frozenset({0, 1})): (259, 278, 401, 445),
    (None, ALL): (580, 615, 791),
}
_BY_TASK = {task: rule for rule, tasks in _TUPLES.items() for task in tasks}

Rule = Literal["equal", "set", "not none", "any", "or zero", "or near", "or other"]
_RULES: dict[str, Rule] = {
    "are_equivalent": "any",
    "sum_div": "or zero",
    "surface_Area": "or near",
    "digit_distance_nums": "or other",
    **dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), "not none"),
    **dict.fromkeys(
        ("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum"), "set"
    ),
    **dict.fromkeys(("intersection_array", "find_dissimilar", "Diff"), "set"),
}

# Two tasks whose values are too large to leave their process: of those the digest is compared.
_LARGE = frozenset(("combinations_colors", "get_coordinates"))
_DIGEST = "__import__('hashlib').sha256(repr(value).encode()).hexdigest() if len(repr(value)) > 10_000 else value"

JUDGE = '''
def floats(value):
    """Whether tolerance is due: a float, or a list or tuple of nothing else."""
    if isinstance(value, (list, tuple)) and value:
        return all(isinstance(each, float) for each in value)
    return isinstance(value, float)

def close(value, right):
    """numpy.allclose with a relative tolerance of 1e-7."""
    if isinstance(value, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(value) == len(right) and all(map(close, value, right))
    if not all(isinstance(each, (int, float, complex)) for each in (value, right)):
        return False
    return value == right or (abs(right) < float("inf") and abs(value - right) <= ATOL + 1e-7 * abs(right))

def holds(value, known):
    global ATOL
    right, other = known
    if RULE == "any":
        return True
    exact = set(value) == set(right) if RULE == "set" else value == right
    if not exact and RULE == "or zero":
        exact = value == 0
    elif not exact and RULE == "or near":
        exact = abs(value - other) <= ATOL
    elif not exact and RULE == "or other":
        exact = other is not None and value == other
    if ATOL == 0 and floats(right):
        ATOL = 1e-6  # and so it stays for the inputs after this one, as EvalPlus has it
    return bool(exact) or (ATOL != 0 and type(value) is type(right) and close(value, right))
'''
"""The judge's code, which needs RULE and ATOL: EvalPlus' comparison of a value with the reference's."""


def rule_of(entry_point: str) -> Rule:
    """How values of the function called ``entry_point`` are compared."""
    return _RULES.get(entry_point, "equal")


def arguments(task: int, given: Sequence[Any]) -> tuple[Any, ...]:
    """One input of task number ``task``, in the types that its function expects."""
    if task == 115:
        return ([set(item) if isinstance(item, list) and item else {} for item in given[0]],)
    if task == 124:
        return (float(given[0]), complex(given[1]))
    if task == 252:
        return (complex(given[0]),)
    if task == 722:
        return ({key: tuple(value) for key, value in given[0].items()}, *given[1:])
    which, depths = _BY_TASK.get(task, (None, frozenset[int]()))
    return tuple(_tuples(each, depths) if which in (None, position) else each for position, each in enumerate(given))


def _tuples(value: Any, depths: frozenset[int], depth: int = 0) -> Any:
    if not isinstance(value, list):
        return value
    inner = [_tuples(each, depths, depth + 1) for each in value] if max(depths, default=-1) > depth else value
    return tuple(inner) if depth in depths else inner


def call(entry_point: str, inputs: Iterable[Any]) -> str:
    """The expression that calls the function; what cannot leave the program's process is boiled down there."""
    text = f"{entry_point}({', '.join(map(literal, inputs))})"
    if rule_of(entry_point) == "not none":
        # Matches of a regular expression cannot leave their process; EvalPlus takes a bool for itself.
        return f"(lambda value: value if isinstance(value, bool) else value is not None)({text})"
    if entry_point in _LARGE:
        return f"(lambda value: {_DIGEST})({text})"
    return text


def literal(value: Any) -> str:
    """``value`` as Python source; unlike repr also for numbers that are not finite, and for a complex -0."""
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        return f"{type(value).__name__}('{value}')"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({''.join(f'{literal(each)}, ' for each in value)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(each)}' for key, each in value.items())}}}"
    return repr(value)


def alternatives(entry_point: str, inputs: Iterable[Sequence[Any]]) -> Iterator[int | None]:
    """For each input the second right value of the two tasks that may be read in two ways; None for all others."""
    second = {"surface_Area": _surface, "digit_distance_nums": _digit_distance}.get(entry_point)
    for each in inputs:
        try:
            yield second(*each) if second else None
        except (ValueError, TypeError, OverflowError):
            yield None


def _surface(base: float, height: float) -> int:
    """Surface of a square pyramid whose ``height`` is upright, not slant."""
    return round(base * base + 2 * base * math.sqrt((base / 2) ** 2 + height**2))


def _digit_distance(first: int, second: int) -> int:
    """Sum of the differences digit by digit, the shorter number filled up with zeros."""
    width = max(len(str(first)), len(str(second)))
    pairs = zip(str(first).zfill(width), str(second).zfill(width), strict=True)
    return sum(abs(int(one) - int(other)) for one, other in pairs)
