// Uses the playground as a person would: with the mouse, and with the keyboard alone; for SETUP see
// page.mjs.

import { audit, open, picture, run, seen, setup } from "./page.mjs";

const steps = seen.steps;

const RULE = `id: hotel/room
description: Room numbers
why: They say where somebody sleeps.
match:
  patern: 'room [0-9]+'
redact: {method: replace, text: '[room]'}
examples:
  scrubs:
    - {in: 'in room 12.', out: 'in [room].'}
    - {in: 'room 7', out: '[room]'}
  leaves:
    - 'a room'
    - 'rooms'
`;
const SAMPLE = `{
  "seat": "QZ-4471-K",
  "note": "room 12 of ${setup.canary} <b id=markup>",
  "from": "203.0.113.42"
}`;

/** Waits until a place of the page holds a text. */
async function until(page, selector, text) {
  await page.locator(selector, { hasText: text }).first().waitFor();
}

async function unlock(page, token) {
  await page.locator("#token").fill(token);
  await page.getByRole("button", { name: "Unlock" }).click();
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();
const active = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);

/** Replaces what stands in a field, as typing does. */
async function type(page, selector, text) {
  await page.locator(selector).focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

async function withTheMouse(page) {
  await page.locator("#lock").waitFor();
  await unlock(page, "a-wrong-token-of-this-test");
  await page.locator("#lock-state", { hasText: "a token is needed" }).waitFor();
  await unlock(page, setup.token);
  await until(page, "#rule-state", "4 examples passed");
  await until(page, "#result-state", "redactions by");
  steps.start = {
    locked: await page.locator("#lock").isVisible(),
    samples: await texts(page, "#samples option"),
    rules: await texts(page, "#start option"),
    marks: (await texts(page, "#result mark.own")).slice(0, 1),
  };
  await picture(page, "playground-light");
  await audit(page, "light, at the start");

  await type(page, "#sample", SAMPLE);
  await type(page, "#rule", RULE);
  await until(page, "#mistakes", "Line 5");
  await audit(page, "light, a mistake");
  await page.locator("#mistakes button").first().click();
  steps.mistake = {
    said: await texts(page, "#mistakes li"),
    gutter: await texts(page, "#gutter .bad"),
    state: await page.locator("#rule-state").innerText(),
    examples: await page.locator("#examples").getAttribute("class"),
    result: await page.locator("#result-state").innerText(),
    invalid: await page.locator("#rule").getAttribute("aria-invalid"),
    selected: await page.evaluate(() => window.getSelection().toString()),
  };

  // The line is selected: it is typed once more, as it should be.
  await page.keyboard.type("  pattern:");
  await page.keyboard.insertText(" 'room [0-9]+'");
  await until(page, "#rule-state", "4 examples passed");
  await until(page, "#result", "[room]");
  const mark = page.locator("#result mark.own").first();
  await mark.hover();
  steps.mended = {
    state: await page.locator("#rule-state").innerText(),
    mistakes: await texts(page, "#mistakes li"),
    examples: await texts(page, "#examples .pass"),
    gutter: await texts(page, "#gutter .good"),
    marks: await texts(page, "#result mark"),
    title: await mark.getAttribute("title"),
    hovered: await page.locator("#what").innerText(),
    redactions: await texts(page, "#redactions li"),
    result: await page.locator("#result").innerText(),
    markup: await page.locator("#markup").count(),
  };

  await type(page, "#rule", RULE.replace("patern", "pattern").replace("'in [room].'", "'at [room].'"));
  await until(page, "#rule-state", "failed");
  await audit(page, "light, an example that fails");
  steps.failed = {
    state: await page.locator("#rule-state").innerText(),
    example: await texts(page, "#examples .fail"),
    gutter: await texts(page, "#gutter .bad"),
  };

  const place = await page.evaluate(() => {
    const field = document.getElementById("sample");
    const style = getComputedStyle(field);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    const left = parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth);
    const top = parseFloat(style.paddingTop) + parseFloat(style.borderTopWidth);
    // In the middle of the value in the second line.
    return { x: left + pen.measureText('  "seat": "QZ-44').width, y: top + 1.5 * parseFloat(style.lineHeight) };
  });
  await page.locator("#sample").click({ position: place });
  await page.locator("#suggestion").waitFor();
  await until(page, "#draft", "id: app/seat");
  await audit(page, "light, a suggestion");
  steps.suggested = {
    state: await page.locator("#suggest-state").innerText(),
    selectors: await texts(page, "#selectors code"),
    draft: await page.locator("#draft").innerText(),
  };
  await page.getByRole("button", { name: "Draft by place: seat" }).click();
  await until(page, "#draft", "any: true");
  await page.getByRole("button", { name: "Use this draft" }).click();
  await until(page, "#rule-state", "passed");
  await until(page, "#redactions", "app/seat");
  steps.used = {
    rule: await page.locator("#rule").inputValue(),
    result: await page.locator("#result").innerText(),
    focus: await active(page),
  };
  await page.locator("#rule").focus();
  await page.keyboard.press("Control+Z");
  steps.used.undone = await page.locator("#rule").inputValue();
  await page.locator("#start").selectOption("network/ip-address");
  await page.locator("#open-rule").click();
  await until(page, "#rule-state", "in place of");
  steps.loaded = { state: await page.locator("#rule-state").innerText() };
  steps.kept = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    cookies: document.cookie,
    databases: (await indexedDB.databases()).length,
    caches: window.caches ? (await caches.keys()).length : 0,
    address: location.href,
  }));
}

