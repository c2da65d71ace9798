import { readBots } from "./rest/config/read_bots.ts";
import { readKeys } from "./rest/config/read_keys.ts";
import {
  type ReadSettings,
  readSettings,
} from "./rest/config/read_settings.ts";
import { readRulesFile } from "./rest/config/read_rules.ts";
import {
  PASSED_SOCKET_NAMES,
  passedSocketIn,
} from "./rest/config/passed_socket.ts";
import { readSecretFile, SECRET_FILES } from "./rest/config/secret_files.ts";
import { readTls } from "./rest/config/read_tls.ts";
import {
  permissionNote,
  type SettingFile,
} from "./rest/config/setting_file.ts";
import { SETTINGS, type Settings } from "./rest/config/settings.ts";
import { TELEMETRY_NAMES } from "./rest/config/telemetry.ts";
import {
  applicationIdOf,
  NO_APPLICATION_ID,
} from "./rest/domain/application_id.ts";
import type { Secret } from "./rest/domain/secret.ts";

type Bots = ReturnType<typeof readBots>;
type Keys = ReturnType<typeof readKeys>;
type Rules = ReturnType<typeof readRulesFile>;
type Tls = ReturnType<typeof readTls>;
type Env = Record<string, string | undefined>;
type Unread = Extract<ReadSettings, { ok: false }>;

/** Everything the process starts with. */
type Loaded =
  | Extract<ReadSettings, { ok: true }> & {
    readonly access: {
      readonly keys: Keys;
      readonly bots: Bots;
      readonly rules: Rules;
    };
    /** Undefined: no TLS is spoken. */
    readonly tls: Tls;
    /** The file descriptor of a socket that somebody outside holds; undefined: we open one. */
    readonly passedSocket: number | undefined;
  }
  | Unread;

/** The result of reading a file again while the process runs. */
type Reloaded<T> =
  | { readonly ok: true; readonly value: T; readonly notes: readonly string[] }
  | Unread;

/** The largest file that is read. A hundred keys with all their routes need a tenth of it; a mistaken path may name a file of any size. */
const FILE_BYTES_MAX = 1_048_576;

/**
 * The settings from the environment (`--env-file` has put `.env` there) and the
 * files that they name, read once. No other file reads them. Problems are
 * returned and not thrown, so importing this file is always safe.
 */
export const CONFIGS: Loaded = loadSettings();

/** The bot's token: that of `DISCORD_TOKEN`, or else the first of `DISCORD_TOKENS_FILE`; "" where there is none. */
export const DISCORD_TOKEN: string = CONFIGS.ok
  ? CONFIGS.access.bots[0]?.token.reveal() ?? ""
  : "";

/** The id of the application that the token belongs to. */
export const APPLICATION_ID: string = applicationIdOf(DISCORD_TOKEN) ??
  NO_APPLICATION_ID;

/** The key that callers send; "" where it is not set or cannot be used. */
export const REST_AUTHORIZATION: string = CONFIGS.ok
  ? CONFIGS.settings.authorization.reveal()
  : "";

/** The port to listen on. */
export const REST_PORT: number = CONFIGS.ok
  ? CONFIGS.settings.port
  : Number(SETTINGS.port.fallback);

function loadSettings(): Loaded {
  const env = readEnv();
  const secrets = withSecretFiles(env);
  const read = readSettings(secrets.env);
  if (!read.ok) return { ok: false, problems: allProblems(secrets, read) };
  const { settings } = read;
  const problems = [...secrets.problems];
  const passedSocket = passedSocketIn(env, Deno.pid, settings, problems);
  const tokens = fileOf("DISCORD_TOKENS_FILE", settings.tokensFile);
  const bots = readBots(settings.discordToken, tokens, problems);
  const keys = loadKeys(settings, bots.map((bot) => bot.name));
  const rules = loadRules(settings);
  const tls = loadTls(settings);
  for (const one of [keys, rules, tls]) {
    if (!one.ok) problems.push(...one.problems);
  }
  if (!keys.ok || !rules.ok || !tls.ok || problems.length > 0) {
    return { ok: false, problems };
  }
  const care = tokens === undefined ? [] : permissionNote(tokens, "secret");
  return {
    ok: true,
    settings,
    access: { keys: keys.value, bots, rules: rules.value },
    tls: tls.value,
    passedSocket,
    notes: [
      ...read.notes,
      ...secrets.notes,
      ...care,
      ...keys.notes,
      ...rules.notes,
      ...tls.notes,
    ],
  };
}

