"""The static site in a real browser: it renders, filters and compares, and nothing that a model wrote runs."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Evaluate
from playwright.sync_api import expect, sync_playwright
from pydantic import TypeAdapter
from run_folders import record, run_folder

from harness.journal import RECORDS
from harness.manifest import MANIFEST
from harness.records import Answer, Record
from harness.reporting.site.build import build
from harness.reporting.site.samples import TEXTS, write_samples
from harness.runs import runs_in
from harness.viability import assess_all

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = (
    "<script>window.pwned = 1</script>",
    '<img src=x onerror="window.pwned = 2">',
    '"><svg onload="window.pwned = 3">',
    "</pre></script><script>window.pwned = 4</script>",
    "\u2028window.pwned = 5;\u2029 ` ${window.pwned = 6}",
    "[x](javascript:window.pwned=7)\n# heading\n{{ 7 * 7 }} {% raw %}",
)
Page = Any


def scores(passed: int, n: int = 24) -> list[float]:
    return [1.0] * passed + [0.0] * (n - passed)


def rewritten(folder: Path, answers: Callable[[int], str]) -> None:
    """Gives a run's records the texts that ``answers`` makes of their numbers."""
    adapter = TypeAdapter(Record)
    rows = [json.loads(line) for line in (folder / RECORDS).read_text().splitlines()]
    for number, row in enumerate(rows):
        row["answer"]["text"] = answers(number)
        row["tags"] = {"language": ("python", "go", "ruby")[number % 3]}
        row["detail"] = {"message": answers(number)}
    (folder / RECORDS).write_bytes(b"".join(adapter.dump_json(adapter.validate_python(row)) + b"\n" for row in rows))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    runs = root / "runs"
    one = run_folder(runs, "one", {"mbpp": scores(20), "code-generation": scores(6)})
    two = run_folder(
        runs, "two <b>bold</b>", {"mbpp": scores(12), "code-generation": scores(10)}, began="2026-01-02T00:00:00+00:00"
    )
    run_folder(root / "later/runs", "one", {"mbpp": scores(22)}, began="2026-02-01T00:00:00+00:00")
    rewritten(one, lambda number: f"def a{number}():\n    return {number}\n{HOSTILE[number % len(HOSTILE)]}\n")
    rewritten(two, lambda number: f"def a{number}():\n    return -{number}\n")
    found, faults = runs_in([root])
    return build(found, faults, root / "public", str(two), assess_all(found, str(two))).parent


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    """A page that fails the test for any error on its console and any request that leaves the site."""
    context = browser.new_context()
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    own = ("file:", "http://127.0.0.1")
    opened.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
    yield opened
    assert wrong == []
    assert opened.evaluate("window.pwned") is None
    context.close()


def pages(site: Path) -> list[str]:
    return ["index.html", *sorted(str(path.relative_to(site)) for path in site.glob("*/*.html"))]


def samples_of(site: Path, model: str) -> Path:
    return next((site / "samples").glob(f"{model}--*.html"))


def test_every_page_renders_from_a_file_without_an_error(site: Path, page: Page, tmp_path: Path) -> None:
    assert len(pages(site)) == 1 + 1 + 2 * 3
    for name in pages(site):
        page.goto(f"file://{site / name}")
        assert page.locator("h1").is_visible()
        pictures = page.locator("img")
        for number in range(pictures.count()):
            assert pictures.nth(number).evaluate("image => image.complete && image.naturalWidth > 0")
        page.screenshot(path=tmp_path / "page.png")
        assert (tmp_path / "page.png").stat().st_size > 5_000


def test_labels_stand_on_the_overview_and_on_the_runs_page(site: Path, page: Page) -> None:
    page.goto(f"file://{site / 'index.html'}")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="one", exact=True)).first
    assert row.inner_text().startswith("one\tFull\tFull 0.917 0.742-0.977")  # 22 of 24 where the baseline has 12
    page.goto(f"file://{next((site / 'runs').glob('one--*20260201*.html'))}")
    labels = page.get_by_role("table").filter(has_text="Labels against")
    assert "Full" in labels.inner_text()


