// What the scripts share: a browser, how somebody who was invited signs in, and what is looked at on every page: axe, html-validate, and that it is no
// wider than 320 pixels when the window is. Pictures of the pages go to the folder that SCHAKEL_PICTURES names.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

export const password = "drie appels op een fiets";

/** The code (RFC 6238) some steps from now. */
export function code(secret, steps) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll(" ", "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", key).update(step).digest();
  const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

export const launch = () =>
  chromium.launch({ executablePath: process.env.SCHAKEL_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

/** A window of its own. bypass: axe is put into the page, which our policy forbids for good reason. */
export async function open(browser, base, errors, bypass) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "nl-NL", bypassCSP: bypass });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => request.url().startsWith(base) || errors.push(`a request to ${request.url()}`));
  return { context, page };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const htmlvalidate = new HtmlValidate({
  extends: ["html-validate:standard"],
  rules: { "void-style": "off", "no-trailing-whitespace": "off", "long-title": "off", "require-sri": "off", "no-inline-style": "error" },
});
const seen = new Set();
const pictures = process.env.SCHAKEL_PICTURES;
if (pictures) mkdirSync(pictures, { recursive: true });

/** A4 within its margins, at 96 pixels an inch. */
const paper = { width: 718, height: 1047 };

/** Looks at a page as it is now. */
export async function look(page, name, { source, theme = "light" } = {}) {
  const html = await page.content();
  const language = await page.getAttribute("html", "lang");
  await page.addScriptTag({ content: axe });
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const faults = found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(faults, [], `axe on ${name} in ${language}, ${theme}`);
  if (!seen.has(name)) {
    const report = await htmlvalidate.validateString(source ?? html);
    const wrong = report.results.flatMap((one) => one.messages.map((message) => `${message.ruleId}: ${message.message} at ${message.line}`));
    assert.deepEqual(wrong, [], `html-validate on ${name}`);
    seen.add(name);
  }
  const picture = async (form) => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${language}-${theme}-${form}.png`), fullPage: true });
  };
  const tables = (all) => all.filter((one) => one.checkVisibility()).length;
  const shown = await page.$$eval("main table", tables);
  await page.setViewportSize(paper);
  await page.emulateMedia({ media: "print" });
  // Nobody can scroll within paper.
  const printed = await page.evaluate(() =>
    Math.max(...[...document.querySelectorAll("html, table, pre, .panel")].map((one) => one.getBoundingClientRect().left + one.scrollWidth)),
  );
  assert.ok(printed <= paper.width, `${name} in ${language} is ${printed} pixels wide on paper`);
  const ink = await page.evaluate(() => getComputedStyle(document.body).color);
  assert.equal(ink, "rgb(0, 0, 0)", `${name} in ${theme} on paper`);
  assert.equal(await page.$$eval("main table", tables), shown, `tables of ${name} on paper`);
  if (theme === "dark") await picture("print");
  await page.emulateMedia({ media: "screen" });
  await page.setViewportSize({ width: 320, height: 800 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 320, `${name} in ${language} is ${width} pixels wide`);
  await picture(320);
  await page.setViewportSize({ width: 1280, height: 900 });
  await picture(1280);
}

/** Somebody sets up their account by an invitation, and signs in; `at(name)` is called at each page on the way. */
export async function signUp(page, base, invitation, name, at = async () => {}) {
  await page.goto(base + invitation);
  await at("invitation");
  const secret = await page.locator("main code").innerText();
  await page.fill("#password", password);
  await page.fill("#code", code(secret, -1));
  await page.click("main button");
  await at("ready");
  await page.goto(`${base}/account`);
  await at("sign-in");
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sign-in/code**");
  await at("code");
  await page.fill("#code", code(secret, 0));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account");
}
