/** Versions as Semantic Versioning has them, without pre-releases. */
const VERSION = /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/;

/** Throws one sentence unless `next` is `present`, which may not be released yet, or may follow it: one number one higher, those behind it 0. */
export function checkNextVersion(next: string, present: string): void {
  const wanted = followersOf(present);
  if (next === present || wanted.includes(next)) return;
  throw new Error(
    `Cannot release ${JSON.stringify(next)}: after ${present} come ${
      wanted.join(", ")
    }`,
  );
}

function followersOf(present: string): string[] {
  const [, major, minor, patch] = VERSION.exec(present)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) {
    throw new Error(`Cannot read the version ${JSON.stringify(present)}`);
  }
  return [
    `${major}.${minor}.${patch + 1}`,
    `${major}.${minor + 1}.0`,
    `${major + 1}.0.0`,
  ];
}
