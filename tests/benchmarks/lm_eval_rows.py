"""A mirror of made-up rows for tasks of lm-eval: a few for every kind of request, in their data sets' own schemas."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = """river stone cloud seven garden quiet blue machine letter window paper early walk green under light
    morning bridge copper winter""".split()  # noqa: SIM905
ROWS = 8
Row = dict[str, Any]


def write_mirror(folder: Path) -> Path:
    """Writes all splits below ``folder``; the rows are always the same ones."""
    for place, make in MAKERS.items():
        chance = random.Random(place)
        path = folder / f"{place}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(make(chance, number), ensure_ascii=False) for number in range(ROWS)]
        path.write_text("".join(f"{line}\n" for line in lines))
    return folder


def words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def science(chance: random.Random, number: int) -> Row:
    texts = [words(chance, chance.randint(1, 4)) for _ in range(4)]
    choices = {"text": texts, "label": list("ABCD")}
    return {
        "id": str(number),
        "question": f"{words(chance, 9)}?",
        "choices": choices,
        "answerKey": chance.choice("ABCD"),
    }


def anatomy(chance: random.Random, number: int) -> Row:
    choices = [words(chance, 2) for _ in range(4)]
    return {"question": words(chance, 8), "subject": "anatomy", "choices": choices, "answer": number % 4}


def blank(chance: random.Random, number: int) -> Row:
    sentence = f"{words(chance, 6)} _ {words(chance, 4)}."
    return {
        "sentence": sentence,
        "option1": words(chance, 1),
        "option2": words(chance, 2),
        "answer": chance.choice("12"),
    }


def acceptable(chance: random.Random, number: int) -> Row:
    return {"sentence": words(chance, 7), "label": chance.randint(0, 1), "idx": number}


def entailed(chance: random.Random, number: int) -> Row:
    return {"premise": words(chance, 12), "hypothesis": words(chance, 5), "idx": number, "label": chance.randint(0, 2)}


def cloze(chance: random.Random, number: int) -> Row:
    return {"text": f"{words(chance, 20)}"}


def page(chance: random.Random, number: int) -> Row:
    return {"page": f" = {words(chance, 2)} = \n {words(chance, 10 + 45 * number)} , {words(chance, 5)} \n"}


def sums(chance: random.Random, number: int) -> Row:
    left, right = chance.randint(1, 9), chance.randint(1, 9)
    return {"question": f"What is {left} and {right}?", "answer": f"{left}+{right}={left + right}\n#### {left + right}"}


def trivia(chance: random.Random, number: int) -> Row:
    return {"question": words(chance, 6), "answer": {"aliases": [words(chance, 1) for _ in range(3)]}}


def minimal_pair(chance: random.Random, number: int) -> Row:
    return {"sentence_good": words(chance, 6), "sentence_bad": words(chance, 6)}


def truthful(chance: random.Random, number: int) -> Row:
    targets = {"choices": [words(chance, 4) for _ in range(4)], "labels": [1, 1, 0, 0]}
    return {"question": f"{words(chance, 6)}?", "mc1_targets": targets, "mc2_targets": targets}


def translated(chance: random.Random, number: int) -> Row:
    return {"translation": {"en": words(chance, 8), "fr": words(chance, 8)}}


MAKERS: dict[str, Callable[[random.Random, int], Row]] = {
    "allenai/ai2_arc/ARC-Easy/train": science,
    "allenai/ai2_arc/ARC-Easy/test": science,
    "mmlu/anatomy/dev": anatomy,
    "mmlu/anatomy/test": anatomy,
    "allenai/winogrande/winogrande_xl/train": blank,
    "allenai/winogrande/winogrande_xl/validation": blank,
    "nyu-mll/glue/cola/train": acceptable,
    "nyu-mll/glue/cola/validation": acceptable,
    "glue_sets/cb/validation": entailed,
    "masakhane/afrixnli/amh/validation": entailed,
    "masakhane/afrixnli/amh/test": entailed,
    "allenai/ai2_arc/ARC-Challenge/train": science,
    "allenai/ai2_arc/ARC-Challenge/test": science,
    "EleutherAI/lambada_openai/default/test": cloze,
    "EleutherAI/wikitext_document_level/wikitext-2-raw-v1/train": page,
    "EleutherAI/wikitext_document_level/wikitext-2-raw-v1/test": page,
    "openai/gsm8k/main/train": sums,
    "openai/gsm8k/main/test": sums,
    "mandarjoshi/trivia_qa/rc.nocontext/train": trivia,
    "mandarjoshi/trivia_qa/rc.nocontext/validation": trivia,
    "nyu-mll/blimp/adjunct_island/train": minimal_pair,
    "truthfulqa/truthful_qa/multiple_choice/validation": truthful,
    "wmt/wmt14/fr-en/validation": translated,
    "wmt/wmt14/fr-en/test": translated,
}
