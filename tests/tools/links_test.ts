import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);

const PAGES = [
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "PROTOCOL.md",
  "README.md",
  "SECURITY.md",
  "client/README.md",
  "examples/README.md",
  "sim/README.md",
  ...[...Deno.readDirSync(new URL("docs/", ROOT))]
    .map(({ name }) => `docs/${name}`)
    .filter((place) => place.endsWith(".md")),
];

for (const page of PAGES) {
  Deno.test(`every link of ${page} within the project leads somewhere`, () => {
    assert.deepEqual(linksOf(page).filter((link) => !leads(page, link)), []);
  });
}

/** Where links and pictures point, but for other sites. */
function linksOf(page: string): string[] {
  const prose = textOf(page).replaceAll(/^```.*?^```$/gms, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function leads(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : placeOf(page, path);
  if (!isThere(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** The anchors that a page's headings get, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-")
  );
}

function placeOf(page: string, path: string): string {
  return new URL(path, new URL(page, ROOT)).href.slice(ROOT.href.length);
}

function textOf(place: string): string {
  return Deno.readTextFileSync(new URL(place, ROOT));
}

function isThere(place: string): boolean {
  try {
    Deno.statSync(new URL(place, ROOT));
    return true;
  } catch {
    return false;
  }
}