def test_links_lead_to_pages_and_files_of_the_site(site: Path, page: Page) -> None:
    for name in pages(site):
        page.goto(f"file://{site / name}")
        for target in page.eval_on_selector_all("a[href], img", "all => all.map(each => each.href || each.src)"):
            assert Path(target.partition("#")[0].removeprefix("file://").replace("%20", " ")).exists(), (name, target)


def test_a_served_site_works_under_its_policy_too(site: Path, page: Page) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.goto(f"http://127.0.0.1:{server.server_port}/samples/{samples_of(site, 'one').name}")
        expect(page.locator("#count")).to_have_text("48 of 48")
        assert page.locator("h1").evaluate("each => getComputedStyle(each).fontFamily").startswith("system-ui")
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_are_accessible_and_fit_a_phone(browser: Any, site: Path, scheme: str, width: int) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    for name in pages(site):
        page.goto(f"file://{site / name}")
        if name.startswith("samples/"):
            page.locator("tbody button").first.click()
            page.wait_for_selector("#answers pre")
        found = Axe().run(page, options={"preload": False}).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
    context.close()


def test_samples_are_filtered_searched_and_opened_by_keyboard(site: Path, page: Page) -> None:
    page.goto(f"file://{samples_of(site, 'one')}")
    count = page.locator("#count")
    expect(page.locator("#count")).to_have_text("48 of 48")
    page.fill("#text", "language:go")
    assert count.text_content() == "16 of 48"
    page.select_option("#benchmark", "mbpp")
    page.select_option("#verdict", "passed")
    assert count.text_content() == "7 of 48"
    page.fill("#text", "")
    page.select_option("#benchmark", "")
    page.select_option("#verdict", "")
    page.fill("#within", "return 13\n")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("1 of 48")
    page.locator("tbody button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#answers pre")
    assert "return 13" in page.locator("#answers pre").text_content()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("#answers pre")
    assert "return 13" in page.locator("#answers pre").text_content()


def test_a_sample_stands_beside_another_models_with_what_differs_marked(site: Path, page: Page) -> None:
    page.goto(f"file://{samples_of(site, 'one')}")
    page.locator("tbody button").nth(1).click()
    page.wait_for_selector("#answers pre")
    page.select_option("#other", label="two <b>bold</b>, code-suggestions, 2026-01-02")
    expect(page.locator("#answers pre")).to_have_count(2)
    mine, theirs = (page.locator("#answers pre").nth(number) for number in range(2))
    assert mine.locator(".gone").first.text_content() == "    return 1\n"
    assert theirs.locator(".only").all_text_contents() == ["    return -1\n"]


def test_what_a_model_wrote_is_text(site: Path, page: Page) -> None:
    page.goto(f"file://{samples_of(site, 'one')}")
    for number, hostile in enumerate(HOSTILE):
        page.locator("tbody button").nth(number).click()
        expect(page.locator("#answers pre")).to_contain_text(f"def a{number}(")
        assert hostile in page.locator("#answers pre").text_content()
        assert page.locator("#answers pre *").count() == 0
    page.goto(f"file://{site}/index.html")
    assert page.locator("b").count() == 0
    assert "two <b>bold</b>" in page.locator("table").first.text_content()


def test_of_twenty_thousand_samples_the_list_is_loaded_and_no_text_until_it_is_asked_for(
    page: Page, tmp_path: Path
) -> None:
    count = 20_000
    folder = run_folder(tmp_path / "runs", "big", {"mbpp": scores(9_000, count)})
    rewritten(folder, lambda number: f"def a{number}():\n" + f"    return {number}\n" * 20)
    found, faults = runs_in([tmp_path / "runs"])
    out = build(found, faults, tmp_path / "public").parent
    largest = max(path.stat().st_size for path in (out / "data").rglob("*.js"))
    assert largest < 2_000_000
    page.goto(f"file://{samples_of(out, 'big')}")
    expect(page.locator("#count")).to_have_text("20,000 of 20,000")
    page.fill("#text", "language:go mbpp/19")
    expect(page.locator("#count")).not_to_contain_text("20,000 of")
    assert page.locator("tbody tr").count() == 50
    page.locator("tbody button").last.click()
    page.wait_for_selector("#answers pre")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').filter(each => each.name.includes('texts-')).length"
    )
    assert loaded <= 1


