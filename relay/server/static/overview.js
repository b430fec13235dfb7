// The overview: asks for the numbers every ten seconds while somebody looks, and draws them.

import { by, element, keepAsking } from "/playground/page.js";
import { card, shown } from "./plots.js";

function draw(told) {
  const plots = new Map(told.plots.map((plot) => [plot.id, plot]));
  by("facts").replaceChildren(...facts(told, plots));
  const minutes = Math.round((told.steps * told.step) / 60);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  by("since").textContent = `Times are in ${zone}. The plots hold ${minutes || "less than one"} min so far, ` +
    `newest at the right; they begin anew with the relay.`;
  by("empty").hidden = plots.get("envelopes").series.length > 0;
  by("plots").replaceChildren(...told.plots.map((plot) => card(plot, told.step)));
}

function facts(told, plots) {
  const ready = Object.entries(told.ready).filter(([, well]) => !well).map(([part]) => part);
  const bytes = plots.get("spool_bytes").series[0]?.total ?? 0;
  const all = [
    ["as of", new Date(told.now * 1000).toLocaleTimeString()],
    ["ready", ready.length ? `no: ${ready.join(", ")}` : "yes", ready.length ? "bad" : "good"],
    ["version", told.version],
  ];
  if (told.started) {
    all.push(["up since", new Date(told.started * 1000).toLocaleString()]);
  }
  if (told.workers) {
    all.push(["workers", String(told.workers)]);
  }
  const digest = told.digests?.length ? ` (${told.digests.join(", ")})` : "";
  all.push(["rules", `${told.rules ?? 0}${digest}`]);
  if (told.stale) {
    all.push(["rules on disk", "refused: the ones before go on; GET /rules says why", "bad"]);
  }
  if (told.spool_max_bytes) {
    const part = Math.round((100 * bytes) / told.spool_max_bytes);
    const text = `${shown(bytes, "bytes")} of ${shown(told.spool_max_bytes, "bytes")} (${part} %)`;
    all.push(["spool", text, part >= 80 ? "bad" : ""]);
  }
  return all.map(([name, text, kind]) => {
    const made = element("div");
    made.append(element("dt", "", name), element("dd", kind, text));
    return made;
  });
}

const range = () => document.querySelector("input[name=range]:checked").value;
const refresh = keepAsking(() => `/overview/data?range=${range()}`, draw);
for (const choice of document.querySelectorAll("input[name=range]")) {
  choice.addEventListener("change", refresh);
}
