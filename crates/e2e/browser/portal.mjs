// Somebody who was invited signs in and looks at every page, in both languages and both themes: no page is wider than 320 pixels when the window is,
// none has a fault that axe or html-validate finds, and the keyboard is enough. Usage: node portal.mjs BASE INVITATION [PICTURES]
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const [base, invitation, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const htmlvalidate = new HtmlValidate({
  extends: ["html-validate:standard"],
  rules: { "void-style": "off", "no-trailing-whitespace": "off", "long-title": "off", "require-sri": "off", "no-inline-style": "error" },
});
const password = "drie appels op een fiets";

/** The code (RFC 6238) some steps from now. */
function code(secret, steps) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll(" ", "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", key).update(step).digest();
  const number = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

const browser = await chromium.launch({
  executablePath: process.env.SCHAKEL_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const errors = [];
/** bypass: axe is put into the page, which our policy forbids for good reason. */
const open = async (bypass) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "nl-NL", bypassCSP: bypass });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => request.url().startsWith(base) || errors.push(`a request to ${request.url()}`));
  return { context, page };
};

const seen = new Set();
async function look(page, name, options = {}) {
  const html = await page.content();
  const language = await page.getAttribute("html", "lang");
  await page.addScriptTag({ content: axe });
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const faults = found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(faults, [], `axe on ${name} in ${language}`);
  if (!seen.has(name)) {
    const report = await htmlvalidate.validateString(options.source ?? html);
    const wrong = report.results.flatMap((one) => one.messages.map((message) => `${message.ruleId}: ${message.message} at ${message.line}`));
    assert.deepEqual(wrong, [], `html-validate on ${name}`);
    seen.add(name);
  }
  await page.setViewportSize({ width: 320, height: 800 });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 320, `${name} in ${language} is ${width} pixels wide`);
  await page.setViewportSize({ width: 1280, height: 900 });
  if (pictures) await page.screenshot({ path: join(pictures, `${name}-${language}-${options.theme ?? "light"}.png`), fullPage: true });
}

try {
  const { context, page } = await open(true);
  await page.goto(base + invitation);
  await look(page, "invitation");
  const secret = await page.locator("main code").innerText();
  await page.fill("#password", password);
  await page.fill("#code", code(secret, -1));
  await page.click("main button");
  await look(page, "ready");
  await page.goto(`${base}/findings`);
  await look(page, "sign-in");
  await page.fill("#name", "anna");
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sign-in/code**");
  await look(page, "code");
  await page.fill("#code", code(secret, 0));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/findings");

  const pages = {
    morning: "/",
    findings: "/findings?open=any",
    "findings-mine": "/findings",
    bulk: "/findings/bulk?finding=F0&do=assign",
    "bulk-answer": "/findings/bulk?finding=F0&do=answer",
    finding: "/findings/F0",
    rows: "/findings/F0/rows",
    organisations: "/organisations",
    organisation: "/organisations/GM2",
    quality: "/organisations/GM2/quality",
    asset: "/organisations/GM2/assets?kind=prefix&value=203.0.113.0/24&role=owner",
    contact: "/organisations/GM2/contacts",
    waiting: "/register/waiting",
    import: "/register/import",
    "register-history": "/register/history",
    reports: "/reports",
    report: "/reports/1",
    sources: "/sources",
    ledger: "/ledger?list=events",
    policy: "/policy",
    texts: "/texts",
    text: "/texts/nl/notification.txt",
    shift: "/shift",
    people: "/people",
    audit: "/audit",
    vetting: "/vetting",
    answers: "/answers",
    calls: "/calls",
    sector: "/sector",
    explain: "/explain?what=198.51.100.200",
    account: "/account",
    accessibility: "/toegankelijkheid",
  };
  for (const theme of ["light", "dark"]) {
    for (const language of ["nl", "en"]) {
      await page.goto(`${base}/toegankelijkheid?lang=${language}`);
      await page.goto(`${base}/toegankelijkheid?theme=${theme}`);
      for (const [name, path] of Object.entries(pages)) {
        const answer = await page.goto(base + path);
        assert.equal(answer.status(), 200, path);
        await look(page, name, { theme, source: await answer.text() });
      }
    }
  }
  const missing = await page.goto(`${base}/elsewhere`);
  assert.equal(missing.status(), 404);
  await look(page, "not-found");
  errors.length = 0;

  // As people have it: with our policy, by the keyboard alone.
  const state = await context.storageState();
  const own = await browser.newContext({ viewport: { width: 1280, height: 900 }, storageState: state });
  const list = await own.newPage();
  list.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await list.goto(`${base}/findings?open=any`);
  await list.keyboard.press("Tab");
  assert.equal(await list.evaluate(() => document.activeElement.getAttribute("href")), "#main", "the first stop skips the bar");
  await list.keyboard.press("j");
  assert.equal(await list.evaluate(() => document.activeElement.getAttribute("href")), "/findings/F0");
  await list.keyboard.press("Enter");
  await list.waitForURL("**/findings/F0");
  await list.goto(`${base}/findings?open=any`);
  await list.keyboard.press("/");
  assert.equal(await list.evaluate(() => document.activeElement.id), "q");
  await list.keyboard.type("j");
  assert.equal(await list.inputValue("#q"), "j", "a letter in a field is a letter");
  assert.deepEqual(errors, []);

  // And without our script.
  const bare = await browser.newContext({ storageState: state, javaScriptEnabled: false });
  const plain = await bare.newPage();
  await plain.goto(`${base}/findings?open=any`);
  await plain.fill("#q", "198.51.100.200");
  await plain.click("main form.filters .buttons button");
  assert.equal(await plain.locator("tbody tr").count(), 1);
  await plain.check("tbody input[type=checkbox]");
  await plain.click("button[value=assign]");
  await plain.click("main form.panel button");
  assert.match(plain.url(), /\/findings$/, "on to what is open and mine");
  assert.equal(await plain.locator("[role=status]").count(), 1);
  assert.equal(await plain.locator("tbody tr").count(), 1);
  await plain.click("[role=status] button");
  assert.equal(await plain.locator("tbody tr").count(), 0, "taken back");
} finally {
  await browser.close();
}
