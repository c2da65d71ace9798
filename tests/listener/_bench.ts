import {
  ALL_RIGHTS,
  type KeyEntry,
  type KeyRights,
} from "../../rest/domain/access.ts";
import type { OpenTokenRoutes } from "../../rest/domain/access.ts";
import type { Answer } from "../../rest/domain/answer.ts";
import type { Fact } from "../../rest/domain/fact.ts";
import type { Clock, Submitter } from "../../rest/domain/ports.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";
import { Secret } from "../../rest/domain/secret.ts";
import {
  type Authorizer,
  createAuthorizer,
} from "../../rest/listener/authorize.ts";
import { createBotRing } from "../../rest/listener/bot_ring.ts";
import { hexDigestOf } from "../../rest/listener/digest.ts";
import type {
  HttpHandler,
  HttpSettings,
} from "../../rest/listener/http/desk.ts";
import { createHttpDoor } from "../../rest/listener/http/door.ts";
import type { MoveRequests } from "../../rest/listener/http/token_update.ts";
import { createKeyRing } from "../../rest/listener/key_ring.ts";
import { startListener } from "../../rest/listener/serve.ts";
import { createManualClock, type ManualClock } from "../_manual_clock.ts";
import { exchange, type RawResponse } from "./_raw_http.ts";

export const KEY = "a-key-that-only-tests-know";
/** The id in front is 123456789012345678. */
export const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.own.token";
export const OWN_ID = "bot:123456789012345678";

export const SETTINGS: HttpSettings = {
  apiVersion: 10,
  isKeyInPathAllowed: false,
  areRateLimitHeadersStripped: false,
  isServerTimingOn: false,
  bodyLimitBytes: 1024 * 1024,
  heldLimitBytes: 4 * 1024 * 1024,
  bodyTimeoutMs: 30_000,
  roomWaitMs: 10_000,
};

export interface BenchOptions {
  readonly settings?: Partial<HttpSettings>;
  /** Null: no `DISCORD_TOKEN`. */
  readonly token?: string | null;
  readonly submitter?: Submitter;
  readonly onUpgrade?: HttpHandler;
  readonly moveRequests?: MoveRequests;
  /** Nobody unless said. */
  readonly openTokenRoutes?: OpenTokenRoutes;
}

/** A handler behind a real port, before a submitter that only remembers. */
export interface Bench extends AsyncDisposable {
  readonly port: number;
  readonly handler: HttpHandler;
  /** Closes the door, not the socket. */
  close(): void;
  readonly submitted: ProxyRequest[];
  readonly facts: Fact[];
  readonly clock: ManualClock;
  isDraining: boolean;
  /** What every request is answered with. */
  answer: Answer;
  /** A request with the key, its other header lines as given. */
  send(start: string, lines?: string, body?: string): Promise<RawResponse>;
  /** The same without the key. */
  sendRaw(text: string): Promise<RawResponse>;
}

export function authorizerOf(
  token: string | null = TOKEN,
  clock: Clock = createManualClock(),
  openTokenRoutes: OpenTokenRoutes = "false",
): Authorizer {
  return createAuthorizer({
    clock,
    openTokenRoutes,
    keys: createKeyRing([keyOf("main", KEY)]),
    bots: createBotRing(
      token === null ? [] : [{ name: "main", token: new Secret(token) }],
    ),
  });
}

/** A key that may do everything but what `rights` takes from it. */
export function keyOf(
  name: string,
  key: string,
  rights: Partial<KeyRights> = {},
): KeyEntry {
  const all = Object.keys(rights).length === 0
    ? ALL_RIGHTS
    : { ...ALL_RIGHTS, ...rights };
  return { name, sha256: hexDigestOf(key), rights: all };
}

export function answerOf(change: Partial<Answer> = {}): Answer {
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: new TextEncoder().encode("{}"),
    ...change,
  };
}

export function startBench(options: BenchOptions = {}): Bench {
  const clock = createManualClock();
  const facts: Fact[] = [];
  const submitted: ProxyRequest[] = [];
  const remembering: Submitter = {
    submit(request) {
      submitted.push(request);
      return { answer: Promise.resolve(bench.answer), cancel: () => "done" };
    },
  };
  const door = createHttpDoor({
    submitter: options.submitter ?? remembering,
    authorizer: authorizerOf(options.token, clock, options.openTokenRoutes),
    clock,
    facts: (fact) => void facts.push(fact),
    settings: { ...SETTINGS, ...options.settings },
    isDraining: () => bench.isDraining,
    ...(options.onUpgrade && { onUpgrade: options.onUpgrade }),
    ...(options.moveRequests && { moveRequests: options.moveRequests }),
  });
  const listener = startListener({
    host: "127.0.0.1",
    port: 0,
    facts: (fact) => void facts.push(fact),
  }, door.handle);
  const port = listener.address.port;

  const bench: Bench = {
    port,
    handler: door.handle,
    close: () => door.close(),
    submitted,
    facts,
    clock,
    isDraining: false,
    answer: answerOf(),
    send: (start, lines = "", body = "") =>
      exchange(
        port,
        `${start} HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\n${lines}\r\n${body}`,
      ),
    sendRaw: (text) => exchange(port, text),
    [Symbol.asyncDispose]: () => listener.shutdown(),
  };
  return bench;
}
