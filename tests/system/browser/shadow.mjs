// Looks at the page of shadow rules in one real Chromium. SETUP in the environment, as JSON: `chromium`,
// `modules`, `base` (the admin port), `token`, `pictures` (a folder, or nothing). Prints what was seen, as JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const setup = JSON.parse(process.env.SETUP);
const require = createRequire(`${setup.modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync";
const browser = await chromium.launch({
  executablePath: setup.chromium,
  args: [...flags.split(" "), "--disable-background-networking", "--disable-component-update"],
});
const seen = { requests: [], trouble: [], axe: {}, steps: {} };

async function audit(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  seen.axe[name] = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(" ")}`);
}

async function look(scheme) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  context.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.trouble.push(error.message));
  await page.goto(`${setup.base}/`);
  await page.getByRole("link", { name: "Shadow rules" }).click();
  await page.getByLabel("A token with the scope").fill(setup.token);
  await page.keyboard.press("Enter");
  await page.locator("tbody th").first().waitFor();
  const rows = () => page.locator("tbody tr").evaluateAll((found) => found.map((row) =>
    [...row.cells].slice(0, 2).map((cell) => cell.textContent).join(" | ")));
  const few = await rows();
  await page.getByRole("button", { name: "Show all" }).focus();
  await page.keyboard.press("Enter");
  seen.steps[scheme] = {
    few: few.length,
    rows: await rows(),
    facts: await page.locator(".facts").allInnerTexts(),
    rules: await page.getByRole("heading", { level: 2 }).allInnerTexts(),
    bars: await page.getByRole("img").evaluateAll((found) => found.map((one) => one.getAttribute("aria-label"))),
    focused: await page.evaluate(() => document.activeElement.textContent),
  };
  await audit(page, scheme);
  if (setup.pictures) await page.screenshot({ path: `${setup.pictures}/shadow-${scheme}.png` });
}

try {
  await Promise.all([look("light"), look("dark")]);
} catch (error) {
  seen.trouble.push(String(error.message));
}
await browser.close();
console.log(JSON.stringify(seen));
