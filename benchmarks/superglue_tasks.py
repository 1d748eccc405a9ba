"""SuperGLUE's tasks: their rows, and the samples made of them; see benchmarks/superglue.py."""

from dataclasses import dataclass
from typing import Literal

from harness.records import Choice, Sample

TaskName = Literal["boolq", "cb", "copa", "multirc", "record", "rte", "wic", "wsc"]
CB_LABELS = ("entailment", "contradiction", "neutral")


@dataclass(frozen=True)
class BoolqRow:
    """A question about a passage; label 1: yes."""

    question: str
    passage: str
    idx: int
    label: Literal[0, 1]


@dataclass(frozen=True)
class PairRow:
    """A premise and a hypothesis (CB and RTE); labels in the order of the task's options."""

    premise: str
    hypothesis: str
    idx: int
    label: Literal[0, 1, 2]


@dataclass(frozen=True)
class CopaRow:
    """A premise and two possible causes or effects; label 0: the first."""

    premise: str
    choice1: str
    choice2: str
    question: Literal["cause", "effect"]
    idx: int
    label: Literal[0, 1]


@dataclass(frozen=True)
class MultircIdx:
    """Which answer to which question about which paragraph."""

    paragraph: int
    question: int
    answer: int


@dataclass(frozen=True)
class MultircRow:
    """One possible answer to a question about a paragraph; label 1: it is right."""

    paragraph: str
    question: str
    answer: str
    idx: MultircIdx
    label: Literal[0, 1]


@dataclass(frozen=True)
class RecordIdx:
    """Which query about which passage."""

    passage: int
    query: int


@dataclass(frozen=True)
class RecordRow:
    """A passage and a sentence about it with an entity left out (@placeholder)."""

    passage: str
    query: str
    entities: list[str]
    answers: list[str]
    idx: RecordIdx


@dataclass(frozen=True)
class WicRow:
    """A word in two sentences; label 1: in the same sense."""

    word: str
    sentence1: str
    sentence2: str
    start1: int
    end1: int
    idx: int
    label: Literal[0, 1]


@dataclass(frozen=True)
class WscRow:
    """A text with a noun phrase (span 1) and a pronoun (span 2, by its word's number); label 1: they mean the same."""

    text: str
    span2_index: int
    span1_text: str
    span2_text: str
    idx: int
    label: Literal[0, 1]


@dataclass(frozen=True)
class Right:
    """What scoring needs of most tasks: the right option's number, and what each option says."""

    number: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Entities:
    """What scoring needs of ReCoRD: the entities, in the options' order, and those that are right."""

    options: tuple[str, ...]
    answers: tuple[str, ...]


def _sample(
    task: TaskName, idx: int, context: str, options: tuple[str, ...], label: int, labels: tuple[str, ...]
) -> Sample:
    name = f"{task}/{idx}"
    tags = {"task": task, "label": labels[label]}
    return Sample(name, Choice(context, options), Right(label, labels), cluster=name, tags=tags)


def boolq(rows: list[BoolqRow]) -> list[Sample]:
    """Whether the passage says yes to the question."""
    return [
        _sample(
            "boolq",
            row.idx,
            f"{row.passage}\nQuestion: {row.question}?\nAnswer:",
            (" no", " yes"),
            row.label,
            ("no", "yes"),
        )
        for row in rows
    ]


def cb(rows: list[PairRow]) -> list[Sample]:
    """Whether the premise's writer believes the hypothesis."""
    return [
        _sample(
            "cb",
            row.idx,
            f"{row.premise}\nQuestion: {row.hypothesis}. True, False, or Neither?\nAnswer:",
            (" True", " False", " Neither"),
            row.label,
            CB_LABELS,
        )
        for row in rows
    ]


def copa(rows: list[CopaRow]) -> list[Sample]:
    """Which of two sentences is the cause or the effect."""
    joined = {"cause": "because", "effect": "therefore"}

    def option(text: str) -> str:
        # Two spaces: lm-eval puts its delimiter before options that begin with a space of their own.
        return f"  {text[0].lower()}{text[1:]}"

    return [
        _sample(
            "copa",
            row.idx,
            f"{row.premise.strip()[:-1]} {joined[row.question]}",
            (option(row.choice1), option(row.choice2)),
            row.label,
            ("choice1", "choice2"),
        )
        for row in rows
    ]


