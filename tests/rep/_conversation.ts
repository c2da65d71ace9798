import type { EntryRef } from "../../rest/domain/entry.ts";
import { KeptBodies } from "../../rest/idempotency/kept_bodies.ts";
import assert from "node:assert/strict";
import type { Fact } from "../../rest/domain/fact.ts";
import { NOBODY } from "../../rest/domain/identity.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";
import type { Action } from "../../rest/rep/actions.ts";
import type {
  Presented,
  Principal,
} from "../../rest/rep/connections/principal.ts";
import type { Message } from "../../rest/rep/conversation/receive.ts";
import { DEFAULT_LIMITS, type RepLimits } from "../../rest/rep/limits.ts";
import { RepMachine } from "../../rest/rep/machine.ts";
import type { RepSettings } from "../../rest/rep/rep_state.ts";
import { SessionStore } from "../../rest/rep/sessions/session_store.ts";
import { createHash } from "../deps.ts";

export const KEY = "the-key-of-these-tests";
export const OTHER_KEY = "another-key-of-these-tests";
const OWN_ORIGIN = "http://proxy.test:8000";
const DISCORD_ORIGIN = "https://discord.com";
export const EPOCH = "epoch-1";
const START_MS = 1_000;
export const WALL_MS = 1_790_000_000_000;

/** A frame as a test reads it. */
// deno-lint-ignore no-explicit-any
export type Said = any;

function principalOf(keyName: string): Principal {
  return {
    owner: keyName,
    identityId: `bot:${keyName}`,
    callerName: `${keyName}@test`,
    identityFor: () => ({ ...NOBODY, id: `bot:${keyName}`, kind: "bot" }),
  };
}

/** Knows the two keys; a `refuse` token stands for what cannot be read. */
function authorize({ token }: Presented): Principal | undefined {
  if (token === KEY) return principalOf("main");
  if (token === OTHER_KEY) return principalOf("other");
  if (token === "refuse") throw new Refusal("bad_request", "Cannot read it");
  return undefined;
}

export interface ConversationOptions {
  readonly limits?: Partial<RepLimits>;
  readonly settings?: Partial<RepSettings>;
  readonly store?: SessionStore;
  /** Bodies of the replies of all sessions. */
  readonly keptBytesMax?: number;
}

/** A machine with nothing around it: sockets are lists, time is a number, Discord is the test. */
export class Conversation {
  readonly machine: RepMachine;
  readonly store: SessionStore;
  readonly limits: RepLimits;
  nowMs = START_MS;
  /** What sockets say they hold unsent, by connection. */
  readonly buffered = new Map<number, number>();
  /** What became of a cancellation, while the test does not say otherwise. */
  cancelOutcome: "cancelled" | "sent" | "done" = "cancelled";
  readonly submitted: {
    readonly id: number;
    readonly request: ProxyRequest;
  }[] = [];
  readonly taken: number[] = [];
  /** Whose callers have left. */
  readonly left: number[] = [];
  readonly told: Fact[] = [];
  /** What a journal is told that nobody can ask for any more. */
  readonly forgotten: EntryRef[] = [];
  readonly #sent = new Map<number, string[]>();
  readonly #closed = new Map<number, { code: number; reason: string }>();

