// What htmx has not: keys for people who live in the list. Everything works without this file.
(() => {
  const rows = () => [...document.querySelectorAll("table[data-keys] tbody tr")];
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
  let at = -1;

  const go = (to) => {
    const all = rows();
    if (all.length === 0) return;
    at = Math.max(0, Math.min(all.length - 1, to));
    all.forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
    const link = all[at].querySelector("a");
    link?.focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  };

  const keys = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    x: () => rows()[at]?.querySelector("input[type=checkbox]")?.click(),
    "/": () => document.querySelector("input[type=search]")?.focus(),
    "?": () => document.querySelector("[data-help]")?.toggleAttribute("open"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("htmx:afterSwap", () => (at = -1));
})();

// Passkeys: a form asks the device, fills itself in and is sent. Without this script, or a device, it stays hidden.
(() => {
  if (globalThis.PublicKeyCredential === undefined) return;
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");

  const make = async ({ challenge, host, sender, algorithms, user, name, known }) => {
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: bytes(challenge),
        rp: { id: host, name: sender },
        user: { id: bytes(user), name, displayName: name },
        pubKeyCredParams: algorithms.split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        excludeCredentials: known.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) })),
        attestation: "none",
      },
    });
    return { client: made.response.clientDataJSON, attestation: made.response.attestationObject };
  };

  const use = async ({ challenge, host }) => {
    const used = await navigator.credentials.get({
      publicKey: { challenge: bytes(challenge), rpId: host, userVerification: "required" },
    });
    const { clientDataJSON: client, authenticatorData: authenticator, signature } = used.response;
    return { id: used.rawId, client, authenticator, signature };
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const found = await (form.dataset.passkey === "make" ? make : use)(form.dataset);
        for (const [field, value] of Object.entries(found)) form.elements[field].value = text(value);
        form.submit();
      } catch {
        form.querySelector("[data-passkey-failed]").hidden = false;
      }
    });
  }
})();
