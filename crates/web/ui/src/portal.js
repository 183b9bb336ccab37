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