def test_pieces_hold_all_samples_in_order(tmp_path: Path) -> None:
    pieces = write_samples((record("mbpp", number, 0.0) for number in range(TEXTS + 5)), tmp_path)
    assert (pieces.rows, pieces.lists, pieces.texts) == (TEXTS + 5, 1, 2)
    listed = json.loads((tmp_path / "list-0.js").read_text().removeprefix('received("list",0,').rstrip(");\n"))
    assert [row[1] for row in listed] == [f"mbpp/{number}" for number in range(TEXTS + 5)]


def test_runs_that_cannot_be_read_are_named_and_the_rest_is_shown(tmp_path: Path, evaluate: Evaluate) -> None:
    run_folder(tmp_path / "runs", "good", {"mbpp": scores(3)})
    broken = run_folder(tmp_path / "runs", "broken", {"mbpp": scores(3)})
    (broken / MANIFEST).write_text("{")
    (tmp_path / "runs/empty").mkdir()
    unfinished = run_folder(tmp_path / "runs", "unfinished", {"mbpp": scores(3)})
    (unfinished / "summary.json").unlink()
    (unfinished / RECORDS).unlink()
    shown = evaluate("report", str(tmp_path / "runs"), "-o", str(tmp_path / "public"))
    assert shown.returncode == 3
    assert "broken" in shown.stderr
    text = (tmp_path / "public/index.html").read_text()
    assert "good" in text
    assert "nothing answered" in text
    assert "Left out: " in text
    told = json.loads(evaluate("report", str(tmp_path / "runs"), "-o", str(tmp_path / "public"), "--json").stdout)
    assert told["page"] == f"{tmp_path}/public/index.html"
    assert [str(broken) in fault for fault in told["faults"]] == [True]


def test_answers_by_fallback_are_marked_wherever_their_score_stands(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "runs", "one", {"mbpp": scores(3)})
    text = (folder / RECORDS).read_text().replace('"fallback":false', '"fallback":true')
    (folder / "summary.json").unlink()
    (folder / RECORDS).write_text(text)
    runs, faults = runs_in([tmp_path / "runs"])
    out = build(runs, faults, tmp_path / "public").parent
    assert "pass@1 (fallback)" in (out / "index.html").read_text()
    assert "pass@1 (fallback)" in next((out / "runs").glob("*.html")).read_text()
    assert "24 answers by fallback" in (out / "features/code-suggestions.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("nowhere",), "nowhere is no folder"), (("-o", "/proc/nowhere"), "cannot write to /proc/nowhere")],
)
def test_bad_places_are_told(evaluate: Evaluate, arguments: tuple[str, ...], said: str) -> None:
    shown = evaluate("report", *arguments)
    assert shown.returncode == 2
    assert said in shown.stderr


def test_a_run_that_asks_about_an_answer_that_has_none_is_shown(tmp_path: Path) -> None:
    adapter = TypeAdapter(Record)
    silent = adapter.validate_python(json.loads(adapter.dump_json(record("mbpp", 1, 0.0))) | {"answer": None})
    options = adapter.validate_python(
        json.loads(adapter.dump_json(record("mmlu", 2, 0.0)))
        | {"answer": {**Answer("", "stop", 1, 0, 0.1, options=(-1.0, -2.0)).__dict__}}
    )
    write_samples([silent, options], tmp_path)
    text = (tmp_path / "texts-0.js").read_text()
    assert '"options":[-1.0,-2.0]' in text
    assert text.count('"answer"') == 1
