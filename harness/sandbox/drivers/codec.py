"""Values as JSON data and back, by exact type: what a program's process may say, and what the judge takes for true.

Stands alone (standard library only). The program's side may be subverted by the program; it can then send other data,
and nothing else: :func:`decode` makes plain values only, and never runs code of a type that it does not know.
Numbers, strings, booleans and lists stand for themselves, all else is an object with one key that names its type.
"""

import collections
import datetime
import decimal
import fractions
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MOST_VALUES = 200_000
MOST_DEPTH = 100
_LONG = 1 << 63

_ITERABLES: tuple[Any, ...] = ([], (), "", "é", b"", set(), {}, {}.keys(), {}.values(), {}.items(), range(0))
_REVERSIBLES: tuple[Any, ...] = ([], {}, range(0))
_ITERATORS: tuple[type, ...] = (
    *(type(iter(each)) for each in _ITERABLES),
    *(type(reversed(each)) for each in _REVERSIBLES),
    *(map, filter, zip, enumerate, reversed, itertools.chain, itertools.combinations, itertools.permutations),
    *(itertools.islice, itertools.product, itertools.starmap, itertools.takewhile, itertools.dropwhile),
    *(itertools.accumulate, itertools.compress, itertools.filterfalse, itertools.zip_longest, itertools.groupby),
    type(each for each in _ITERABLES),
)
_SEQUENCES: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset", collections.deque: "deque"}
_MAPPINGS: dict[type, str] = {
    dict: "dict",
    collections.OrderedDict: "OrderedDict",
    collections.defaultdict: "defaultdict",
    collections.Counter: "Counter",
}
_VIEWS: dict[type, str] = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
_TEXTS: dict[type, str] = {decimal.Decimal: "Decimal", fractions.Fraction: "Fraction", complex: "complex"}
_MOMENTS: dict[type, str] = {datetime.datetime: "datetime", datetime.date: "date", datetime.time: "time"}


class NotPlainError(TypeError):
    """A value that cannot leave its process as data."""


def encode(value: object) -> object:
    """``value`` as JSON data.

    Raises:
        NotPlainError: it, or something in it, is no plain data, or there is too much of it.
    """
    return _encode(value, MOST_DEPTH, itertools.count())


def _encode(value: Any, depth: int, count: Iterator[int]) -> object:
    kind = type(value)
    if depth < 0 or next(count) > MOST_VALUES:
        raise NotPlainError("the value is too large or nested too deeply to judge")

    def all_of(items: Iterable[Any]) -> list[object]:
        return [_encode(item, depth - 1, count) for item in items]

    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if -_LONG <= value < _LONG else {"int": hex(value)}
    if kind is float:
        return value if value - value == 0 else {"float": repr(value)}
    if kind is list:
        return all_of(value)
    if kind in _SEQUENCES:
        return {_SEQUENCES[kind]: all_of(value)}
    if kind in _MAPPINGS:
        return {_MAPPINGS[kind]: [all_of(pair) for pair in value.items()]}
    if kind in _VIEWS:
        return {_VIEWS[kind]: all_of(value)}
    if kind in _TEXTS:
        return {_TEXTS[kind]: str(value)}
    if kind in _MOMENTS and getattr(value, "tzinfo", None) is None:
        return {_MOMENTS[kind]: value.isoformat()}
    if kind is datetime.timedelta:
        return {"timedelta": [value.days, value.seconds, value.microseconds]}
    if kind is bytes or kind is bytearray:
        return {kind.__name__: value.decode("latin-1")}
    if kind is range:
        return {"range": [value.start, value.stop, value.step]}
    if kind in _ITERATORS:
        return {"iterator": all_of(value)}
    if kind.__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "ndim", 1):
        return _encode(value.item(), depth - 1, count)
    raise NotPlainError(f"a {kind.__name__} is not plain data")


_DECODERS: dict[str, Callable[[Any], object]] = {
    "int": lambda text: int(text, 16),
    "float": float,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": collections.deque,
    "dict": dict,
    "OrderedDict": collections.OrderedDict,
    "defaultdict": lambda pairs: collections.defaultdict(None, pairs),
    "Counter": lambda pairs: collections.Counter(dict(pairs)),
    "keys": lambda items: dict.fromkeys(items).keys(),
    "values": lambda items: dict(enumerate(items)).values(),
    "items": lambda items: dict(items).items(),
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "complex": complex,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda parts: datetime.timedelta(*parts),
    "bytes": lambda text: text.encode("latin-1"),
    "bytearray": lambda text: bytearray(text.encode("latin-1")),
    "range": lambda parts: range(*parts),
    "iterator": iter,
}


def decode(data: object) -> object:
    """The value that ``data`` (from JSON) stands for.

    Raises:
        ValueError, TypeError: it stands for none.
    """
    if isinstance(data, list):
        return [decode(item) for item in data]
    if isinstance(data, dict):
        if len(data) != 1:
            raise ValueError("not one type's name")
        [(name, content)] = data.items()
        make = _DECODERS.get(name)
        if make is None:
            raise ValueError("a type that is not known")
        return make(decode(content) if isinstance(content, list) else str(content))
    return data
