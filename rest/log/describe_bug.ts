/** Enough frames to find the place; those below belong to the runtime. */
const FRAMES_MAX = 6;

/**
 * Describes an unexpected error by what may be printed: its name, its code and
 * where it was thrown. Its message is left out, because messages of other
 * packages contain URLs, and our URLs contain tokens.
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
