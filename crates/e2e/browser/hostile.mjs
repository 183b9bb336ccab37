// Somebody who is signed in opens pages full of what strangers wrote. No script of theirs runs, nothing is fetched from elsewhere, and our policy has
// nothing to forbid. Usage: node hostile.mjs BASE COOKIE "PATH PATH ..."
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [base, cookie, paths] = process.argv.slice(2);
const [name, value] = cookie.split("=");
const browser = await chromium.launch({
  executablePath: process.env.SCHAKEL_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const faults = [];
try {
  const context = await browser.newContext({ locale: "nl-NL" });
  await context.addCookies([{ name, value, url: base.replace("http:", "https:"), secure: true, httpOnly: true }]);
  await context.exposeFunction("zqx", (which) => faults.push(`a script ran: ${which}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      globalThis.zqx(`stopped only by our policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  const page = await context.newPage();
  page.on("dialog", async (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => request.url().startsWith(base) || faults.push(`a request to ${request.url()}`));
  let seen = 0;
  for (const path of paths.split(" ")) {
    const answer = await page.goto(base + path);
    if (answer.status() === 404) continue;
    assert.equal(answer.status(), 200, path);
    assert.ok(!page.url().includes("/sign-in"), `${path}: not signed in`);
    const found = await page.evaluate(() => {
      const strange = [];
      for (const element of document.querySelectorAll("*")) {
        if (element.matches("iframe, object, embed, base, style, img, image, math, video, audio, template, frame")) strange.push(element.outerHTML);
        for (const { name, value } of element.attributes) {
          const leads = ["href", "src", "action", "formaction", "xlink:href"].includes(name);
          const away = leads && !["http:", "https:", "mailto:", "tel:"].includes(new URL(value, document.baseURI).protocol);
          if (name.startsWith("on") || name.includes("zqx") || name === "style" || away) strange.push(element.outerHTML);
        }
      }
      for (const button of document.querySelectorAll("details")) button.open = true;
      return { strange: strange.map((one) => one.slice(0, 200)), text: document.body.innerText };
    });
    assert.deepEqual(found.strange, [], path);
    if (found.text.includes("zqx")) seen += 1;
    // What waits for the pointer or the focus.
    await page.mouse.move(400, 300);
    await page.keyboard.press("Tab");
  }
  assert.deepEqual(faults, []);
  assert.ok(seen > 10, `only ${seen} pages show any of it`);
} finally {
  await browser.close();
}
