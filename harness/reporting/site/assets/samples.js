"use strict";
// Loads a run's samples piece by piece and shows them as text: nothing that a model wrote becomes part of the page.
const PAGE = 50, TEXTS = 200, MOST_LINES = 1500;
const form = document.getElementById("filters");
const own = { run: form.dataset.run, lists: Number(form.dataset.lists), title: document.querySelector("h1").textContent };
const others = JSON.parse(form.dataset.others);
const get = (id) => document.getElementById(id);
const waiting = new Map();   // of the piece that is being loaded: what to do with it
const loaded = new Map();    // pieces by their address
let page = 0, shown = [], found = null, queue = Promise.resolve();

window.received = (kind, number, rows) => waiting.get(`${kind}-${number}`)?.(rows);

function load(run, kind, number) {
  const address = `../data/${run}/${kind}-${number}.js`;
  if (!loaded.has(address)) {
    // One after the other: a piece does not say which run it is of.
    const piece = queue.then(() => new Promise((done, failed) => {
      waiting.set(`${kind}-${number}`, done);
      const script = document.createElement("script");
      script.src = address;
      script.onerror = () => failed(new Error(address));
      script.onload = () => script.remove();
      document.head.append(script);
    }));
    queue = piece.catch(() => {});
    loaded.set(address, piece);
  }
  return loaded.get(address);
}

async function rowsOf(run) {
  if (!run.rows) {
    const rows = [];
    for (let number = 0; number < run.lists; number++) {
      for (const row of await load(run.run, "list", number)) rows.push(row);
    }
    run.rows = rows;
  }
  return run.rows;
}

async function textOf(run, at) {
  return (await load(run.run, "texts", Math.floor(at / TEXTS)))[at % TEXTS];
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function filtered() {
  const words = get("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const benchmark = get("benchmark").value, verdict = get("verdict").value;
  const chosen = [];
  own.rows.forEach(([name, sample, , outcome, , tags], at) => {
    if (benchmark && name !== benchmark || verdict && outcome !== verdict || found && !found.has(at)) return;
    const text = `${sample} ${tags}`.toLowerCase();
    if (words.every((word) => text.includes(word))) chosen.push(at);
  });
  return chosen;
}

function show() {
  const body = get("rows").tBodies[0];
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  body.replaceChildren(...shown.slice(page * PAGE, (page + 1) * PAGE).map((at) => {
    const [benchmark, sample, attempt, verdict, score, tags] = own.rows[at];
    const line = element("tr"), head = element("th", undefined, { scope: "row" });
    const open = element("button", sample, { type: "button" });
    open.addEventListener("click", () => one(at));
    head.append(open);
    const number = score === null ? "-" : Number(score).toFixed(3);
    line.append(head, element("td", benchmark), element("td", attempt), element("td", verdict),
      element("td", number, { class: "number" }), element("td", tags));
    return line;
  }));
  get("count").textContent = `${shown.length.toLocaleString("en")} of ${own.rows.length.toLocaleString("en")}`;
  get("place").textContent = `page ${page + 1} of ${pages}`;
  get("before").disabled = page === 0;
  get("after").disabled = page === pages - 1;
}

function refilter() {
  page = 0;
  shown = filtered();
  show();
}

async function searchAnswers(event) {
  event.preventDefault();
  const wanted = get("within").value.toLowerCase();
  found = null;
  if (wanted) {
    const hits = new Set();
    for (let start = 0; start < own.rows.length; start += TEXTS) {
      (await load(own.run, "texts", start / TEXTS)).forEach((text, at) => {
        if ((text.answer || "").toLowerCase().includes(wanted)) hits.add(start + at);
      });
      get("count").textContent = `searched ${start.toLocaleString("en")} answers`;
    }
    found = hits;
  }
  refilter();
}

async function one(at) {
  const [benchmark, sample, attempt, verdict] = own.rows[at];
  const text = await textOf(own, at);
  get("one").hidden = false;
  get("one-title").textContent = `${benchmark} ${sample}, attempt ${attempt}: ${verdict}`;
  const scores = Object.entries(text.scores).map(([name, value]) => `${name} ${value}`).join(", ");
  get("one-told").textContent = [scores, text.told].filter(Boolean).join("; ");
  get("one-detail").querySelector("pre").textContent = text.detail || "nothing more";
  history.replaceState(null, "", `#${encodeURIComponent(JSON.stringify([benchmark, sample, attempt]))}`);
  await beside(at, text);
  get("one-title").focus();
}

async function beside(at, text) {
  const [benchmark, sample, attempt] = own.rows[at];
  const other = others[get("other").value];
  get("other").onchange = () => beside(at, text);
  const mine = answerOf(text);
  if (!other) return get("answers").replaceChildren(panel(own.title, [[mine, ""]]));
  const place = (await rowsOf(other)).findIndex(
    (row) => row[0] === benchmark && row[1] === sample && row[2] === attempt);
  const theirs = place < 0 ? null : answerOf(await textOf(other, place));
  if (theirs === null) {
    return get("answers").replaceChildren(panel(own.title, [[mine, ""]]), panel(other.title, [["has no such sample", ""]]));
  }
  const [left, right] = marked(mine, theirs);
  get("answers").replaceChildren(panel(own.title, left), panel(`${other.title}: ${other.rows[place][3]}`, right));
}

function answerOf(text) {
  if (text.options?.length) return text.options.map((value, at) => `option ${at + 1}: ${value}`).join("\n");
  return text.answer ?? "no answer";
}

function panel(title, lines) {
  const made = element("section"), body = element("pre", undefined, { tabindex: "0", "aria-label": title });
  for (const [line, mark] of lines) body.append(mark ? element("span", line, { class: mark }) : line);
  made.append(element("h3", title), body);
  return made;
}

// The lines of both, those marked that the other has not: by the longest common subsequence.
function marked(one, other) {
  const a = one.split(/(?<=\n)/), b = other.split(/(?<=\n)/);
  if (a.length > MOST_LINES || b.length > MOST_LINES) return [[[one, ""]], [[other, ""]]];
  const width = b.length + 1, length = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j]
        ? length[(i + 1) * width + j + 1] + 1
        : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  const left = [], right = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      left.push([a[i++], ""]);
      right.push([b[j++], ""]);
    } else if (j === b.length || i < a.length && length[(i + 1) * width + j] >= length[i * width + j + 1]) {
      left.push([a[i++], "only gone"]);
    } else {
      right.push([b[j++], "only"]);
    }
  }
  return [left, right];
}

async function start() {
  others.forEach((run, at) => get("other").append(element("option", run.title, { value: at })));
  get("text").addEventListener("input", refilter);
  get("benchmark").addEventListener("change", refilter);
  get("verdict").addEventListener("change", refilter);
  form.addEventListener("submit", searchAnswers);
  get("before").addEventListener("click", () => { page--; show(); });
  get("after").addEventListener("click", () => { page++; show(); });
  try {
    await rowsOf(own);
  } catch (error) {
    get("count").textContent = `the samples could not be loaded: ${error.message}`;
    return;
  }
  refilter();
  if (location.hash) {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const at = own.rows.findIndex((row) => JSON.stringify(row.slice(0, 3)) === wanted);
    if (at >= 0) await one(at);
  }
}

start();
