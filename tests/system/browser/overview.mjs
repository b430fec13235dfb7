// Looks at the overview, by itself and from the index of the admin port; for SETUP see page.mjs.

import { audit, open, picture, run, seen } from "./page.mjs";

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
  await picture(page, `overview-${scheme}`);
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

await run(async () => {
  await Promise.all([overview("light"), overview("dark")]);
  await index("light");
  await index("dark");
});
