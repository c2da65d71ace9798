import { createHash } from "../deps.ts";
import {
  MessageNonces,
  type MessageNoncesDeps,
} from "../../rest/idempotency/nonces/message_nonces.ts";
import { createDispatcher } from "../../rest/dispatcher/dispatcher.ts";
import type {
  Dispatcher,
  DispatcherDeps,
  DispatcherOptions,
} from "../../rest/dispatcher/types.ts";
import type { Answer } from "../../rest/domain/answer.ts";
import type { Fact } from "../../rest/domain/fact.ts";
import type { HeaderList } from "../../rest/domain/headers.ts";
import type { Identity } from "../../rest/domain/identity.ts";
import type { Ticket } from "../../rest/domain/ports.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import type { Method, ProxyRequest } from "../../rest/domain/request.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import { createManualClock, type ManualClock } from "../_manual_clock.ts";
import {
  createScriptedScheduler,
  type ScriptedScheduler,
} from "./_scripted_scheduler.ts";
import {
  createScriptedUpstream,
  type ScriptedUpstream,
} from "./_scripted_upstream.ts";

export const BOT: Identity = {
  id: "bot:1",
  kind: "bot",
  authorization: new Secret("Bot token"),
  isOwn: true,
  bot: "main",
};

/** A dispatcher between a scheduler and an upstream that do what they are told. */
export interface Bench {
  readonly dispatcher: Dispatcher;
  readonly scheduler: ScriptedScheduler;
  readonly upstream: ScriptedUpstream;
  readonly clock: ManualClock;
  readonly facts: Fact[];
}

export function benchOf(
  options: Partial<DispatcherOptions> = {},
  parts: Partial<DispatcherDeps> = {},
): Bench {
  const clock = createManualClock();
  const scheduler = createScriptedScheduler();
  const upstream = createScriptedUpstream(clock.nowMs);
  const facts: Fact[] = [];
  const dispatcher = createDispatcher({
    scheduler,
    upstream,
    clock,
    random: () => 0.5,
    facts: (fact) => void facts.push(fact),
    digest: sha256,
    nonces: noncesOf(),
    options: {
      maxWaitMs: 240_000,
      isSingleFlight: false,
      adoptMs: 60_000,
      keptBytesMax: 16 * 1_048_576,
      apiVersion: 10,
      ...options,
    },
    ...parts,
  });
  return { dispatcher, scheduler, upstream, clock, facts };
}

/** By default nothing gets a nonce that its caller does not ask for. */
export function noncesOf(
  { addsNonces = false, onForget = () => {} }: Partial<
    Pick<MessageNoncesDeps, "addsNonces" | "onForget">
  > = {},
): MessageNonces {
  let drawn = 0;
  return new MessageNonces({
    addsNonces,
    digest: sha256,
    drawName: () => `name ${++drawn}`,
    onForget,
  });
}

export function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

export function requestOf(
  method: Method = "GET",
  change: Partial<ProxyRequest> & { path?: string; text?: string } = {},
): ProxyRequest {
  const { path = "/channels/1/messages", text, ...rest } = change;
  return {
    method,
    target: { version: 10, path, query: "" },
    route: routeOf(method, path, 0),
    headers: [],
    body: text === undefined ? undefined : bytesOf(text),
    identity: BOT,
    caller: "key/client",
    urgency: 3,
    isOrdered: true,
    leaveWithinMs: undefined,
    ...rest,
  };
}

/** A request in the queue whose caller can be told to leave. */
export interface Submission {
  readonly ticket: Ticket;
  readonly answer: Promise<Answer>;
  leave(): void;
}

export function submitWith(
  { dispatcher }: { readonly dispatcher: Dispatcher },
  request: ProxyRequest,
): Submission {
  const controller = new AbortController();
  const ticket = dispatcher.submit(request, controller.signal);
  return { ticket, answer: ticket.answer, leave: () => controller.abort() };
}

export function answerOf(
  status = 200,
  about: { headers?: HeaderList; text?: string; body?: Answer["body"] } = {},
): Answer {
  const { headers = [], text, body } = about;
  return { status, headers, body: text === undefined ? body : bytesOf(text) };
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function textOf(answer: Answer): Promise<string> {
  return new Response(answer.body ?? null).text();
}

/** A stream of these chunks, telling whether it was cancelled. */
export function streamOf(chunks: readonly Uint8Array<ArrayBuffer>[]): {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly state: { readonly isCancelled: boolean };
} {
  const state = { isCancelled: false };
  const left = [...chunks];
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel() {
      state.isCancelled = true;
    },
  }, { highWaterMark: 0 });
  return { stream, state };
}

/** A stream that the test writes to. */
export function pipeOf(): TransformStream<
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>
> {
  return new TransformStream();
}

/** How a promise stands after everything that needs no timer is through. */
export async function endOf(
  bench: Pick<Bench, "clock">,
  answer: Promise<Answer>,
): Promise<Answer | Refusal | "open"> {
  let end: Answer | Refusal | "open" = "open";
  answer.then((value) => (end = value), (error) => (end = error));
  await bench.clock.settle();
  return end;
}

export async function refusalOf(answer: Promise<Answer>): Promise<Refusal> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("Discord's answer came where a refusal was expected");
}
