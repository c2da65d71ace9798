import { createHash } from "../../../deps.ts";
import type { Clock } from "../../domain/ports.ts";
import type { Secret } from "../../domain/secret.ts";
import { createRedisClient, RESP_TYPES } from "../deps.ts";

/** A script, and the name by which Redis knows it once it has run. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** A word of a command; bytes go as they are. */
export type Word = string | Uint8Array;

/** Commands to one Redis, each with an end in time. */
export interface RedisLink {
  /** Rejects with `RedisFailure` only. A command that was not answered in time may still be carried out. Strings of the reply are text, or bytes on demand. */
  call(words: readonly Word[], asBytes?: "asBytes"): Promise<unknown>;
  run(
    script: Script,
    keys: readonly string[],
    words: readonly Word[],
  ): Promise<unknown>;
  close(): void;
}

/** Redis did not do it, or not in time. Its message is what Redis said, or a code; never a password. */
export class RedisFailure extends Error {
  override readonly name = "RedisFailure";
}

class Late extends RedisFailure {}

/** Longer than a Redis under load takes, and short enough for two tries within a lease. */
export const CALL_TIMEOUT_MS = 600;
const CONNECT_TIMEOUT_MS = 1_500;
/** Until a new connection can be used: who accepts it, a balancer perhaps, need not be who answers on it. */
const READY_TIMEOUT_MS = 3_000;
/** After so long without any answer the connection is taken for dead, and another one made. */
const SILENCE_MAX_MS = 3_000;
/** Between two connections. */
const RECONNECT_MS = 200;
/** Commands under way; the journal's driver appends one batch at a time. */
const COMMANDS_MAX = 1_024;

type Client = ReturnType<typeof newClient>;

/** Names a script. */
export function scriptOf(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/**
 * Opens the connection, and keeps one open. It may be down at any time, which
 * the calls tell. `caCertificates` are trusted besides the usual ones, in PEM.
 */
export async function openRedisLink(
  url: Secret,
  clock: Clock,
  caCertificates?: string,
): Promise<RedisLink> {
  const link = new ClientLink(url, clock, caCertificates);
  await link.connected;
  return link;
}

class ClientLink implements RedisLink {
  readonly #newClient: () => Client;
  readonly #clock: Clock;
  #client: Client;
  #heardAtMs: number;
  /** Why the last connection failed, which tells more than that there is none. */
  #problem: RedisFailure | undefined;
  #stopReconnect: (() => void) | undefined;
  #isClosed = false;
  /** Settles when the first try has come to an end, a good one or not. */
  readonly connected: Promise<void>;

  constructor(url: Secret, clock: Clock, caCertificates: string | undefined) {
    this.#newClient = () => newClient(url, caCertificates);
    this.#clock = clock;
    this.#heardAtMs = clock.nowMs();
    this.#client = this.#newClient();
    this.connected = this.#connect();
  }

  call(words: readonly Word[], asBytes?: "asBytes"): Promise<unknown> {
    return this.#inTime((client) => {
      const mapped = asBytes === undefined
        ? client
        : client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      return mapped.sendCommand(words.map(argumentOf));
    });
  }

  async run(
    { text, sha }: Script,
    keys: readonly string[],
    words: readonly Word[],
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...words].map(argumentOf);
    return await this.#inTime(async (client) => {
      try {
        return await client.sendCommand(["EVALSHA", sha, ...rest]);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        return await client.sendCommand(["EVAL", text, ...rest]);
      }
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#stopReconnect?.();
    destroy(this.#client);
  }

  async #inTime(send: (client: Client) => Promise<unknown>): Promise<unknown> {
    const client = this.#client;
    if (!client.isReady) {
      throw this.#problem ?? new RedisFailure("no connection");
    }
    try {
      const reply = await this.#within(CALL_TIMEOUT_MS, send(client));
      this.#heardAtMs = this.#clock.nowMs();
      return reply;
    } catch (error) {
      const failure = failureOf(error);
      if (failure instanceof Late) this.#mindSilence(client);
      throw failure;
    }
  }

  async #within<T>(ms: number, action: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const stop = this.#clock.wakeAt(
      this.#clock.nowMs() + ms,
      () => late.reject(new Late(`no answer in ${ms} ms`)),
    );
    try {
      return await Promise.race([action, late.promise]);
    } finally {
      stop();
    }
  }

  /** A network that swallows everything would be waited for for many minutes. */
  #mindSilence(client: Client): void {
    const isSilent = this.#clock.nowMs() - this.#heardAtMs > SILENCE_MAX_MS;
    if (isSilent) this.#reconnect(client);
  }

  async #connect(): Promise<void> {
    const client = this.#client;
    client.on("error", (error) => {
      this.#problem = failureOf(error);
      this.#reconnect(client);
    });
    client.on("end", () => this.#reconnect(client));
    try {
      await this.#within(READY_TIMEOUT_MS, client.connect());
      this.#heardAtMs = this.#clock.nowMs();
    } catch (error) {
      this.#problem = failureOf(error);
      this.#reconnect(client);
    }
  }

  /** Makes another connection soon in place of this one. Not the client's own way, whose timer cannot be stopped. */
  #reconnect(client: Client): void {
    const isWanted = !this.#isClosed && this.#stopReconnect === undefined;
    if (!isWanted || client !== this.#client) return;
    this.#stopReconnect = this.#clock.wakeAt(
      this.#clock.nowMs() + RECONNECT_MS,
      () => {
        this.#stopReconnect = undefined;
        this.#heardAtMs = this.#clock.nowMs();
        this.#client = this.#newClient();
        void this.#connect();
      },
    );
    destroy(client);
  }
}

/** Closing what is closed already is an error to the client. */
function destroy(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It is closed.
  }
}

function newClient(url: Secret, ca: string | undefined) {
  return createRedisClient({
    url: url.reveal(),
    name: "sluice",
    // A command waits for nothing: whoever sent it decides what comes next.
    disableOfflineQueue: true,
    commandsQueueMaxLength: COMMANDS_MAX,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: false,
      ...isTls(url) && { tls: true, ...ca !== undefined && { ca } },
    },
  });
}

function isTls(url: Secret): boolean {
  return new URL(url.reveal()).protocol === "rediss:";
}

function argumentOf(word: Word): string | Buffer {
  return typeof word === "string"
    ? word
    : Buffer.from(word.buffer, word.byteOffset, word.byteLength);
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/** The messages of the client's own errors name no password: they hold an address and a code, or Redis' words. */
function failureOf(error: unknown): RedisFailure {
  if (error instanceof RedisFailure) return error;
  const message = error instanceof Error ? error.message : "";
  return new RedisFailure(message || "no connection");
}
