// Somebody who was invited signs in and looks at every page, in both languages and both themes: no page is wider than 320 pixels when the window is,
// none has a fault that axe or html-validate finds, and the keyboard is enough. Usage: node portal.mjs BASE INVITATION
import assert from "node:assert/strict";
import { launch, look, open as openWindow, signUp } from "./pages.mjs";

const [base, invitation] = process.argv.slice(2);
const browser = await launch();
const errors = [];
const open = (bypass) => openWindow(browser, base, errors, bypass);

try {
  const { context, page } = await open(true);
  await signUp(page, base, invitation, "anna", (name) => look(page, name));

  // Only just after signing in.
  for (const language of ["en", "nl"]) {
    await page.goto(`${base}/toegankelijkheid?lang=${language}`);
    for (const [name, path] of [["new-password", "/account/password"], ["new-app", "/account/app"]]) {
      const answer = await page.goto(base + path);
      assert.equal(answer.status(), 200, path);
      await look(page, name, { source: await answer.text() });
    }
  }

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
    arrival: "/vetting/R1",
    conversation: "/conversations/1",
    outbox: "/outbox",
    "outbox-accepted": "/outbox?state=accepted",
    message: "/outbox/1",
    mail: "/mail",
    mailboxes: "/mailboxes",
    breaches: "/breaches?what=N1",
    breach: "/breaches/1",
    answers: "/answers",
    calls: "/calls",
    sector: "/sector",
    explain: "/explain?what=198.51.100.200",
    ahead: "/ahead",
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
