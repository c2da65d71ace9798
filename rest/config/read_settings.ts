import { type Setting, SETTINGS, type Settings } from "./settings.ts";
import { telemetryProblems } from "./telemetry.ts";
import { unknownNames } from "./unknown_names.ts";

/** The settings, or what is wrong with the environment. */
export type ReadSettings =
  | {
    readonly ok: true;
    readonly settings: Settings;
    /** What an operator may want to hear though nothing is wrong. */
    readonly notes: readonly string[];
  }
  /** One line each, fit to be printed: no secret is in them. */
  | { readonly ok: false; readonly problems: readonly string[] };

type Env = Readonly<Record<string, string | undefined>>;

/** Loopback never leaves the machine, so nobody else can read along. */
const LOOPBACK = /^http:\/\/(?:localhost|127\.[0-9.]+|\[::1\])(?::|\/|$)/;

/** Checks every setting at once, so that nobody has to start once per mistake. */
export function readSettings(env: Env): ReadSettings {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [member, setting] of Object.entries(SETTINGS)) {
    values[member] = readOne(setting, env, problems);
  }
  const known = Object.values(SETTINGS).map((setting) => setting.name);
  problems.push(...unknownNames(env, known), ...telemetryProblems(env));
  if (problems.length > 0) return { ok: false, problems };

  // The table has a row for each member, and each row gave a value of its kind.
  const settings = values as unknown as Settings;
  problems.push(...contradictions(settings));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, settings, notes: notesOn(settings, env) };
}

function readOne(
  setting: Setting<unknown>,
  env: Env,
  problems: string[],
): unknown {
  const { name, kind, need } = setting;
  // An empty value is an unset one: `.env` files and containers pass `NAME=`.
  // A secret read from a file often ends in a line feed.
  const given = env[name]?.trim() ?? "";
  if (given === "") {
    if (need === "required") {
      problems.push(`${name} is not set: want ${kind.wanted}`);
    }
    return kind.parse(setting.fallback);
  }
  const value = kind.parse(given);
  if (value === undefined) {
    problems.push(`${name} is ${kind.show(given)}: want ${kind.wanted}`);
  }
  return value;
}

function contradictions(settings: Settings): string[] {
  const found: string[] = [];
  if (settings.bodyLimitMib > settings.heldLimitMib) {
    found.push(
      `REST_BODY_LIMIT_MIB is ${settings.bodyLimitMib}: want at most ` +
        `REST_HELD_LIMIT_MIB, which is ${settings.heldLimitMib}`,
    );
  }
  const isKeyInPath = settings.isKeyInPathAllowed &&
    !/^[A-Za-z0-9._~-]*$/.test(settings.authorization.reveal());
  if (isKeyInPath) {
    found.push(
      "REST_AUTHORIZATION cannot stand in a path: with REST_KEY_IN_PATH want " +
        "letters, digits and - . _ ~ only, which stand in a path as they are",
    );
  }
  return [
    ...found,
    ...tlsContradictions(settings),
    ...clusterContradictions(settings),
  ];
}

/** What each setting of several proxies does nothing without. */
const BESIDE = [
  ["redisUrl", "peerUrl"],
  ["redisUrl", "peerKey"],
  ["peerUrl", "peerKey"],
  ["ownerUrl", "peerKey"],
] as const;

function clusterContradictions(settings: Settings): string[] {
  const found = BESIDE.flatMap(([given, member]) => {
    const isMissing = settings[given] !== undefined &&
      settings[member] === undefined;
    if (!isMissing) return [];
    const { name, kind } = SETTINGS[member];
    return [
      `${name} is not set: want it beside ${
        SETTINGS[given].name
      }, ${kind.wanted}`,
    ];
  });
  if (settings.ownerUrl !== undefined && settings.redisUrl !== undefined) {
    found.push(
      "REST_OWNER_URL is set beside REST_REDIS_URL: want one of them, since Redis tells the owner",
    );
  }
  return [...new Map(found.map((text) => [text.split(" ")[0], text])).values()];
}

function tlsContradictions(settings: Settings): string[] {
  const { tlsCertFile, tlsKeyFile, socket } = settings;
  const hasCert = tlsCertFile !== undefined;
  if (hasCert !== (tlsKeyFile !== undefined)) {
    return [
      hasCert
        ? "REST_TLS_KEY is not set: want it beside REST_TLS_CERT"
        : "REST_TLS_CERT is not set: want it beside REST_TLS_KEY",
    ];
  }
  if (!hasCert || socket === undefined) return [];
  return [
    `REST_SOCKET is ${SETTINGS.socket.kind.show(socket)}: want it without ` +
    "REST_TLS_CERT and REST_TLS_KEY, since a Unix socket carries no TLS",
  ];
}

function notesOn(settings: Settings, env: Env): string[] {
  const notes: string[] = [];
  if (settings.discordToken === undefined && !settings.tokensFile) {
    notes.push(
      "DISCORD_TOKEN is not set: only callers that bring their own token are served",
    );
  }
  if (env["DISCORD_TOKEN"]?.trim().startsWith("Bot ")) {
    notes.push("DISCORD_TOKEN begins with Bot, which is not part of it");
  }
  const { upstream } = settings;
  if (upstream.startsWith("http:") && !LOOPBACK.test(upstream)) {
    notes.push(
      "REST_UPSTREAM is not https: tokens can be read on the way there",
    );
  }
  const { journalKey, journalFile, redisUrl } = settings;
  if (journalKey !== undefined && (journalFile ?? redisUrl) === undefined) {
    notes.push(
      "REST_JOURNAL_KEY is set, but no journal is: set REST_JOURNAL, or nothing outlives the proxy",
    );
  }
  return notes;
}
