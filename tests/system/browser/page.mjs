// Looks at pages of the admin port in one real Chromium, and notes what it sees. SETUP in the
// environment, as JSON: `chromium`, `modules`, `base` (the admin port), `token`, `canary` (to type),
// `pictures` (a folder, or nothing).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export const setup = JSON.parse(process.env.SETUP);
const require = createRequire(`${setup.modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync";
const browser = await chromium.launch({
  executablePath: setup.chromium,
  args: [...flags.split(" "), "--disable-background-networking", "--disable-component-update"],
});

/** What is printed at the end: addresses that were asked, mistakes, faults by name, what was read. */
export const seen = { requests: [], trouble: [], axe: {}, steps: {} };

/** Opens a page of the admin port; `scheme` is light or dark, `locked` says that it asks for a token. */
export async function open(scheme, path, { width = 1280, height = 900, locked = false } = {}) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  context.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => {
    // Until it has a token the relay answers 401, and Chromium notes that by itself.
    const expected = locked && message.text().includes("401 (Unauthorized)");
    if (message.type() === "error" && !expected) seen.trouble.push(message.text());
  });
  page.on("pageerror", (error) => seen.trouble.push(error.message));
  await page.goto(`${setup.base}${path}`);
  return page;
}

/** Looks for faults of accessibility, and notes them under a name. */
export async function audit(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  seen.axe[name] = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(" ")}`);
}

/** Takes a picture, where pictures are wanted. */
export async function picture(page, name) {
  if (setup.pictures) await page.screenshot({ path: `${setup.pictures}/${name}.png` });
}

/** Does all of it, and prints what was seen. */
export async function run(work) {
  try {
    await work();
  } catch (error) {
    seen.trouble.push(String(error.message));
  }
  await browser.close();
  console.log(JSON.stringify(seen));
}