/** Goes on with Tab until an element has the focus; returns what had it on the way. */
async function tabTo(page, id, key = "Tab") {
  const way = [];
  for (let count = 0; count < 80; count += 1) {
    await page.keyboard.press(key);
    way.push(await active(page));
    if (way.at(-1) === id) return way;
  }
  throw new Error(`${id} is not reached: ${way.join(" ")}`);
}

async function withTheKeyboard(page) {
  await page.locator("#lock").waitFor();
  await page.keyboard.type(setup.token); // the field has the focus already
  await page.keyboard.press("Enter");
  await until(page, "#result-state", "redactions by");
  await picture(page, "playground-dark");
  await audit(page, "dark, at the start");
  const way = [];
  // Over both fields, in the order in which they stand: no field keeps the focus.
  await page.evaluate(() => document.activeElement.blur());
  way.push(...(await tabTo(page, "rule")));
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(RULE);
  await until(page, "#mistakes", "Line 5");
  way.push(...(await tabTo(page, "BUTTON"))); // the mistake
  await audit(page, "dark, a mistake");
  await page.keyboard.press("Enter");
  const jumped = await active(page);
  await page.keyboard.insertText("  pattern: 'room [0-9]+'");
  await until(page, "#rule-state", "4 examples passed");
  way.push(...(await tabTo(page, "sample")));
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(SAMPLE);
  await until(page, "#result", "[room]");
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  for (let left = 0; left < 4; left += 1) await page.keyboard.press("ArrowLeft");
  way.push(...(await tabTo(page, "suggest")));
  await page.keyboard.press("Enter");
  await until(page, "#draft", "id: app/seat");
  await audit(page, "dark, a suggestion");
  way.push(...(await tabTo(page, "use-draft")));
  await page.keyboard.press("Enter");
  await until(page, "#redactions", "app/seat");
  const used = await page.locator("#rule").inputValue();
  way.push(...(await tabTo(page, "result")));
  way.push(...(await tabTo(page, "BUTTON"))); // the first redaction
  await page.keyboard.press("Enter");
  const mark = { on: await active(page), what: await page.locator("#what").innerText() };
  const back = await tabTo(page, "rule", "Shift+Tab");
  steps.keyboard = { way, jumped, used, mark, back };
}

await run(async () => {
  const options = { width: 1440, locked: true };
  const [light, dark] = await Promise.all([
    open("light", "/playground/", options),
    open("dark", "/playground/", options),
  ]);
  await Promise.all([withTheMouse(light), withTheKeyboard(dark)]);
});
