/** Frames enough to find the place; the rest is the runtime's own. */
const FRAMES_MAX = 6;

/**
 * What may be printed of an error nobody expected: its name, its code and
 * where it was thrown. Never its message: those of other packages hold URLs,
 * and our URLs hold tokens.
 */
export function describeBug(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const code = "code" in error && typeof error.code === "string"
    ? ` (${error.code})`
    : "";
  const frames = (error.stack ?? "").split("\n")
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, FRAMES_MAX)
    .map((line) => line.trim());
  return [`${error.name}${code}`, ...frames].join(" ");
}
