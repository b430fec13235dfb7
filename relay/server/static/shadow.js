// Shadow rules: asks every ten seconds, while somebody looks, what they would have redacted.

import { by, element, keepAsking } from "/playground/page.js";

const FEW = 20;
const WIDTH = 144;
const HEIGHT = 26;
const SVG = "http://www.w3.org/2000/svg";
const whole = new Set();
let drawn = "";

function drawNews(told) {
  const text = JSON.stringify(told);
  if (text !== drawn) {
    drawn = text;
    draw(told);
  }
}

function draw(told) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const since = new Date(told.since * 1000).toLocaleString();
  by("since").textContent =
    `Counted since ${since}, for 24 hours at most; times are in ${zone}. The counts are in memory alone and begin anew with the relay.`;
  by("lost").hidden = !told.lost;
  by("lost").textContent = `${told.lost} more hits were not told in time, and are in no row.`;
  by("empty").hidden = told.rules.length > 0;
  const focused = document.activeElement?.id;
  const order = [...told.rules].sort((a, b) => b.in_use - a.in_use || b.hits - a.hits);
  by("rules").replaceChildren(...order.map((rule) => card(rule, told)));
  if (focused && by("rules").contains(by(focused))) {
    by(focused).focus();
  }
}

function card(rule, told) {
  const section = element("section", "pane rule");
  const heading = section.appendChild(element("h2", "", rule.id));
  heading.id = `rule-${rule.id}`;
  section.setAttribute("aria-labelledby", heading.id);
  section.append(element("p", "facts", facts(rule)));
  if (!rule.paths.length) {
    return section;
  }
  const wide = section.appendChild(element("div", "wide"));
  wide.tabIndex = 0;
  wide.id = `table-${rule.id}`;
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", `Hits of ${rule.id} by path`);
  const table = wide.appendChild(element("table"));
  const head = table.appendChild(element("thead")).appendChild(element("tr"));
  for (const text of ["Path", "Hits", "By hour, the newest at the right"]) {
    const cell = element("th", "", text);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.appendChild(element("tbody"));
  const all = row("all paths", rule, told);
  all.className = "all";
  body.append(all);
  const shown = whole.has(rule.id) ? rule.paths : rule.paths.slice(0, FEW);
  for (const path of shown) {
    body.append(row(path.path, path, told));
  }
  if (rule.paths.length > FEW) {
    section.append(more(rule, told));
  }
  return section;
}

function facts(rule) {
  const parts = [`${number(rule.hits)} hits in ${number(rule.envelopes)} envelopes`];
  if (!rule.in_use) {
    parts.push("no shadow rule any more");
  } else if (!rule.hits) {
    parts.push("it is tried, and has found nothing");
  }
  if (rule.given_up) {
    parts.push(`${number(rule.given_up)} documents were too much work for it: enforced, it could have them dropped`);
  }
  return `${parts.join("; ")}.`;
}

function more(rule, told) {
  const all = whole.has(rule.id);
  const button = element("button", "", all ? `Show the first ${FEW} paths` : `Show all ${rule.paths.length} paths`);
  button.type = "button";
  button.id = `more-${rule.id}`;
  button.addEventListener("click", () => {
    if (all) {
      whole.delete(rule.id);
    } else {
      whole.add(rule.id);
    }
    draw(told);
  });
  return button;
}

function row(name, counts, told) {
  const made = element("tr");
  const cell = made.appendChild(element("th", "", name));
  cell.scope = "row";
  made.append(element("td", "", number(counts.hits)));
  made.appendChild(element("td")).append(bars(counts.by_hour, told.hours));
  return made;
}

function bars(numbers, hours) {
  const most = Math.max(...numbers);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", said(numbers, hours, most));
  const line = svg.appendChild(document.createElementNS(SVG, "line"));
  for (const [name, value] of [["x1", 0], ["x2", WIDTH], ["y1", HEIGHT - 0.5], ["y2", HEIGHT - 0.5]]) {
    line.setAttribute(name, value);
  }
  const step = WIDTH / numbers.length;
  numbers.forEach((count, place) => {
    if (!count) {
      return;
    }
    const high = Math.max(2, (count / most) * (HEIGHT - 2));
    const bar = svg.appendChild(document.createElementNS(SVG, "rect"));
    bar.setAttribute("x", place * step + 0.5);
    bar.setAttribute("y", HEIGHT - 1 - high);
    bar.setAttribute("width", step - 1);
    bar.setAttribute("height", high);
    const title = bar.appendChild(document.createElementNS(SVG, "title"));
    title.textContent = `${hour(hours[place])}: ${number(count)}`;
  });
  return svg;
}

function said(numbers, hours, most) {
  const now = `${number(numbers[numbers.length - 1])} in this hour`;
  return most ? `${now}; most, ${number(most)}, in the hour from ${hour(hours[numbers.indexOf(most)])}` : now;
}

function hour(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function number(count) {
  return new Intl.NumberFormat("en").format(count);
}

keepAsking(() => "/rules/shadow", drawNews);
