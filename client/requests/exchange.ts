import { RepError } from "../api/errors.ts";
import {
  frameHead,
  type FrameOptions,
  type FrameParts,
  verbOf,
} from "../wire/encode_frame.ts";
import { isSuccess, type Reply } from "../wire/decode_frame.ts";
import type {
  FileInput,
  Method,
  RequestOptions,
  Verb,
} from "../api/options.ts";
import type { RawReply, Req } from "../api/replies.ts";

/** A request, how its promise is settled, and how far it has got. */
export interface Exchange {
  /** Its place in the send queue, for good: a request sent again goes before younger ones. */
  readonly order: number;
  /** Undefined: nobody waits for a reply. */
  readonly req: Req | undefined;
  readonly verb: Verb;
  readonly target: string;
  /** Names its order group: requests with the same key must not overtake each other. */
  readonly orderKey: string;
  readonly frame: FrameParts;
  /** What it counts against `highWaterMarkBytes` while it waits. */
  readonly bytes: number;
  /** The proxy must have sent it to Discord by then (monotonic). */
  readonly deadlineAtMs: number | undefined;
  readonly isRaw: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: unknown) => void;
  /** True from the moment the server may have it until the server refuses it unsent. */
  wasSent: boolean;
  /** How often the server refused it unsent. */
  refusals: number;
  /** Cancels its timers and stops listening to its signal. */
  release: () => void;
}

/** An order group is a verb and a path, without the query. */
function orderKeyOf(verb: Verb, target: string): string {
  const queryAt = target.indexOf("?");
  return `${verb} ${queryAt === -1 ? target : target.slice(0, queryAt)}`;
}

/** What an exchange is made from. */
export interface ExchangeSource {
  readonly order: number;
  readonly req: Req | undefined;
  readonly method: Method;
  readonly target: string;
  readonly options: RequestOptions;
  /** The proxy must have sent it to Discord by then (monotonic). */
  readonly deadlineAtMs: number | undefined;
  readonly stringify: (value: unknown) => string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: unknown) => void;
}

/** Makes an exchange. The data is encoded now: later changes by the caller have no effect. */
export function exchangeOf(source: ExchangeSource): Exchange {
  const { order, req, target, options, deadlineAtMs, resolve, reject } = source;
  const verb = verbOf(source.method);
  const { data, headers, files = [] } = options;
  checkFiles(files);
  const head = frameHead(
    { target, verb, data, headers, req },
    source.stringify,
  );
  const filesBytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  return {
    order,
    req,
    verb,
    target,
    orderKey: orderKeyOf(verb, target),
    frame: { head, opts: optsOf(options), files },
    bytes: head.length + filesBytes,
    deadlineAtMs,
    isRaw: options.raw === true,
    resolve,
    reject,
    wasSent: false,
    refusals: 0,
    release: () => {},
  };
}

function checkFiles(files: readonly FileInput[]): void {
  for (const { name, bytes } of files) {
    if (bytes instanceof Uint8Array) continue;
    throw new TypeError(`Cannot send file "${name}": bytes is no Uint8Array`);
  }
}

function optsOf(options: RequestOptions): FrameOptions {
  const { reason, priority, dedupe } = options;
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(priority === undefined ? {} : { priority }),
    ...(dedupe === true ? { dedupe } : {}),
    // A caller that wants the raw reply wants its headers, too.
    ...(options.raw === true ? { headers: true } : {}),
  };
}

/** Settles the promise of a request with its reply. */
export function settleWith(exchange: Exchange, reply: Reply): void {
  if (exchange.isRaw) exchange.resolve(rawOf(reply));
  else if (isSuccess(reply.status)) exchange.resolve(reply.body);
  else exchange.reject(repErrorOf(exchange, reply));
}

/** A reply as `raw: true` shows it. */
export function rawOf(reply: Reply): RawReply {
  const body = isSuccess(reply.status)
    ? { data: reply.body }
    : { error: reply.body };
  return reply.headers === undefined
    ? { status: reply.status, ...body }
    : { status: reply.status, ...body, headers: reply.headers };
}

function repErrorOf(exchange: Exchange, reply: Reply): RepError {
  return new RepError({
    status: reply.status,
    error: reply.body,
    method: exchange.verb,
    target: exchange.target,
    req: exchange.req ?? "",
  });
}
