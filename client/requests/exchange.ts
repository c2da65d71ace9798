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
  RawReply,
  Req,
  RequestOptions,
  Verb,
} from "../api/types.ts";

/** A request and what is known of its fate. */
export interface Exchange {
  /** Its place in line, for good: a request sent again does not go behind younger ones. */
  readonly order: number;
  /** Undefined: nobody waits for a reply. */
  readonly req: Req | undefined;
  readonly verb: Verb;
  readonly target: string;
  /** Requests with the same key must not overtake each other. */
  readonly lineKey: string;
  readonly frame: FrameParts;
  /** What it weighs while it waits in this process. */
  readonly bytes: number;
  /** Must have left for Discord by then (monotonic). */
  readonly leaveByMs: number | undefined;
  readonly isRaw: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: unknown) => void;
  /** True from the moment the server may have it until it says it refused it. */
  hasLeft: boolean;
  /** How often the server refused it before sending it on. */
  refusals: number;
  /** Calls off its timers and stops listening to its signal. */
  release: () => void;
}

/** The key of what must stay in order: verb and path, without the query. */
function lineKeyOf(verb: Verb, target: string): string {
  const queryAt = target.indexOf("?");
  return `${verb} ${queryAt === -1 ? target : target.slice(0, queryAt)}`;
}

/** What every request, with or without a reply, is made from. */
export interface ExchangeSource {
  readonly order: number;
  readonly req: Req | undefined;
  readonly method: Method;
  readonly target: string;
  readonly options: RequestOptions;
  /** Must have left for Discord by then (monotonic). */
  readonly leaveByMs: number | undefined;
  readonly stringify: (value: unknown) => string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: unknown) => void;
}

/** A request written down: what changes in the caller's hands afterwards changes nothing here. */
export function exchangeOf(source: ExchangeSource): Exchange {
  const { order, req, target, options, leaveByMs, resolve, reject } = source;
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
    lineKey: lineKeyOf(verb, target),
    frame: { head, opts: optsOf(options), files },
    bytes: head.length + filesBytes,
    leaveByMs,
    isRaw: options.raw === true,
    resolve,
    reject,
    hasLeft: false,
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
    // Whoever asks for the bare reply wants its headers too.
    ...(options.raw === true ? { headers: true } : {}),
  };
}

/** Hands the reply to whoever asked. */
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