def multirc(rows: list[MultircRow]) -> list[Sample]:
    """Whether an answer to a question about the paragraph is right, each answer by itself."""
    sizes: dict[tuple[int, int], int] = {}
    for row in rows:
        key = row.idx.paragraph, row.idx.question
        sizes[key] = sizes.get(key, 0) + 1
    found = []
    for row in rows:
        options = tuple(f" {row.answer}\nIs the answer correct? {word}" for word in ("yes", "no"))
        passage, question = f"multirc/{row.idx.paragraph}", f"multirc/{row.idx.paragraph}/{row.idx.question}"
        tags = {
            "task": "multirc",
            "label": str(bool(row.label)),
            "question": question,
            "answers": str(sizes[row.idx.paragraph, row.idx.question]),
        }
        found.append(
            Sample(
                id=f"{question}/{row.idx.answer}",
                prompt=Choice(f"{row.paragraph}\nQuestion: {row.question}\nAnswer:", options),
                # lm-eval's task takes label 1 (right) for its second option, "no", so that its accuracy is of the
                # opposite; here the label says what it says.
                target=Right(1 - row.label, ("True", "False")),
                cluster=passage,
                tags=tags,
            )
        )
    return found


def record(rows: list[RecordRow]) -> list[Sample]:
    """Which entity belongs into the sentence."""
    found = []
    for row in rows:
        text, *highlights = row.passage.strip().split("\n@highlight\n")
        context = f"{text}\n\n" + "".join(f"  - {highlight}.\n" for highlight in highlights)
        entities = tuple(sorted(set(row.entities)))
        options = tuple(f"   - {row.query}".replace("@placeholder", entity) for entity in entities)
        found.append(
            Sample(
                id=f"record/{row.idx.passage}/{row.idx.query}",
                prompt=Choice(context, options),
                target=Entities(entities, tuple(sorted(set(row.answers)))),
                cluster=f"record/{row.idx.passage}",
                tags={"task": "record"},
            )
        )
    return found


def rte(rows: list[PairRow]) -> list[Sample]:
    """Whether the premise entails the hypothesis."""
    return [
        _sample(
            "rte",
            row.idx,
            f"{row.premise}\nQuestion: {row.hypothesis} True or False?\nAnswer:",
            (" True", " False"),
            row.label,
            ("entailment", "not_entailment"),
        )
        for row in rows
    ]


def wic(rows: list[WicRow]) -> list[Sample]:
    """Whether the word has the same sense in both sentences."""
    return [
        _sample(
            "wic",
            row.idx,
            f"Sentence 1: {row.sentence1}\nSentence 2: {row.sentence2}\nQuestion: Is the word "
            f"'{row.sentence1[row.start1 : row.end1]}' used in the same way in the two sentences above?\nAnswer:",
            (" no", " yes"),
            row.label,
            ("no", "yes"),
        )
        for row in rows
    ]


def wsc(rows: list[WscRow]) -> list[Sample]:
    """Whether the pronoun means the noun."""
    return [
        _sample(
            "wsc",
            row.idx,
            f'Passage: {_marked(row)}\nQuestion: In the passage above, does the pronoun "*{row.span2_text}*" refer to '
            f'"*{row.span1_text}*"?\nAnswer:',
            (" no", " yes"),
            row.label,
            ("no", "yes"),
        )
        for row in rows
    ]


def _marked(row: WscRow) -> str:
    """The text with the pronoun in asterisks, and without the spaces that its tokenisation has put in."""
    before = " ".join(row.text.split()[: row.span2_index])
    after = row.text[len(before) + len(row.span2_text) + 1 :]
    text = f"{before} *{row.span2_text}*{after}"
    for spaced, joined in ((" n't", "n't"), (" )", ")"), ("( ", "("), ('" ', '"'), (' "', '"')):
        text = text.replace(spaced, joined)
    for mark in "'.,":
        text = text.replace(f" {mark}", mark)
    return text
