import { startWords } from "../tools/deno_child.ts";
import { type Child, startChild } from "./child.ts";

/** The key every subject asks for. */
export const KEY = "bench-key-0123456789";

/** Shaped like a bot's token: the id of the application in base64 comes first. */
const TOKEN = "MTIwMDAwMDAwMDAwMDAwMDAwMA.bench0.not-a-real-token";

/** How `deno task start` sets V8 up; peers and the simulated Discord get the same, so that it decides nothing between them. */
export const FLAGS = startWords().filter((word) =>
  word.startsWith("--v8-flags=")
);

/** What a subject is started with. */
export interface SubjectOptions {
  /** Ends in `/api`. */
  readonly upstream: string;
  readonly globalLimit: number;
  /** PEM file of an authority the subject trusts besides the usual ones. */
  readonly caFile?: string;
}

/** Something that stands between callers and Discord. */
export interface Subject {
  readonly name: string;
  readonly start: (options: SubjectOptions) => Promise<Child>;
}

/** Our proxy first, then the libraries people use today, each behind a minimal listener. */
export const SUBJECTS: readonly Subject[] = [
  { name: "sluice", start: startSluice },
  { name: "discordeno", start: (options) => startPeer("discordeno", options) },
  { name: "discordjs", start: (options) => startPeer("discordjs", options) },
];

/** The proxy as `deno task start` runs it. */
export function startSluice(options: SubjectOptions): Promise<Child> {
  return startChild({
    script: "rest/mod.ts",
    flags: FLAGS,
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: options.upstream,
      REST_GLOBAL_LIMIT: String(options.globalLimit),
      REST_LOG_FORMAT: "json",
      ...trusting(options),
    },
  });
}

/** Starts a program of `bench/subjects/`; its options are one JSON argument. */
export function startPeer(
  name: string,
  options: SubjectOptions,
): Promise<Child> {
  return startChild({
    script: `bench/subjects/${name}.ts`,
    args: [JSON.stringify({ ...options, key: KEY, token: TOKEN })],
    flags: FLAGS,
    env: trusting(options),
  });
}

function trusting({ caFile }: SubjectOptions): Record<string, string> {
  return caFile === undefined ? {} : { DENO_CERT: caFile };
}
