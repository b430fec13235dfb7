// Draws one plot as a table: a row a series, with its line in small, so that it can be read without.

import { element } from "/playground/page.js";

const WIDTH = 144;
const HEIGHT = 26;
const COLUMNS = 72;
const SVG = "http://www.w3.org/2000/svg";

/** Returns a number as people read it, by its unit: none, "bytes" or "seconds". */
export function shown(number, unit) {
  if (unit === "bytes") {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let step = 0;
    while (number >= 1000 && step < units.length - 1) {
      number /= 1000;
      step += 1;
    }
    return `${digits(number)} ${units[step]}`;
  }
  if (unit === "seconds") {
    if (number > 0 && number < 1) {
      return `${digits(number * 1000)} ms`;
    }
    return number < 120 ? `${digits(number)} s` : number < 7200 ? `${digits(number / 60)} min` : `${digits(number / 3600)} h`;
  }
  return digits(number);
}

function digits(number) {
  return new Intl.NumberFormat("en", { maximumFractionDigits: number < 10 ? 2 : 0 }).format(number);
}

/** Returns a card for a plot; `step` is the seconds between two points. */
export function card(plot, step) {
  const section = element("section", "plot");
  const table = section.appendChild(element("table"));
  const caption = table.appendChild(element("caption", "", plot.title));
  caption.append(element("small", "", about(plot)));
  if (!plot.series.length || (plot.kind !== "level" && plot.series.every((one) => !one.total))) {
    const row = table.appendChild(element("tbody")).appendChild(element("tr"));
    row.append(element("td", "none", "nothing yet"));
    return section;
  }
  const head = table.appendChild(element("thead")).appendChild(element("tr"));
  for (const text of headings(plot, step)) {
    const cell = element("th", "", text);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.appendChild(element("tbody"));
  for (const one of plot.series) {
    body.append(row(plot, one));
  }
  return section;
}

function about(plot) {
  const metric = plot.by ? `${plot.metric} by ${plot.by}` : plot.metric;
  return plot.kind === "time" ? `${metric}; took at most` : metric;
}

function headings(plot, step) {
  const last = step >= 60 ? `${step / 60} min` : `${step} s`;
  const first = plot.by || "what";
  return plot.kind === "count"
    ? [first, "over time", "in all", `last ${last}`]
    : plot.kind === "level"
      ? [first, "over time", "at most", "now"]
      : [first, "over time", "of all", `last ${last}`];
}

function row(plot, one) {
  const made = element("tr");
  const name = made.appendChild(element("th", "", one.label || "all"));
  name.scope = "row";
  made.appendChild(element("td")).append(line(one.points, plot.kind));
  const known = one.points.filter((point) => point !== null);
  const last = one.points[one.points.length - 1] ?? null;
  const middle = plot.kind === "level" ? Math.max(0, ...known) : one.total;
  made.append(element("td", "", shown(middle, plot.unit)));
  made.append(element("td", "", last === null ? "–" : shown(last, plot.unit)));
  return made;
}

/** Draws points, oldest first: columns of what was counted, or a line. It says no more than the row. */
function line(points, kind) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const ground = document.createElementNS(SVG, "line");
  for (const [name, value] of [["x1", 0], ["x2", WIDTH], ["y1", HEIGHT - 0.5], ["y2", HEIGHT - 0.5]]) {
    ground.setAttribute(name, value);
  }
  svg.append(ground);
  const few = together(points, kind);
  const most = Math.max(0, ...few.filter((point) => point !== null));
  if (most > 0) {
    svg.append(...(kind === "count" ? columns(few, most) : lines(few, most)));
  }
  return svg;
}

/** Puts points together, so that as many are left as can be seen; the newest stand at the right. */
function together(points, kind) {
  const each = Math.max(1, Math.ceil(points.length / COLUMNS));
  const few = [];
  for (let end = points.length; end > 0; end -= each) {
    const known = points.slice(Math.max(0, end - each), end).filter((point) => point !== null);
    const sum = kind === "count" ? known.reduce((a, b) => a + b, 0) : Math.max(...known);
    few.unshift(known.length ? sum : null);
  }
  return [...new Array(COLUMNS - few.length).fill(null), ...few];
}

function columns(points, most) {
  const width = WIDTH / COLUMNS;
  const parts = points.map((point, at) => {
    if (!point) {
      return "";
    }
    const height = Math.max(1, (point / most) * (HEIGHT - 2));
    return `M${at * width} ${HEIGHT}v${-height}h${width * 0.8}v${height}z`;
  });
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", parts.join(""));
  return [path];
}

function lines(points, most) {
  const width = WIDTH / (COLUMNS - 1);
  const runs = [[]];
  points.forEach((point, at) => {
    if (point === null) {
      runs.push([]);
    } else {
      runs[runs.length - 1].push(`${at * width},${HEIGHT - 1 - (point / most) * (HEIGHT - 2)}`);
    }
  });
  return runs.filter((run) => run.length).map((run) => {
    const made = document.createElementNS(SVG, "polyline");
    made.setAttribute("points", (run.length === 1 ? [run[0], run[0].replace(/^[\d.]+/, (x) => `${+x + 1}`)] : run).join(" "));
    return made;
  });
}
