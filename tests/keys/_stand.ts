import { RepClient } from "../../client/mod.ts";
import { readBots } from "../../rest/config/read_bots.ts";
import { readKeys } from "../../rest/config/read_keys.ts";
import type { SettingFile } from "../../rest/config/setting_file.ts";
import type { ReceivedRequest } from "../../sim/server.ts";
import { createHash } from "../deps.ts";
import {
  settingsOf,
  startTestProxy,
  type TestProxy,
  type TestProxyOptions,
  TOKEN,
} from "../_proxy.ts";

/** The token of another bot than that of `DISCORD_TOKEN`. */
export const SECOND_TOKEN = `${btoa("223456789012345678")}.tests0.${
  "nor-one-of-anybody-else".padEnd(27, "x")
}`;

/** Both bots by the names the proxy knows them by. */
export const TOKENS = { main: TOKEN, second: SECOND_TOKEN } as const;

/** What one request came to, whichever way it went. */
export interface End {
  readonly status: number;
  /** Ours is a word, Discord's a number; undefined where it went well. */
  readonly code: string | number | undefined;
  readonly message: string | undefined;
}

export interface About {
  /** What a message says. */
  readonly content?: string;
  /** 0 is first, 7 last. */
  readonly urgency?: number;
}

/** Something that asks under one key. */
export interface Caller extends AsyncDisposable {
  /** `line` is a method and a path. */
  ask(line: string, about?: About): Promise<End>;
}

/** The real proxy with two bots and these keys, before a simulated Discord. */
export interface Stand extends AsyncDisposable {
  readonly proxy: TestProxy;
  overHttp(key: string, headers?: Record<string, string>): Caller;
  overRep(key: string): Promise<Caller>;
  /** Once the proxy has taken so many in that are not answered yet. */
  waiting(count: number): Promise<void>;
  /** Once so many have arrived at Discord. */
  arrived(count: number): Promise<void>;
}

/** Far longer than anything takes that these tests wait for. */
const WAIT_MS = 30_000;

async function until(what: string, isThere: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!isThere()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The key itself, by its name. */
export function keyNamed(name: string): string {
  return `the-key-called-${name}-of-the-tests`;
}

/** `keys`: entries of `REST_KEYS_FILE` by name, without their hashes. */
export async function startStand(
  keys: Record<string, Record<string, unknown>>,
  options: Omit<TestProxyOptions, "access"> = {},
): Promise<Stand> {
  const proxy = await startTestProxy({
    ...options,
    // Read above all for whether there are several keys; the entries are these.
    env: { REST_KEYS_FILE: "keys.json", ...options.env },
    access: accessOf(keys),
  });
  return {
    proxy,
    overHttp: (key, headers = {}) => httpCaller(proxy, key, headers),
    overRep: (key) => repCaller(proxy, key),
    waiting: (count) =>
      until(`${count} wait`, () => {
        const { waiting, inFlight } = proxy.proxy.snapshot();
        return waiting + inFlight >= count;
      }),
    arrived: (count) =>
      until(
        `${count} have arrived`,
        () => proxy.sim.requests().length >= count,
      ),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

/** As `REST_KEYS_FILE` has them. */
export function keysFileOf(
  keys: Record<string, Record<string, unknown>>,
): unknown[] {
  return Object.entries(keys).map(([name, rights]) => ({
    name,
    sha256: createHash("sha256").update(keyNamed(name)).digest("hex"),
    ...rights,
  }));
}

/** The content of the messages that arrived, in their order. */
export function contentsOf(requests: readonly ReceivedRequest[]): string[] {
  return requests.map(({ body }) => {
    const text = new TextDecoder().decode(body);
    return text === "" ? "" : JSON.parse(text).content;
  });
}

/** The tokens of what arrived, by the names of their bots. */
export function botsOf(requests: readonly ReceivedRequest[]): string[] {
  return requests.map(({ headers }) => {
    const sent = headers.find(([name]) =>
      name.toLowerCase() === "authorization"
    )?.[1];
    const bot = Object.entries(TOKENS).find(([, token]) =>
      sent === `Bot ${token}`
    );
    return bot?.[0] ?? "nobody";
  });
}

function accessOf(keys: Record<string, Record<string, unknown>>) {
  const problems: string[] = [];
  const tokens = fileOf("DISCORD_TOKENS_FILE", { second: SECOND_TOKEN });
  const bots = readBots(settingsOf().discordToken, tokens, problems);
  const names = bots.map(({ name }) => name);
  const file = fileOf("REST_KEYS_FILE", keysFileOf(keys));
  const access = { bots, keys: readKeys(file, names, problems) };
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return access;
}

function fileOf(setting: string, value: unknown): SettingFile {
  const text = JSON.stringify(value);
  return { setting, path: setting, read: { ok: true, text, mode: 0o600 } };
}

function httpCaller(
  { url }: TestProxy,
  key: string,
  headers: Record<string, string>,
): Caller {
  return {
    async ask(line, { content, urgency } = {}) {
      const [method = "", path] = line.split(" ");
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: key,
          "content-type": "application/json",
          ...urgency !== undefined && { priority: `u=${urgency}` },
          ...headers,
        },
        body: content === undefined ? null : JSON.stringify({ content }),
      });
      const text = await response.text();
      return endOf(response.status, text === "" ? {} : JSON.parse(text));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function repCaller({ port }: TestProxy, key: string): Promise<Caller> {
  const client = new RepClient(`ws://127.0.0.1:${port}/rep`, { token: key });
  await client.ready;
  return {
    async ask(line, { content, urgency } = {}) {
      const [method, target = ""] = line.split(" ");
      const { status, data, error } = await client.request(
        method as "GET",
        target,
        {
          raw: true,
          ...content !== undefined && { data: { content } },
          ...urgency !== undefined && { priority: urgency },
        },
      );
      return endOf(status, error ?? data);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function endOf(status: number, body: unknown): End {
  const { code, message } = Object(body);
  return status < 300
    ? { status, code: undefined, message: undefined }
    : { status, code, message };
}
