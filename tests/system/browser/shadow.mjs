// Looks at the page of shadow rules, with a token; for SETUP see page.mjs.

import { audit, open, picture, run, seen, setup } from "./page.mjs";

async function look(scheme) {
  const page = await open(scheme, "/", { width: 1000, height: 800, locked: true });
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
  await picture(page, `shadow-${scheme}`);
}

await run(() => Promise.all([look("light"), look("dark")]));