/** The environment with the secrets that stand in files, and what is to be said of the files. */
interface Secrets {
  readonly env: Env;
  /** Names of secrets whose file did not give them. */
  readonly missing: readonly string[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

function withSecretFiles(given: Env): Secrets {
  const env = { ...given };
  const missing: string[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  for (const [secret, { name: setting }] of SECRET_FILES) {
    const { name } = secret;
    const file = fileOf(setting, given[setting]?.trim() || undefined);
    if (file === undefined) continue;
    const there = given[name]?.trim() ?? "";
    const text = readSecretFile(secret, there, file, problems);
    if (text === undefined && there === "") missing.push(name);
    env[name] = text ?? given[name];
    notes.push(...permissionNote(file, "secret"));
  }
  return { env, missing, problems, notes };
}

/** Every problem once: a secret that its file did not give is not also missing. */
function allProblems(secrets: Secrets, read: Unread): string[] {
  const isTold = (problem: string) =>
    secrets.missing.some((name) => problem.startsWith(`${name} is not set`));
  return [
    ...secrets.problems,
    ...read.problems.filter((problem) => !isTold(problem)),
  ];
}

/** Reads the files of tokens again: `DISCORD_TOKEN_FILE` and `DISCORD_TOKENS_FILE`. */
export function loadBots(
  { discordToken, discordTokenFile, tokensFile }: Settings,
): Reloaded<Bots> {
  const secret = loadSecret(SECRET_FILES[0], discordTokenFile);
  if (!secret.ok) return secret;
  const problems: string[] = [];
  const tokens = fileOf("DISCORD_TOKENS_FILE", tokensFile);
  const value = readBots(secret.value ?? discordToken, tokens, problems);
  if (problems.length > 0) return { ok: false, problems };
  const care = tokens === undefined ? [] : permissionNote(tokens, "secret");
  return { ok: true, value, notes: [...secret.notes, ...care] };
}

/** Reads `REST_AUTHORIZATION_FILE` again. */
export function loadAuthorization(
  { authorization, authorizationFile }: Settings,
): Reloaded<Secret> {
  const secret = loadSecret(SECRET_FILES[1], authorizationFile);
  if (!secret.ok) return secret;
  return { ...secret, value: secret.value ?? authorization };
}

/** Undefined where no file holds it. */
function loadSecret(
  [secret, { name: setting }]: (typeof SECRET_FILES)[number],
  path: string | undefined,
): Reloaded<Secret | undefined> {
  const file = fileOf(setting, path);
  if (file === undefined) return { ok: true, value: undefined, notes: [] };
  const problems: string[] = [];
  const text = readSecretFile(secret, "", file, problems);
  if (text === undefined) return { ok: false, problems };
  const value = secret.kind.parse(text);
  return { ok: true, value, notes: permissionNote(file, "secret") };
}

/** Reads `REST_KEYS_FILE`; the bots it may name are those that were there at the start. */
export function loadKeys(
  { keysFile }: Settings,
  botNames: readonly string[],
): Reloaded<Keys> {
  const problems: string[] = [];
  const file = fileOf("REST_KEYS_FILE", keysFile);
  const value = readKeys(file, botNames, problems);
  if (problems.length > 0) return { ok: false, problems };
  const notes = file === undefined ? [] : permissionNote(file, "trusted");
  return { ok: true, value, notes };
}

/** Reads `REST_RULES_FILE`. */
export function loadRules({ rulesFile }: Settings): Reloaded<Rules> {
  const problems: string[] = [];
  const file = fileOf("REST_RULES_FILE", rulesFile);
  const value = readRulesFile(file, problems);
  if (problems.length > 0) return { ok: false, problems };
  const notes = file === undefined ? [] : permissionNote(file, "trusted");
  return { ok: true, value, notes };
}

/** Reads `REST_TLS_CERT` and `REST_TLS_KEY`. */
export function loadTls(
  { tlsCertFile, tlsKeyFile }: Settings,
): Reloaded<Tls> {
  const problems: string[] = [];
  const cert = fileOf("REST_TLS_CERT", tlsCertFile);
  const key = fileOf("REST_TLS_KEY", tlsKeyFile);
  if (cert === undefined || key === undefined) {
    return { ok: true, value: undefined, notes: [] };
  }
  const value = readTls(cert, key, problems);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value, notes: permissionNote(key, "guarded") };
}

function readEnv(): Env {
  try {
    return Deno.env.toObject();
  } catch {
    // Hosts that grant single names do not let the environment be listed.
    // Known names can still be read; misspelt ones are not noticed there.
    const names = [
      ...Object.values(SETTINGS).map((setting) => setting.name),
      ...TELEMETRY_NAMES,
      ...PASSED_SOCKET_NAMES,
    ];
    return Object.fromEntries(names.map((name) => [name, variableOf(name)]));
  }
}

/** Undefined where it is not set, or may not be read. */
function variableOf(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

function fileOf(
  setting: string,
  path: string | undefined,
): SettingFile | undefined {
  return path === undefined
    ? undefined
    : { setting, path, read: readFile(path) };
}

function readFile(path: string): SettingFile["read"] {
  try {
    const { isFile, size, mode } = Deno.statSync(path);
    if (!isFile) return { ok: false, reason: "it is not a file" };
    if (size > FILE_BYTES_MAX) {
      const reason = `it has ${size} bytes, at most ${FILE_BYTES_MAX} are read`;
      return { ok: false, reason };
    }
    return { ok: true, text: Deno.readTextFileSync(path), mode };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  const isForbidden = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
  return isForbidden
    ? "it may not be read: check its permissions, and --allow-read"
    : "it cannot be read";
}
