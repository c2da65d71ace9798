/** The result of reading a file. */
type FileRead =
  | {
    readonly ok: true;
    readonly text: string;
    /** Permission bits; null where the system has none. */
    readonly mode: number | null;
  }
  | { readonly ok: false; readonly reason: string };

/** A file that a setting names, and what was found there. */
export interface SettingFile {
  /** The setting's name. */
  readonly setting: string;
  readonly path: string;
  readonly read: FileRead;
}

/** Permission bits that a file must not have, by how much depends on its content. */
const FORBIDDEN_MODES = {
  /** Only its owner may read it. */
  secret: {
    bits: 0o077,
    danger: "others than its owner may read or change it",
  },
  /** The same, but its group may read it too, as is usual for certificates. */
  guarded: {
    bits: 0o027,
    danger: "everybody may read it, or its group change it",
  },
  /** It holds nothing secret, but decides who is admitted. */
  trusted: { bits: 0o022, danger: "others than its owner may change it" },
} as const;

/** A note for the operator where a file's permissions are too open. */
export function permissionNote(
  { setting, path, read }: SettingFile,
  content: keyof typeof FORBIDDEN_MODES,
): string[] {
  const { bits, danger } = FORBIDDEN_MODES[content];
  if (!read.ok || read.mode === null || (read.mode & bits) === 0) return [];
  const mode = (read.mode & 0o777).toString(8).padStart(3, "0");
  return [`${setting} is ${JSON.stringify(path)}: ${danger} (mode ${mode})`];
}

/** The position at the end of V8's message; nothing of the file's content can appear there. */
const PLACE = /\(line (\d+) column (\d+)\)$/;

/** The JSON value in a file; undefined with a problem told where there is none. */
export function jsonIn(
  { setting, path, read }: SettingFile,
  problems: string[],
): unknown {
  const name = `${setting} is ${JSON.stringify(path)}`;
  if (!read.ok) {
    problems.push(`${name}: ${read.reason}`);
    return undefined;
  }
  try {
    return JSON.parse(read.text);
  } catch (error) {
    // The rest of the message quotes the file, which holds secrets.
    const [, line, column] = PLACE.exec(
      error instanceof Error ? error.message : "",
    ) ?? [];
    const place = line === undefined ? "" : ` (line ${line}, column ${column})`;
    problems.push(`${name}: what is in it is not JSON${place}`);
    return undefined;
  }
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Short and without dots, so that neither a token nor a key passes for one. */
export const ENTRY_NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** `ENTRY_NAME` in words. */
export const ENTRY_NAME_WANTED =
  "a name of 1 to 32 letters, digits, dashes and underscores";
