/** The project's folder as the linter spells it, with a slash at the end. */
const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/**
 * Where a linted file stands in the project: `rest/routes/route_of.ts`.
 *
 * A name that is not below the project is taken as a place already, which is
 * how tests name files that do not exist.
 */
export function placeOf(filename: string): string {
  const path = filename.replaceAll("\\", "/");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

/** True when `place` is the file or folder `area` or stands below it. */
export function isWithin(place: string, area: string): boolean {
  return place === area || place.startsWith(`${area}/`);
}

/** The place a relative specifier written in `from` leads to. */
export function targetOf(specifier: string, from: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** True for `./x` and `../x`: a file of ours rather than a package. */
export function isRelative(specifier: string): boolean {
  return specifier.startsWith("./") || specifier.startsWith("../");
}
