"""Chat templates and code that models bring along."""

import json
from pathlib import Path
from typing import Any

import pytest
from model_folders import TEMPLATE, gguf, kinds, made_model, refusals, screened

from harness.screening.screen import Screening

UNSAFE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.system('touch /tmp/x') }}",
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{{ messages | attr('__len__') }}",
    "{{ '{0.__class__}'.format(messages) }}",
    "{{ ('{0.__cla' ~ 'ss__}').format(messages) }}",
    "{{ messages | map(attribute='__class__') | list }}",
    "{% set n = namespace(__class__=1) %}",
    "{% if false %}{{ lipsum.__globals__ }}{% endif %}",
    "{% include '/etc/passwd' %}",
    "{% import '/etc/passwd' as x %}",
    "{% extends 'x' %}",
]
ENDLESS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ 'a' * 99999999999 }}",
]


def with_template(folder: Path, template: str) -> Screening:
    made_model(folder)
    (folder / "chat_template.jinja").write_text(template)
    return screened(folder)


@pytest.mark.parametrize("template", UNSAFE)
def test_a_template_that_reaches_for_pythons_insides_is_refused(tmp_path: Path, template: str) -> None:
    assert "chat_template.jinja" in refusals(with_template(tmp_path / "model", template))["template-unsafe"]


@pytest.mark.parametrize("template", ENDLESS)
def test_a_template_that_does_not_end_is_stopped_and_refused(tmp_path: Path, template: str) -> None:
    assert "does not end" in refusals(with_template(tmp_path / "model", template))["template-endless"]


@pytest.mark.parametrize(
    "template",
    [
        TEMPLATE,
        "{% for m in messages %}{% generation %}{{ m.content | trim }}{% endgeneration %}{% continue %}{% endfor %}",
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ tools | tojson(indent=4) }}",
        "{{ strftime_now('%Y') }}{% set ns = namespace(n=0) %}{% set ns.n = 1 %}{{ bos_token }}",
        "Write `__init__` and `__class__` where a class needs them. {{ messages[-1]['content'] }}",
    ],
)
def test_a_template_as_models_have_them_passes(tmp_path: Path, template: str) -> None:
    assert not {each for each in kinds(with_template(tmp_path / "model", template)) if each.startswith("template")}


@pytest.mark.parametrize(
    "template", ["{{ nothing.at.all }}", "{% if %}", "{% break %}", "{{ raise_exception('always') }}"]
)
def test_a_template_that_only_fails_is_warned_of(tmp_path: Path, template: str) -> None:
    found = with_template(tmp_path / "model", template)
    assert refusals(found) == {}
    assert "template-fails" in kinds(found)


BAD = "{{ ''.__class__ }}"
SEVERAL = [{"name": "default", "template": TEMPLATE}, {"name": "tools", "template": BAD}]
HOLDERS: dict[str, tuple[str, bytes]] = {
    "a text": ("tokenizer_config.json", json.dumps({"chat_template": BAD}).encode()),
    "one of several": ("tokenizer_config.json", json.dumps({"chat_template": SEVERAL}).encode()),
    "a processor's": ("chat_template.json", json.dumps({"chat_template": BAD}).encode()),
    "an additional one": ("additional_chat_templates/tools.jinja", BAD.encode()),
    "within GGUF weights": ("model.gguf", gguf({"tokenizer.chat_template": BAD})),
    "a second one within GGUF weights": ("model.gguf", gguf({"tokenizer.chat_template.tools": BAD})),
}


@pytest.mark.parametrize("place", HOLDERS)
def test_a_template_is_found_wherever_a_model_keeps_one(tmp_path: Path, place: str) -> None:
    folder = made_model(tmp_path / "model")
    name, content = HOLDERS[place]
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    assert name in refusals(screened(folder))["template-unsafe"]


def test_more_templates_than_a_model_has_are_refused(tmp_path: Path) -> None:
    held = [{"name": str(number), "template": TEMPLATE + "x" * number} for number in range(25)]
    folder = made_model(tmp_path / "model")
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": held}))
    assert "more than 20" in refusals(screened(folder))["template-endless"]


AUTO: dict[str, Any] = {"AutoModelForCausalLM": "modeling_tiny.TinyForCausalLM"}


def test_code_that_a_config_asks_for_is_refused_unless_it_is_trusted(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model", auto_map=AUTO)
    (folder / "modeling_tiny.py").write_text("raise SystemExit('code of a model was run')")
    assert "modeling_tiny.TinyForCausalLM" in refusals(screened(folder))["code-wanted"]
    trusted = screened(folder, trust_remote_code=True)
    assert refusals(trusted) == {}
    assert [each.what for each in trusted.findings if each.kind == "code-trusted"] == [
        "code of the model's folder may run: modeling_tiny.py"
    ]
    assert trusted.allowed == ("trust_remote_code",)


@pytest.mark.parametrize(
    "content",
    [
        {"auto_map": {"AutoTokenizer": ["other/repo--tokenization.Tok", None]}},
        {"text_config": {"auto_map": {"AutoModel": "other/repo--module.Class"}}},
        {"custom_pipelines": {"text-generation": {"impl": "other/repo--pipe.Pipe", "pt": ["AutoModel"]}}},
    ],
)
def test_code_of_another_repository_is_refused_even_where_code_is_trusted(tmp_path: Path, content: Any) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "tokenizer_config.json").write_text(json.dumps(content))
    assert "other/repo--" in refusals(screened(folder, trust_remote_code=True))["code-elsewhere"]


def test_code_that_nothing_asks_for_is_noted(tmp_path: Path) -> None:
    folder = made_model(tmp_path / "model")
    (folder / "convert.py").write_text("")
    found = screened(folder)
    assert refusals(found) == {}
    assert "code-unused" in kinds(found)
