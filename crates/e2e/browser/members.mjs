// People of a member look at every page that they have, in both languages and both themes: a trusted contact who is administrator too, a general contact,
// and one who only looks. Each page says whom to call. Usage: node members.mjs BASE CODE VCIB ACIB VIEWER, the three by their invitations
import assert from "node:assert/strict";
import { launch, look, open, signUp } from "./pages.mjs";

const [base, organisation, vcib, acib, viewer] = process.argv.slice(2);
const own = `/own/${organisation}`;
const forAll = {
  front: own,
  findings: `${own}/findings`,
  finding: `${own}/findings/F0`,
  "findings-nothing": `${own}/findings?open=no`,
  register: `${own}/register`,
  claim: `${own}/claims/1`,
  sent: `${own}/sent`,
  message: `${own}/sent/1`,
  weekly: `${own}/weekly`,
  sector: "/sector",
  account: "/account",
};
const forWhoChanges = { "claim-new": `${own}/claim`, "contact-new": `${own}/contact`, contact: `${own}/contact?contact=`, asset: `${own}/assets/` };
const people = { people: `${own}/people` };
const browser = await launch();
const errors = [];
let cookies = [];

try {
  for (const [who, invitation, pages] of [
    ["vcib", vcib, { ...forAll, ...forWhoChanges, ...people }],
    ["acib", acib, { ...forAll, ...forWhoChanges }],
    ["viewer", viewer, forAll],
  ]) {
    const { context, page } = await open(browser, base, errors, true);
    await signUp(page, base, invitation, `${who}@lindeveen.example`);
    await page.goto(`${base}${own}/register`);
    const linked = async (path) => {
      const links = page.locator(`a[href*='${path.slice(own.length)}']`);
      return (await links.count()) > 0 ? await links.first().getAttribute("href") : path;
    };
    const contact = await linked(forWhoChanges.contact);
    const asset = await linked(forWhoChanges.asset);
    for (const theme of ["light", "dark"]) {
      for (const language of ["nl", "en"]) {
        await page.goto(`${base}/toegankelijkheid?lang=${language}`);
        await page.goto(`${base}/toegankelijkheid?theme=${theme}`);
        for (const [name, path] of Object.entries(pages)) {
          const address = { contact, asset }[name] ?? path;
          const answer = await page.goto(base + address);
          assert.equal(answer.status(), 200, `${address} as ${who}`);
          const source = await answer.text();
          assert.ok(source.includes("+31 88 000 00 00"), `${address} says whom to call`);
          await look(page, `${who}-${name}`, { theme, source });
        }
      }
    }
    cookies = await context.cookies();
    await context.close();
  }
  assert.deepEqual(errors, []);

  // What a page weighs on the wire, heads and all: with an empty cache, and after that.
  const { context, page } = await open(browser, base, errors, false);
  const wire = await context.newCDPSession(page);
  await wire.send("Network.enable");
  let bytes = 0;
  wire.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  const weigh = async (path) => {
    bytes = 0;
    await page.goto(base + path, { waitUntil: "networkidle" });
    return bytes;
  };
  await context.addCookies(cookies);
  const first = await weigh(own);
  assert.ok(first <= 150_000, `a first visit is ${first} bytes`);
  console.log(`first visit: ${first} bytes`);
  for (const [name, path] of Object.entries(forAll)) {
    const later = await weigh(path);
    assert.ok(later <= 30_000, `${name} is ${later} bytes after the first visit`);
    console.log(`${name}: ${later} bytes`);
  }
} finally {
  await browser.close();
}
