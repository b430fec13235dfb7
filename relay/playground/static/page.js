// What pages that show numbers have in common: they ask every ten seconds while somebody looks.

import { Refused, ask, useToken } from "./server.js";

const EVERY = 10_000;

/** Returns the element that has an id. */
export function by(id) {
  return document.getElementById(id);
}

/** Makes an element of a class, with a text. */
export function element(name, kind = "", text = "") {
  const made = document.createElement(name);
  if (kind) {
    made.className = kind;
  }
  made.textContent = text;
  return made;
}

/**
 * Asks again and again, and has drawn what is told; begins at once.
 *
 * @param address returns the path to ask.
 * @param draw gets the answer.
 * @returns what asks without waiting for the next turn.
 */
export function keepAsking(address, draw) {
  let timer = 0;
  let asked = 0;

  async function refresh() {
    clearTimeout(timer);
    if (document.hidden) {
      return;
    }
    const turn = ++asked;
    try {
      const told = await ask(address());
      if (turn !== asked) {
        return;
      }
      by("lock").hidden = true;
      by("trouble").hidden = true;
      draw(told);
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      refused(error);
    }
    timer = setTimeout(refresh, EVERY);
  }

  by("lock").addEventListener("submit", (event) => {
    event.preventDefault();
    useToken(by("token").value);
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);
  refresh();
  return refresh;
}

/** Asks for a token, or says since when what is drawn is older. */
function refused(error) {
  const locked = error.status === 401 || error.status === 403;
  by("lock").hidden = !locked;
  if (locked) {
    by("lock-state").textContent = by("token").value ? error.message : "";
    return;
  }
  if (by("trouble").hidden) {
    const time = new Date().toLocaleTimeString();
    by("trouble").textContent = `${time}: ${error.message}. What stands below is older.`;
  }
  by("trouble").hidden = false;
}
