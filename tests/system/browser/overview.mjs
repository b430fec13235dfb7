// Looks at the overview in one real Chromium. SETUP in the environment, as JSON: `chromium`, `modules`,
// `base` (the admin port), `pictures` (a folder, or nothing). Prints what was seen, as JSON.

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

async function open(scheme, path) {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width: 1280, height: 900 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  context.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && seen.trouble.push(message.text()));
  page.on("pageerror", (error) => seen.trouble.push(error.message));
  await page.goto(`${setup.base}${path}`);
  return page;
}

async function audit(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  seen.axe[name] = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(" ")}`);
}

async function overview(scheme) {
  const page = await open(scheme, "/overview/");
  // The numbers come without a reload: the page asks by itself.
  await page.locator("th", { hasText: "consent_denied" }).first().waitFor();
  await page.locator("th", { hasText: "network/ip-address" }).first().waitFor();
  seen.steps[scheme] = {
    facts: await page.locator("#facts div").allInnerTexts(),
    empty: await page.locator("#empty").isVisible(),
    rows: await page.locator("#plots tbody tr").evaluateAll((rows) => rows.map((row) => {
      const name = row.closest("table").querySelector("caption").firstChild.textContent;
      return [name, ...[...row.cells].map((cell) => cell.textContent.trim())].join(" | ");
    })),
    drawn: await page.locator("#plots svg path").count(),
  };
  await audit(page, scheme);
  if (setup.pictures) await page.screenshot({ path: `${setup.pictures}/overview-${scheme}.png` });
  await page.locator("input[name=range][value='24h']").focus();
  await page.keyboard.press("Space");
  await page.locator("th", { hasText: "last 5 min" }).first().waitFor();
  seen.steps[scheme].day = await page.locator("input[name=range]:checked").getAttribute("value");
  return page;
}

async function index(scheme) {
  const page = await open(scheme, "/");
  await audit(page, `index, ${scheme}`);
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

try {
  await Promise.all([overview("light"), overview("dark")]);
  await index("light");
  await index("dark");
} catch (error) {
  seen.trouble.push(String(error.message));
}
await browser.close();
console.log(JSON.stringify(seen));
