import type { HandedOver } from "../domain/owners.ts";
import type { Entry, Outcome } from "../domain/entry.ts";
import type { Ticket } from "../domain/ports.ts";
import { type KeptBodies, keptBytesOf } from "./kept_bodies.ts";
import { type Named, Names } from "./names.ts";
import { type End, POLICIES } from "./policies.ts";

/** A request that its caller may ask for again by its key or its id. */
export interface NamedEntry extends Named {
  /** Names it in `/_rep/requests/<id>`. */
  readonly id: string;
  /** The caller's key and token: nobody else may ask. */
  readonly owner: string;
  /** Its `Idempotency-Key` and the identity that it counts for. */
  readonly name:
    | { readonly key: string; readonly identityId: string }
    | undefined;
  /** Undefined once it is through: nothing of it is held but its outcome. */
  running: Ticket | undefined;
  /** Called with the outcome. */
  readonly waiters: Array<(outcome: Outcome) => void>;
  /** Undefined while it waits or runs. */
  outcome: Outcome | undefined;
  /** Somebody was told its id. */
  isAsync: boolean;
  /** When it is forgotten (monotonic); set with the outcome. */
  untilMs: number;
  /** What a journal knows it as; undefined where there is none. */
  entry: Entry | undefined;
}

/** What named entries are kept with. */
export interface NamedEntriesDeps {
  readonly bodies: KeptBodies;
  /** Most that are remembered; some 30 MiB of names. */
  readonly countMax?: number;
  readonly onForget: (named: NamedEntry) => void;
}

const COUNT_MAX = 100_000;

/** Requests with an `Idempotency-Key` or after `Prefer: respond-async`: those under way, and those whose answer may be asked for. */
export class NamedEntries {
  readonly #deps: NamedEntriesDeps;
  readonly #byId = new Map<string, NamedEntry>();
  readonly #names = new Names<NamedEntry>(
    "key_reused",
    "Cannot send the request: its Idempotency-Key was used for a different one",
  );
  /** Those that are through, oldest first: all are kept equally long. */
  readonly #ended = new Set<NamedEntry>();

  constructor(deps: NamedEntriesDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The request with that id, if it is this owner's. */
  byId(owner: string, id: string): NamedEntry | undefined {
    const named = this.#byId.get(id);
    return named?.owner === owner ? named : undefined;
  }

  /** The request under that name; refuses a different one. */
  byName(
    { owner, name, fingerprint }: Pick<
      NamedEntry,
      "owner" | "name" | "fingerprint"
    >,
  ): NamedEntry | undefined {
    if (name === undefined) return undefined;
    return this.#names.find(placeOf(owner, name), fingerprint);
  }

  /** Makes room for one more, of the oldest that are through; false when all still run. */
  hasRoom(): boolean {
    while (this.#byId.size >= (this.#deps.countMax ?? COUNT_MAX)) {
      const [oldest] = this.#ended;
      if (oldest === undefined) return false;
      this.forget(oldest);
    }
    return true;
  }

  add(named: NamedEntry): void {
    this.#byId.set(named.id, named);
    const { owner, name } = named;
    if (name !== undefined) this.#names.set(placeOf(owner, name), named);
  }

  /** The request is through; from now on its time runs. What was not done frees its key. */
  end(
    named: NamedEntry,
    outcome: Outcome,
    nowMs: number,
    untilMs = nowMs + POLICIES.key.keptMs,
  ): void {
    if (this.#byId.get(named.id) !== named) return;
    named.running = undefined;
    named.outcome = outcome;
    named.untilMs = untilMs;
    this.#ended.add(named);
    if (outcome.kind === "answer") {
      const { status } = outcome.answer;
      // Its body is given up to make room, never the request: forgetting it could have it done twice.
      this.#deps.bodies.hold(named, keptBytesOf(outcome.answer), () => {
        named.outcome = { kind: "shortened", status };
      });
    }
    if (!POLICIES.key.keeps(endOf(outcome))) {
      this.#freeName(named);
      if (!named.isAsync) this.forget(named);
    }
    for (const tell of named.waiters.splice(0)) tell(outcome);
  }

  forget(named: NamedEntry): void {
    if (this.#remove(named)) this.#deps.onForget(named);
  }

  /** Another process goes on with the request; those who wait here are told. */
  leave(named: NamedEntry, outcome: Outcome): void {
    this.#remove(named);
    for (const tell of named.waiters.splice(0)) tell(outcome);
  }

  /** Forgets the outcomes of what is handed over without a word. */
  release(handed: HandedOver): void {
    for (const named of this.#ended) {
      const { entry } = named;
      if (entry && handed.hasRequest(entry.request)) this.#remove(named);
    }
  }

  #remove(named: NamedEntry): boolean {
    if (!this.#byId.delete(named.id)) return false;
    this.#ended.delete(named);
    this.#deps.bodies.release(named);
    this.#freeName(named);
    return true;
  }

  /** Forgets what has been kept long enough. */
  expire(nowMs: number): void {
    for (const named of this.#ended) {
      if (named.untilMs > nowMs) return;
      this.forget(named);
    }
  }

  #freeName(named: NamedEntry): void {
    if (named.name === undefined) return;
    this.#names.free(placeOf(named.owner, named.name), named);
  }
}

/** How an outcome counts in the table of policies. */
function endOf(outcome: Outcome): End {
  switch (outcome.kind) {
    case "answer":
      return { status: outcome.answer.status };
    case "shortened":
      return { status: outcome.status };
    case "refusal":
      return { status: undefined, sent: outcome.refusal.sent };
  }
}

/** A zero can stand in none of them: no two share a place. */
function placeOf(
  owner: string,
  { key, identityId }: NonNullable<NamedEntry["name"]>,
): string {
  return `${owner}\0${identityId}\0${key}`;
}
