// People of a member look at every page that they have, in both languages and both themes: a trusted contact who is administrator too, a general contact,
// and one who only looks. Each page says whom to call. Usage: node members.mjs BASE CODE VCIB ACIB VIEWER [PICTURES], the three by their invitations
import assert from "node:assert/strict";
import { launch, look, open, signUp } from "./pages.mjs";

const [base, organisation, vcib, acib, viewer, pictures] = process.argv.slice(2);
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
const forWhoChanges = { "claim-new": `${own}/claim`, "contact-new": `${own}/contact`, contact: `${own}/contact?contact=CONTACT` };
const people = { people: `${own}/people` };
const browser = await launch();
const errors = [];

try {
  for (const [who, invitation, pages] of [
    ["vcib", vcib, { ...forAll, ...forWhoChanges, ...people }],
    ["acib", acib, { ...forAll, ...forWhoChanges }],
    ["viewer", viewer, forAll],
  ]) {
    const { context, page } = await open(browser, base, errors, true);
    await signUp(page, base, invitation, `${who}@lindeveen.example`);
    await page.goto(`${base}${own}/register`);
    const contact = (await page.locator("a[href*='contact?contact=']").count()) > 0 ? await page.locator("a[href*='contact?contact=']").first().getAttribute("href") : "";
    for (const theme of ["light", "dark"]) {
      for (const language of ["nl", "en"]) {
        await page.goto(`${base}/toegankelijkheid?lang=${language}`);
        await page.goto(`${base}/toegankelijkheid?theme=${theme}`);
        for (const [name, path] of Object.entries(pages)) {
          const address = path.endsWith("CONTACT") ? contact : path;
          const answer = await page.goto(base + address);
          assert.equal(answer.status(), 200, `${address} as ${who}`);
          const source = await answer.text();
          assert.ok(source.includes("+31 88 000 00 00"), `${address} says whom to call`);
          await look(page, `${who}-${name}`, { theme, source, pictures });
        }
      }
    }
    await context.close();
  }
  assert.deepEqual(errors, []);
} finally {
  await browser.close();
}
