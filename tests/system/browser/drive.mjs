// Opens pages in one real Chromium, as a user would. SETUP in the environment, as JSON: `chromium`,
// `folder` (bundles), `values` to plant, `pages` (names of bundles). Prints what failed, as JSON, or `flushed`.

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium: executablePath, folder, values, all, pages, modules } = JSON.parse(
  process.env.SETUP,
);
const { chromium } = createRequire(`${modules}/`)("playwright-core");

const server = createServer((request, response) => {
  const name = new URL(request.url, "http://x").pathname.slice(1);
  if (!name.endsWith(".js")) {
    response.setHeader("Content-Type", "text/html");
    response.end(`<!doctype html><title>wallet</title><p id="account"></p><input id="label">
      <script>window.VALUES = ${JSON.stringify(values)}; window.ALL = ${JSON.stringify(all)};</script><script src="/${name}.js"></script>`);
    return;
  }
  try {
    const text = readFileSync(`${folder}/${name}`);
    response.setHeader("Content-Type", "text/javascript");
    response.end(text);
  } catch {
    response.statusCode = 404;
    response.end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;

const flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync";
const browser = await chromium.launch({
  executablePath,
  args: [...flags.split(" "), "--disable-background-networking", "--disable-component-update"],
});

async function visit(name) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${base}/${name}?xpub=${values.xpub}`);
  await page.waitForFunction(() => window.finish);
  await page.fill("#label", values.xpub);
  const host = page.locator("#sentry-feedback");
  if (await host.count()) {
    await host.locator("button").first().click();
    await host.locator("textarea[name=message]").fill(all);
    await host.locator("input[name=name]").fill(values.user);
    await host.locator("input[name=email]").fill(values.email);
    await host.locator("[type=submit]").click();
  }
  await page.waitForTimeout(1500);
  await page.evaluate(() => window.finish());
  await page.waitForTimeout(200);
  await context.close();
}

const failed = {};
await Promise.all(
  pages.map((name) => visit(name).catch((error) => (failed[name] = String(error.message)))),
);
await browser.close();
server.close();
console.log(Object.keys(failed).length ? JSON.stringify(failed) : "flushed");
