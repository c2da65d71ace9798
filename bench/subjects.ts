import { startWords } from "../tools/deno_child.ts";
import { type Child, startChild, startProgram } from "./child.ts";

/** The key every subject asks for. */
export const KEY = "bench-key-0123456789";

/** Shaped like a bot's token: the id of the application in base64 comes first. */
const APPLICATION_ID = "1200000000000000000";
export const TOKEN = "MTIwMDAwMDAwMDAwMDAwMDAwMA.bench0.not-a-real-token";

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
  /** Keeps a journal there, with more settings of it. */
  readonly journal?: {
    readonly path: string;
    readonly settings: Readonly<Record<string, string>>;
  };
  /** Settings besides. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Something that stands between callers and Discord. */
export interface Subject {
  readonly name: string;
  /** What its callers send as `authorization`. */
  readonly authorization: string;
  /** Undefined where it is not on this machine, with what would bring it. */
  readonly missing?: string | undefined;
  readonly start: (options: SubjectOptions) => Promise<Child>;
}

/** As a bot sends it. */
const AS_BOT = `Bot ${TOKEN}`;

/** Where nirn-proxy's binary is: it is no package, so whoever compares with it builds it. */
const NIRN = Deno.env.get("BENCH_NIRN");

/** nirn-proxy listens where it is told, so nobody else may be there. */
const NIRN_URL = new URL("http://127.0.0.1:18231");

/**
 * Our proxy first, then the libraries people use today, each behind a minimal
 * listener, then other proxies as they are.
 */
export const SUBJECTS: readonly Subject[] = [
  { name: "sluice", authorization: KEY, start: startSluice },
  ...["discordeno", "discordjs"].map((name) => ({
    name,
    authorization: KEY,
    start: (options: SubjectOptions) => startPeer(name, options),
  })),
  {
    name: "djs_proxy",
    authorization: AS_BOT,
    start: (options) => startPeer("discordjs_proxy", options),
  },
  {
    name: "nirn",
    authorization: AS_BOT,
    missing: NIRN === undefined
      ? "BENCH_NIRN=<its binary> (see CONTRIBUTING.md, Measurements)"
      : undefined,
    start: startNirn,
  },
];

/** What only a journal needs. */
const JOURNAL_FLAGS = ["--allow-write", "--allow-sys"];

/** The proxy as `deno task start` runs it. */
export function startSluice(options: SubjectOptions): Promise<Child> {
  const { journal } = options;
  return startChild({
    script: "rest/mod.ts",
    flags: journal === undefined ? FLAGS : [...FLAGS, ...JOURNAL_FLAGS],
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: options.upstream,
      REST_GLOBAL_LIMIT: String(options.globalLimit),
      REST_LOG_FORMAT: "json",
      ...journal && { REST_JOURNAL: journal.path, ...journal.settings },
      ...trusting(options),
      ...options.env,
    },
  });
}

/** Starts a program of `bench/subjects/`; its options are one JSON argument. */
export function startPeer(
  name: string,
  options: SubjectOptions & { readonly journalPath?: string },
): Promise<Child> {
  return startChild({
    script: `bench/subjects/${name}.ts`,
    args: [JSON.stringify({ ...options, key: KEY, token: TOKEN })],
    flags: options.journalPath === undefined
      ? FLAGS
      : [...FLAGS, ...JOURNAL_FLAGS],
    env: trusting(options),
  });
}

/** nirn-proxy, with the one change that lets it send elsewhere than to Discord. */
function startNirn(
  { upstream, globalLimit }: SubjectOptions,
): Promise<Child> {
  const env = {
    PORT: NIRN_URL.port,
    BIND_IP: NIRN_URL.hostname,
    ENABLE_METRICS: "false",
    LOG_LEVEL: "error",
    UPSTREAM_BASE: new URL(upstream).origin,
    BOT_RATELIMIT_OVERRIDES: `${APPLICATION_ID}:${globalLimit}`,
  };
  return startProgram(NIRN ?? "", env, NIRN_URL);
}

function trusting({ caFile }: SubjectOptions): Record<string, string> {
  return caFile === undefined ? {} : { DENO_CERT: caFile };
}
