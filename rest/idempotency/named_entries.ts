import type { Guarantee, Outcome } from "../domain/entry.ts";
import type { Followed } from "../domain/ports.ts";
import {
  type Kept,
  KeptOutcomes,
  type KeptOutcomesDeps,
} from "./kept_outcomes.ts";
import { type Named, Names } from "./names.ts";
import { endOf, POLICIES } from "./policies.ts";

/** A request that its caller may ask for again by its key or its id, as the guarantee says. */
export interface NamedEntry extends Kept, Guarantee {
  readonly asyncId: string;
  /** Which its `Idempotency-Key` counts for. */
  readonly identityId: string;
  /** Undefined once it is through: nothing of it is held but its outcome. */
  running: Followed | undefined;
  /** Somebody was told its id. */
  isAsync: boolean;
}

/** By what a request is known again, beside its id. */
type Name = Named & Pick<NamedEntry, "owner" | "idempotencyKey" | "identityId">;

/** Most that are remembered; some 30 MiB of names. */
const COUNT_MAX = 100_000;

/** Requests with an `Idempotency-Key` or after `Prefer: respond-async`: those under way, and those whose answer may be asked for. */
export class NamedEntries extends KeptOutcomes<NamedEntry> {
  readonly #countMax: number;
  readonly #byId = new Map<string, NamedEntry>();
  readonly #names = new Names<NamedEntry>(
    "key_reused",
    "Cannot send the request: its Idempotency-Key was used for a different one",
  );

  constructor(deps: KeptOutcomesDeps, countMax = COUNT_MAX) {
    super(deps);
    this.#countMax = countMax;
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
  byName(name: Name): NamedEntry | undefined {
    const place = placeOf(name);
    if (place === undefined) return undefined;
    return this.#names.find(place, name.fingerprint);
  }

  /** Makes room for one more, of the oldest that are through; false when all still run. */
  hasRoom(): boolean {
    while (this.size >= this.#countMax) {
      if (!this.forgetOldest()) return false;
    }
    return true;
  }

  /** A name that another request has stays that one's: what was not done has freed it, however late it is read from a journal. */
  add(named: NamedEntry): void {
    this.#byId.set(named.asyncId, named);
    const place = placeOf(named);
    if (place === undefined || this.#names.has(place)) return;
    this.#names.set(place, named);
  }

  /** The request is through; from now on its time runs. What was not done frees its key. */
  end(named: NamedEntry, outcome: Outcome, untilMs: number): void {
    if (this.#byId.get(named.asyncId) !== named) return;
    named.running = undefined;
    this.keep(named, outcome, untilMs);
    const end = endOf(outcome);
    if (!POLICIES.key.keeps(end)) this.#freeName(named);
    const { keeps } = named.isAsync ? POLICIES.async : POLICIES.key;
    if (!keeps(end)) this.forget(named);
  }

  protected override hide(named: NamedEntry): void {
    this.#byId.delete(named.asyncId);
    this.#freeName(named);
  }

  #freeName(named: NamedEntry): void {
    const place = placeOf(named);
    if (place !== undefined) this.#names.free(place, named);
  }
}

/** A zero can stand in none of them: no two share a place. */
function placeOf(
  { owner, identityId, idempotencyKey }: Omit<Name, "fingerprint">,
): string | undefined {
  return idempotencyKey === undefined
    ? undefined
    : `${owner}\0${identityId}\0${idempotencyKey}`;
}
