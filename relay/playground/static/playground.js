// The page: what is typed is tried at once, one request after the other, by this relay's own
// functions. Nothing is stored: a reload begins afresh.

import { Editor, codePoints } from "./editor.js";
import { showOld, showResult, showRule, showSuggestion, state } from "./results.js";
import { Refused, ask, useToken } from "./server.js";

const PAUSE = 200; // ms without a key before a trial
const find = (id) => document.getElementById(id);

const editor = new Editor(find("rule"), find("gutter"));
const sample = find("sample");
const example = editor.text;
let rules = [];
let samples = [];

const kind = () => document.querySelector("input[name=kind]:checked").value;
const theSample = () => ({ kind: kind(), text: sample.value });

/** Runs something that asks the relay; says so where it is refused. */
async function asking(what) {
  try {
    await what();
    find("trouble").hidden = true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401 || error.status === 403) {
      lock(error.message);
      return;
    }
    const most = error.status === 413 ? ": rule and sample together may have 1 MiB" : "";
    find("trouble").textContent = `Not done: ${error.message}${most}.`;
    find("trouble").hidden = false;
  }
}

// --- trials ----------------------------------------------------------------------------------------

let timer = 0;
let isBusy = false;
let isStale = false;

function changed() {
  clearTimeout(timer);
  timer = setTimeout(runTrials, PAUSE);
}

/** Tries what stands there; once more if it has changed meanwhile. */
async function runTrials() {
  isStale = true;
  if (isBusy) return;
  isBusy = true;
  try {
    while (isStale) {
      isStale = false;
      await asking(tryOnce);
    }
  } finally {
    isBusy = false;
  }
}

async function tryOnce() {
  const text = editor.text;
  let tried;
  try {
    tried = await ask("try", {
      rules: text.trim() ? [{ name: "rule", text }] : [],
      base: find("with-loaded").checked ? "loaded" : "none",
      sample: theSample(),
    });
  } catch (error) {
    showOld();
    throw error;
  }
  showRule(tried, editor, rules);
  showResult(tried);
}

// --- suggestions -----------------------------------------------------------------------------------

let chosen = null;

async function suggest(choice = null) {
  if (choice === null) {
    const { value, selectionStart, selectionEnd } = sample;
    chosen = {
      sample: theSample(),
      start: codePoints(value, selectionStart),
      end: codePoints(value, selectionEnd),
    };
  }
  await asking(async () => {
    const told = await ask("suggest", { ...chosen, choice });
    showSuggestion(told, (number) => suggest(number));
  });
}

function forgetSuggestion() {
  chosen = null;
  find("suggestion").hidden = true;
  state("suggest-state", "");
}

// --- what is at hand -------------------------------------------------------------------------------

function option(text, value) {
  const made = document.createElement("option");
  made.textContent = text;
  made.value = value;
  return made;
}

async function load() {
  // One after the other: a refusal is noted once.
  ({ rules } = await ask("rules"));
  samples = await ask("samples");
  const names = rules.map((rule) => option(rule.status === "enforce" ? rule.id : `${rule.id} (${rule.status})`, rule.id));
  find("start").replaceChildren(option("the example", ""), ...names);
  find("samples").replaceChildren(...samples.map((one, number) => option(one.name, number)));
  if (!sample.value) openSample();
}

function openRule() {
  const id = find("start").value;
  editor.text = id ? rules.find((rule) => rule.id === id).text : example;
}

function openSample() {
  const one = samples[find("samples").value || 0];
  document.querySelector(`input[name=kind][value=${one.kind}]`).checked = true;
  sample.value = one.text;
  sample.setSelectionRange(0, 0);
  sample.scrollTop = 0;
  forgetSuggestion();
  changed();
}

// --- tokens ----------------------------------------------------------------------------------------

function lock(why) {
  const wasHidden = find("lock").hidden;
  find("lock").hidden = false;
  find("lock-state").textContent = wasHidden ? "" : why;
  if (wasHidden) find("token").focus();
}

find("lock").addEventListener("submit", async (event) => {
  event.preventDefault();
  useToken(find("token").value.trim());
  find("lock-state").textContent = "";
  await asking(async () => {
    await load();
    find("token").value = "";
    find("lock").hidden = true;
    find("rule").focus();
  });
});

// --- wiring ----------------------------------------------------------------------------------------

find("rule").addEventListener("input", changed);
find("with-loaded").addEventListener("change", changed);
sample.addEventListener("input", () => {
  forgetSuggestion();
  changed();
});
sample.addEventListener("click", () => suggest());
for (const radio of document.querySelectorAll("input[name=kind]")) {
  radio.addEventListener("change", () => {
    forgetSuggestion();
    changed();
  });
}
find("suggest").addEventListener("click", () => suggest());
find("use-draft").addEventListener("click", () => {
  editor.text = find("draft").textContent;
});
find("open-rule").addEventListener("click", openRule);
find("open-sample").addEventListener("click", openSample);

await asking(load);
