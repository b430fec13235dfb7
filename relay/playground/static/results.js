// Shows what a trial gave: mistakes and examples at their lines, the sample with its marks. All text
// of a sample goes into the page as text, never as markup.

import { element } from "./editor.js";

const find = (id) => document.getElementById(id);
const MOST = 500; // redactions in the list; all of them are marked

function counted(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

/** Says how something is; a screen reader reads it out when it changes. */
export function state(id, text, kind = "") {
  const place = find(id);
  place.className = `state ${kind}`;
  if (place.textContent !== text) place.textContent = text;
}

/** Shows mistakes and examples beside the editor, and says which of the loaded rules it replaces. */
export function showRule(tried, editor, loaded) {
  const marks = new Map();
  for (const example of tried.examples) {
    const kind = example.passed ? "good" : "bad";
    marks.set(example.line, {
      kind,
      sign: example.passed ? "✓" : "✗",
      text: example.passed ? "this example passes" : example.problem,
    });
  }
  for (const mistake of tried.mistakes) {
    marks.set(mistake.line, { kind: "bad", sign: "●", text: sentence(mistake) });
  }
  editor.mark(marks);
  find("mistakes").replaceChildren(...tried.mistakes.map((one) => mistakeItem(one, editor)));
  find("examples").classList.toggle("old", tried.mistakes.length > 0);
  if (tried.mistakes.length === 0) {
    find("examples").replaceChildren(...tried.examples.map((one) => exampleItem(one, editor)));
  }
  state("rule-state", ...ruleState(tried, loaded));
}

function ruleState(tried, loaded) {
  const failed = tried.examples.filter((one) => !one.passed).length;
  if (tried.mistakes.length) {
    const before = find("examples").children.length ? "; the examples below are from before." : "";
    return [`${counted(tried.mistakes.length, "mistake")}${before}`, "bad"];
  }
  if (!tried.edited.length) return ["No rule here: only what is loaded scrubs.", ""];
  if (failed) return [`The rule loads; ${counted(failed, "example")} of ${tried.examples.length} failed.`, "bad"];
  if (!tried.examples.length) return ["The rule loads. It is off: nothing is tried.", ""];
  const id = tried.edited[0];
  const known = loaded.find((rule) => rule.id === id);
  const next = known ? `It stands in place of the loaded ${known.file}.` : `Save it as ${id}.yaml in a rules folder.`;
  return [`The rule loads; ${counted(tried.examples.length, "example")} passed. ${next}`, "good"];
}

function sentence({ message, hint }) {
  return hint ? `${message} (${hint})` : message;
}

function mistakeItem(mistake, editor) {
  const button = element("button", { type: "button", text: `Line ${mistake.line}: ${sentence(mistake)}` });
  button.addEventListener("click", () => editor.goTo(mistake.line));
  const item = element("li");
  item.append(button);
  return item;
}

function exampleItem(example, editor) {
  const word = example.passed ? "✓ passed" : "✗ failed";
  const problem = example.passed ? "" : `: ${example.problem}`;
  const text = `${word}, line ${example.line}, ${example.list}${problem}`;
  const button = element("button", { type: "button", text });
  button.addEventListener("click", () => editor.goTo(example.line));
  const item = element("li", { kind: example.passed ? "pass" : "fail" });
  item.append(button);
  if (!example.passed) {
    const list = element("dl");
    for (const name of ["wanted", "got"]) {
      list.append(element("dt", { text: name }), element("dd", { text: example[name] ?? "" }));
    }
    item.append(list);
  }
  return item;
}

/** Says that what was last tried is not what stands there now. */
export function showOld() {
  find("result").classList.add("old");
  state("result-state", "Not tried. What stands below is from before.", "bad");
}

/** Shows the scrubbed sample; where there were mistakes, the last one stays, and is said to be old. */
export function showResult(tried) {
  const result = tried.result;
  find("result").classList.toggle("old", !result);
  if (!result) {
    state("result-state", "Not tried: the rule has mistakes. What stands below is from before.", "bad");
    return;
  }
  const marked = [];
  find("result").replaceChildren(...result.segments.map((one) => piece(one, tried.edited, marked)));
  const all = [...marked, ...result.removed.map((redaction) => ({ redaction }))];
  find("redactions").replaceChildren(...all.slice(0, MOST).map(redactionItem));
  find("notes").replaceChildren(...notes(result, all.length).map((text) => element("li", { text })));
  state("result-state", ...resultState(result, all));
}

function resultState(result, all) {
  if (result.problem) return [`Nothing comes out: ${result.problem}.`, "bad"];
  const rules = new Set(all.map(({ redaction }) => redaction.rule));
  if (!all.length) return ["Nothing is redacted.", ""];
  return [`${counted(all.length, "redaction")} by ${counted(rules.size, "rule")}.`, "good"];
}

function notes(result, count) {
  const made = result.dropped.map((one) => `Item ${one.item}, ${one.kind}, is dropped: ${one.reason}`);
  for (const { rule, hits } of result.shadow) {
    made.push(`${rule} is a shadow rule: it would have fired ${counted(hits, "time")}`);
  }
  if (count > MOST) made.push(`The list has the first ${MOST} of ${count} redactions`);
  return made;
}

function piece(segment, edited, marked) {
  if (segment.heading) return element("span", { kind: "part", text: segment.text });
  if (!segment.rule) return document.createTextNode(segment.text);
  const kinds = [edited.includes(segment.rule) ? "own" : "", segment.text ? "" : "gone"];
  const made = element("mark", {
    text: segment.text || "∅",
    kind: kinds.filter(Boolean).join(" "),
    title: described(segment),
    tabIndex: -1,
  });
  const tell = () => (find("what").textContent = described(segment));
  made.addEventListener("pointerenter", tell);
  made.addEventListener("focus", tell);
  marked.push({ redaction: segment, mark: made });
  return made;
}

function described({ rule, path, method, part }) {
  const place = [part, path].filter(Boolean).join(", ") || "the text";
  return `${rule}: ${method} at ${place}`;
}

function redactionItem({ redaction, mark }) {
  const item = element("li");
  const text = `${described(redaction)}${mark ? "" : " (nothing is left of it)"}`;
  if (!mark) {
    item.append(element("span", { text }));
    return item;
  }
  const button = element("button", { type: "button", text });
  button.addEventListener("click", () => mark.focus());
  item.append(button);
  return item;
}

/** Shows what can be said about a value; `choose` drafts by one of the selectors. */
export function showSuggestion(told, choose) {
  find("suggestion").hidden = !told.selectors;
  const caught = told.caught_by?.length ? ` Already redacted by ${told.caught_by.join(", ")}.` : "";
  const what = told.selectors ? `${told.path || "The text"}: ${told.value_type}.${caught}` : "";
  const problem = told.problem ? `No draft: ${told.problem}.` : "A draft is ready.";
  state("suggest-state", [what, problem].filter(Boolean).join(" "), told.problem ? "bad" : "good");
  if (!told.selectors) return;
  find("selectors").replaceChildren(...told.selectors.map((one, number) => selectorItem(one, number, choose)));
  find("selectors-heading").hidden = told.selectors.length === 0;
  find("drafted").hidden = !told.draft;
  find("draft").textContent = told.draft;
}

function selectorItem({ selector, note, way }, number, choose) {
  const item = element("li");
  const words = { key: "by key", pattern: "by pattern", place: "by place" };
  const button = element("button", { type: "button", text: `Draft ${words[way]}` });
  button.setAttribute("aria-label", `Draft ${words[way]}: ${selector}`);
  button.addEventListener("click", () => choose(number));
  item.append(button, element("code", { text: selector }), element("span", { text: note }));
  return item;
}