  constructor(options: ConversationOptions = {}) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.store = options.store ??
      new SessionStore(
        this.limits,
        new KeptBodies(options.keptBytesMax ?? Infinity),
      );
    this.machine = new RepMachine({
      limits: this.limits,
      apiVersion: 10,
      allowedHeaders: new Set(),
      epoch: EPOCH,
      digest: (parts) => {
        const hash = createHash("sha256");
        for (const part of parts) hash.update(part);
        return hash.digest("base64url");
      },
      boundary: () => "BOUNDARY",
      ...options.settings,
    }, this.store);
  }

  get moment(): { nowMs: number; wallMs: number } {
    return { nowMs: this.nowMs, wallMs: WALL_MS + this.nowMs };
  }

  /** Opens a socket: a plain one that is already authenticated, unless told otherwise. */
  open(
    change: {
      readonly keyName?: string | null;
      readonly hasOptedIn?: boolean;
      readonly keptBackMs?: number;
    } = {},
  ): Peer {
    const { keyName = "main", hasOptedIn = false, keptBackMs } = change;
    const { id, actions } = this.machine.open({
      principal: keyName === null ? undefined : principalOf(keyName),
      hasOptedIn,
      origins: [OWN_ORIGIN, DISCORD_ORIGIN],
      authorize,
      keptBackMs,
    }, this.moment);
    this.perform(actions);
    return new Peer(this, id);
  }

  /** Opens a socket that speaks for a session. */
  openSession(
    name: string,
    change: {
      readonly keyName?: string;
      readonly data?: object;
      readonly keptBackMs?: number;
    } = {},
  ): Peer {
    const { keyName = "main", keptBackMs = NaN } = change;
    const peer = this.open({
      keyName,
      hasOptedIn: true,
      ...keptBackMs >= 0 && { keptBackMs },
    });
    peer.say({
      target: "/_rep/auth",
      method: "ACTION",
      data: { session: name, ...change.data },
      req: "auth",
    });
    return peer;
  }

  /** Answers a submission as Discord would, with JSON. */
  answer(id: number, status: number, value?: unknown): void {
    const body = value === undefined
      ? undefined
      : new TextEncoder().encode(JSON.stringify(value));
    this.answerRaw(id, status, "application/json", body);
  }

  answerRaw(
    id: number,
    status: number,
    type: string | undefined,
    body: Uint8Array<ArrayBuffer> | undefined,
    headers: ReadonlyArray<readonly [string, string]> = [],
  ): void {
    const all = type === undefined
      ? headers
      : [["content-type", type] as const, ...headers];
    this.perform(
      this.machine.answered(id, {
        kind: "answer",
        answer: { status, headers: all, body },
      }, this.moment),
    );
  }

  refuse(id: number, refusal: Refusal): void {
    const outcome = { kind: "refusal", refusal } as const;
    this.perform(this.machine.answered(id, outcome, this.moment));
  }

  /** Lets time pass, with a tick at its end. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.perform(this.machine.tick(this.moment));
  }

  /** The newest submission. */
  get last(): { readonly id: number; readonly request: ProxyRequest } {
    const last = this.submitted.at(-1);
    assert.ok(last, "nothing was submitted");
    return last;
  }

  sentTo(id: number): string[] {
    const sent = this.#sent.get(id) ?? [];
    this.#sent.set(id, sent);
    return sent;
  }

  closeOf(id: number): { code: number; reason: string } | undefined {
    return this.#closed.get(id);
  }

  perform(actions: readonly Action[]): void {
    for (const action of actions) this.#act(action);
  }

  #act(action: Action): void {
    switch (action.kind) {
      case "send":
        assert.ok(
          !this.#closed.has(action.connectionId),
          "a frame was sent after the close",
        );
        this.sentTo(action.connectionId).push(action.text);
        return;
      case "close": {
        const { connectionId, code, reason } = action;
        assert.ok(!this.#closed.has(connectionId), "closed twice");
        this.#closed.set(connectionId, { code, reason });
        return;
      }
      case "submit":
        this.submitted.push({
          id: action.submissionId,
          request: action.request,
        });
        return;
      case "cancel":
        this.taken.push(action.submissionId);
        return this.perform(
          this.machine.cancelled(action, this.cancelOutcome, this.moment),
        );
      case "leave":
        this.left.push(action.submissionId);
        return;
      case "forget":
        this.forgotten.push(action.entry);
        return;
      case "tell":
        this.told.push(action.fact);
        return;
      case "measure": {
        const bytes = this.buffered.get(action.connectionId) ?? 0;
        const { connectionId } = action;
        return this.perform(
          this.machine.measured(connectionId, bytes, this.moment),
        );
      }
    }
  }
}

/** The client's end of one socket. */
export class Peer {
  readonly id: number;
  readonly #conversation: Conversation;

  constructor(conversation: Conversation, id: number) {
    this.#conversation = conversation;
    this.id = id;
  }

  /** Sends a message as it is. */
  raw(message: Message): void {
    const { machine, moment } = this.#conversation;
    this.#conversation.perform(machine.receive(this.id, message, moment));
  }

  say(frame: object): void {
    this.raw(JSON.stringify(frame));
  }

  vanish(): void {
    const { machine, moment } = this.#conversation;
    this.#conversation.perform(machine.closed(this.id, moment));
  }

  /** Everything received since the last look, as text. */
  texts(): string[] {
    return this.#conversation.sentTo(this.id).splice(0);
  }

  /** Everything received since the last look, parsed. */
  heard(): Said[] {
    return this.texts().map((text) => JSON.parse(text));
  }

  /** The one frame received since the last look. */
  heardOne(): Said {
    const heard = this.heard();
    assert.equal(heard.length, 1, JSON.stringify(heard).slice(0, 1_000));
    return heard[0];
  }

  /** The code its socket was closed with, 0 while it is open. */
  closeCode(): number {
    return this.#conversation.closeOf(this.id)?.code ?? 0;
  }
}
