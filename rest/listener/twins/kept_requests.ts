import type { Answer, WholeAnswer } from "../../domain/answer.ts";
import type { Refusal } from "../../domain/refusal.ts";

/** What became of a kept request. */
export type Outcome =
  | { readonly kind: "answer"; readonly answer: WholeAnswer }
  | { readonly kind: "refusal"; readonly refusal: Refusal }
  /** It was executed; the body was given up to make room. */
  | { readonly kind: "shortened"; readonly status: number };

/** A request that waits or is under way. */
export interface RunningRequest {
  /** Settles when it is through; rejects with `Refusal` only. */
  readonly answer: Promise<Answer>;
  /** Takes it back if it has not left. */
  cancel(): "cancelled" | "sent" | "done";
}

/** A request that somebody may ask for again. */
export interface KeptRequest {
  /** Names it in `/_rep/requests/<id>`. */
  readonly id: string;
  /** The caller's key and token: nobody else may ask. */
  readonly owner: string;
  readonly idempotencyKey: string | undefined;
  /** Tells the request from another one under the same key. */
  readonly fingerprint: string;
  /** Undefined once it is through: nothing of it is held but its outcome. */
  running: RunningRequest | undefined;
  /** Undefined while it waits or runs. */
  outcome: Outcome | undefined;
  /** Somebody was told its id. */
  isAsync: boolean;
  /** When it is forgotten (monotonic); set with the outcome. */
  untilMs: number;
}

/** How many requests are kept, with how many bytes of answers, and how long. */
export interface KeptRequestLimits {
  readonly count: number;
  readonly bytes: number;
  readonly keptMs: number;
}

/** Where kept requests live: those under way, and those whose answer may be asked for. */
export class KeptRequests {
  readonly #limits: KeptRequestLimits;
  readonly #byId = new Map<string, KeptRequest>();
  readonly #byKey = new Map<string, KeptRequest>();
  /** Those that are through, oldest first: all are kept equally long. */
  readonly #ended = new Set<KeptRequest>();
  /** Those of them that still have their body. */
  readonly #withBody = new Set<KeptRequest>();
  #bytes = 0;

  constructor(limits: KeptRequestLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The request with that id, if it is this owner's. */
  byId(owner: string, id: string): KeptRequest | undefined {
    const kept = this.#byId.get(id);
    return kept?.owner === owner ? kept : undefined;
  }

  byKey(owner: string, idempotencyKey: string): KeptRequest | undefined {
    return this.#byKey.get(targetOf(owner, idempotencyKey));
  }

  /** Makes room for one more, of the oldest that are through; false when all still run. */
  hasRoom(): boolean {
    while (this.#byId.size >= this.#limits.count) {
      const [oldest] = this.#ended;
      if (oldest === undefined) return false;
      this.forget(oldest);
    }
    return true;
  }

  add(kept: KeptRequest): void {
    this.#byId.set(kept.id, kept);
    const { owner, idempotencyKey } = kept;
    if (idempotencyKey === undefined) return;
    this.#byKey.set(targetOf(owner, idempotencyKey), kept);
  }

  /** The request is through; from now on its time runs. */
  end(kept: KeptRequest, outcome: Outcome, nowMs: number): void {
    if (this.#byId.get(kept.id) !== kept) return;
    kept.running = undefined;
    kept.outcome = outcome;
    kept.untilMs = nowMs + this.#limits.keptMs;
    this.#ended.add(kept);
    const bytes = bytesOf(kept);
    if (bytes > 0) this.#withBody.add(kept);
    this.#bytes += bytes;
    while (this.#bytes > this.#limits.bytes) {
      const [oldest] = this.#withBody;
      if (oldest === undefined) return;
      this.#shorten(oldest);
    }
  }

  /** The request was not done: its key is free again, and its outcome is for those who know its id. */
  release(kept: KeptRequest): void {
    this.#freeKey(kept);
    if (!kept.isAsync) this.forget(kept);
  }

  forget(kept: KeptRequest): void {
    if (!this.#byId.delete(kept.id)) return;
    this.#ended.delete(kept);
    if (this.#withBody.delete(kept)) this.#bytes -= bytesOf(kept);
    this.#freeKey(kept);
  }

  /** Forgets what has been kept long enough. */
  expire(nowMs: number): void {
    for (const kept of this.#ended) {
      if (kept.untilMs > nowMs) return;
      this.forget(kept);
    }
  }

  #freeKey({ owner, idempotencyKey, id }: KeptRequest): void {
    if (idempotencyKey === undefined) return;
    const place = targetOf(owner, idempotencyKey);
    if (this.#byKey.get(place)?.id === id) this.#byKey.delete(place);
  }

  /** Gives up a body, never the request: forgetting it could have it done twice. */
  #shorten(kept: KeptRequest): void {
    this.#withBody.delete(kept);
    this.#bytes -= bytesOf(kept);
    if (kept.outcome?.kind !== "answer") return;
    const { status } = kept.outcome.answer;
    kept.outcome = { kind: "shortened", status };
  }
}

function bytesOf({ outcome }: KeptRequest): number {
  return outcome?.kind === "answer" ? outcome.answer.body?.byteLength ?? 0 : 0;
}

/** A zero can stand in neither: no two pairs share a place. */
function targetOf(owner: string, idempotencyKey: string): string {
  return `${owner}\0${idempotencyKey}`;
}
