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
} from "../../rest/listener/access/authorize.ts";
import { AddressMarks } from "../../rest/listener/access/address_marks.ts";
import {
  type BotRing,
  createBotRing,
} from "../../rest/listener/access/bot_ring.ts";
import { KnownAddresses } from "../../rest/listener/access/known_addresses.ts";
import { hexDigestOf } from "../../rest/listener/access/digest.ts";
import type { HttpSettings } from "../../rest/listener/http/handler_context.ts";
import type {
  Endpoint,
  UpgradeHandler,
} from "../../rest/listener/http/incoming_request.ts";
import { createHttpEndpoint } from "../../rest/listener/http/endpoint.ts";
import type { MoveRequests } from "../../rest/listener/http/token_update.ts";
import {
  createKeyRing,
  type KeyRing,
} from "../../rest/listener/access/key_ring.ts";
import { startListener } from "../../rest/listener/transport/listen.ts";
import { createManualClock, type ManualClock } from "../_manual_clock.ts";
import { exchange, type RawResponse } from "./_raw_http.ts";
import { endpointOf, servingOf } from "./_serve.ts";

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
  readonly upgrade?: UpgradeHandler;
  readonly moveRequests?: MoveRequests;
  /** Nobody unless said. */
  readonly openTokenRoutes?: OpenTokenRoutes;
}

/** A handler behind a real port, before a submitter that only remembers. */
export interface Bench extends AsyncDisposable {
  readonly port: number;
  readonly endpoint: Endpoint;
  /** Closes the endpoint, not the socket. */
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
  const keys = createKeyRing([keyOf("main", KEY)]);
  const bots = createBotRing(
    token === null ? [] : [{ name: "main", token: new Secret(token) }],
  );
  const known = knownOf({ clock, keys, bots });
  return createAuthorizer({ keys, bots, known, openTokenRoutes });
}

/** The addresses that these keys and bots make known. */
export function knownOf(
  { clock, keys, bots, secret }: {
    readonly clock: Clock;
    readonly keys: KeyRing;
    readonly bots: BotRing;
    readonly secret?: Secret;
  },
): KnownAddresses {
  const marks = new AddressMarks({ keys, bots, secret });
  return new KnownAddresses({ clock, marks });
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

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const clock = createManualClock();
  const transportClock = createManualClock();
  const facts: Fact[] = [];
  const submitted: ProxyRequest[] = [];
  const remembering: Submitter = {
    submit(request) {
      submitted.push(request);
      return { answer: Promise.resolve(bench.answer), cancel: () => "done" };
    },
  };
  const http = createHttpEndpoint({
    submitter: options.submitter ?? remembering,
    authorizer: authorizerOf(options.token, clock, options.openTokenRoutes),
    clock,
    facts: (fact) => void facts.push(fact),
    settings: { ...SETTINGS, ...options.settings },
    isDraining: () => bench.isDraining,
    hasUpgrade: options.upgrade !== undefined,
    ...(options.moveRequests && { moveRequests: options.moveRequests }),
  });
  const endpoint = endpointOf(http.handle, options.upgrade);
  const listener = await startListener({
    ...servingOf(endpoint, {
      clock: transportClock,
      facts: (fact) => void facts.push(fact),
    }),
    host: "127.0.0.1",
    port: 0,
  });
  const port = listener.address.port;

  const bench: Bench = {
    port,
    endpoint,
    close: () => http.close(),
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
