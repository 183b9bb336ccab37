// Somebody who was invited adds a passkey, signs in by it, and makes recovery codes: in Chromium, with an authenticator that it plays itself. A device
// that does not check who uses it gets nobody in. Usage: node passkeys.mjs BASE INVITATION
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { chromium } from "playwright-core";

const [base, invitation] = process.argv.slice(2);
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
try {
  const context = await browser.newContext({ locale: "nl-NL" });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  const devices = await context.newCDPSession(page);
  await devices.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await devices.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, automaticPresenceSimulation: true },
  });
  const verified = (isUserVerified) => devices.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });

  await page.goto(base + invitation);
  const secret = await page.locator("main code").innerText();
  await page.fill("#password", password);
  await page.fill("#code", code(secret, -1));
  await page.click("main form button");
  const signIn = async (second) => {
    await page.goto(`${base}/sign-in`);
    await page.fill("#name", "anna");
    await page.fill("#password", password);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/sign-in/code**");
    await page.fill("#code", second);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${base}/`);
  };
  const signOut = () => page.click(".who button");
  await signIn(code(secret, 0));

  await page.goto(`${base}/account`);
  await page.fill("#passkey-name", "mijn sleutel");
  await page.click("form[data-passkey] button");
  await page.waitForSelector("text=De passkey is toegevoegd.");
  assert.match(await page.content(), /mijn sleutel/);
  await page.click("text=Nieuwe codes maken");
  const recovery = await page.locator("main code").allInnerTexts();
  assert.equal(recovery.length, 8);
  await signOut();

  await page.goto(`${base}/sign-in?next=/account`);
  await page.click("form[data-passkey] button");
  await page.waitForURL(`${base}/account`);
  assert.match(await page.content(), /laatst gebruikt/, "it was used");
  await signOut();

  await verified(false);
  await page.goto(`${base}/sign-in`);
  await page.click("form[data-passkey] button");
  await page.waitForSelector("[data-passkey-failed]:not([hidden])");
  await page.goto(base);
  assert.match(page.url(), /sign-in/, "a device that does not check who uses it gets nobody in");

  await signIn(recovery[0]);
  await signOut();
  await page.goto(`${base}/sign-in`);
  await page.fill("#name", "anna");
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/sign-in/code**");
  await page.fill("#code", recovery[0]);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  assert.deepEqual(errors, []);
} finally {
  await browser.close();
}
