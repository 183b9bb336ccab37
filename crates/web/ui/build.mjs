// Builds what a browser fetches beside the pages: one style sheet, one script, one typeface. Their names hold a hash of their content, so that they
// can be kept for ever. Usage: node build.mjs FOLDER
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "dist");
const read = (...path) => readFileSync(join(here, ...path));
const text = (...path) => read(...path).toString("utf8");

/** Custom properties that a text uses. */
const used = (css) => [...css.matchAll(/var\(\s*(--[\w-]+)/g)].map((found) => found[1]);

/** The declarations of custom properties in a theme, by name. */
function tokens(theme) {
  const found = new Map();
  for (const [, name, value] of theme.matchAll(/^\s*(--[\w-]+):\s*([^;]+);/gm)) found.set(name, value.trim());
  return found;
}

/** Of the theme only what the styles use, themselves or by way of another token. */
function reduce(theme, css) {
  const all = tokens(theme);
  const wanted = new Set();
  const queue = used(css);
  while (queue.length > 0) {
    const name = queue.pop();
    if (!all.has(name) || wanted.has(name)) continue;
    wanted.add(name);
    queue.push(...used(all.get(name)));
  }
  const lines = [...all].filter(([name]) => wanted.has(name)).map(([name, value]) => `${name}:${value}`);
  return `:root{${lines.join(";")}}`;
}

/** Without comments and needless white space. */
const dense = (css) =>
  css
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([{};,>]) ?/g, "$1")
    .trim();

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

const { dependencies } = JSON.parse(text("package.json"));
const components = Object.keys(dependencies)
  .filter((name) => name.startsWith("@utrecht/"))
  .map((name) => text("node_modules", name, "dist", "index.css"));
const theme = text("node_modules", "@nl-design-system-unstable", "voorbeeld-design-tokens", "dist", "theme.css");
const font = read("node_modules", "@fontsource-variable", "noto-sans", "files", "noto-sans-latin-wght-normal.woff2");
const htmx = text("node_modules", "htmx.org", "dist", "htmx.min.js");

const files = new Map();
const keep = (stem, extension, bytes) => {
  const name = `${stem}.${hash(bytes)}.${extension}`;
  files.set(stem, { name, bytes });
  return name;
};

const fontName = keep("font", "woff2", font);
keep("icon", "svg", read("src", "icon.svg"));
const own = readdirSync(join(here, "src"))
  .filter((name) => name.endsWith(".css"))
  .sort()
  .map((name) => text("src", name))
  .join("\n")
  .replaceAll("FONT_FILE", fontName);
const styles = [...components, own].join("\n");
keep("portal-css", "css", Buffer.from(dense(`${reduce(theme, styles)}\n${styles}`)));
keep("portal-js", "js", Buffer.from(`${htmx}\n${text("src", "portal.js")}`));

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const { name, bytes } of files.values()) {
  writeFileSync(join(target, name), bytes);
  if (!name.endsWith(".woff2")) writeFileSync(join(target, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}
