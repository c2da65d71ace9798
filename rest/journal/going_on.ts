import type { Restored } from "../domain/entry.ts";
import { type FactSink, refusedFact } from "../domain/fact.ts";
import { type Identity, NOBODY } from "../domain/identity.ts";
import type { JournalRow } from "../domain/journal_store.ts";
import type { AddressPort } from "../domain/kept_address.ts";
import type { LearntState, Moment, Saving } from "../domain/learnt_state.ts";
import type { Clock } from "../domain/ports.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { JournalDriver } from "./driver.ts";
import {
  type FoundEntry,
  type FoundJournal,
  isUnknown,
  readJournal,
} from "./read_journal.ts";
import type { UnknownOutcomes } from "./unknown_outcomes.ts";

/** Where what was found goes on. */
export interface TakeUp {
  /** The bots that are configured now. */
  readonly identities: () => readonly Identity[];
  /** Tells a write without a name from all that are not its second try. */
  readonly printOf: (request: ProxyRequest) => string;
  readonly learnt: (saving: Saving) => LearntState;
  readonly takeLearnt: (learnt: LearntState, moment: Moment) => void;
  /** Undefined: none opens anything. */
  readonly addresses?: AddressPort | undefined;
  /** Has sessions, requests and outcomes go on, as they are read. */
  readonly restoring: () => Restoring;
}

/** Who goes on with what is found, part by part. Nobody is served before its end. */
export interface Restoring {
  /** Goes on with a part: what waits is sent from now on. What has ended comes after all that waits. */
  add(found: Restored): void;
  /** That was all: sessions have all of their REPLYs, and number new ones from now on. */
  end(): void;
  /** The rest is another proxy's. */
  drop(): void;
}

/** What going on is done with. */
export interface GoingOnDeps {
  readonly driver: JournalDriver;
  readonly unknown: UnknownOutcomes;
  readonly clock: Clock;
  readonly facts: FactSink;
  /** The calendar of what was learnt, which its reader has as well. */
  readonly wallMs: () => number;
  /** How long the outcome of a write without a name waits for its second try. */
  readonly adoptMs: number;
}

/** Goes on with rows of the process before this one, as they are read. */
export class GoingOn {
  readonly #deps: GoingOnDeps;
  readonly #into: TakeUp;
  readonly #identities: ReadonlyMap<string, Identity>;
  readonly #restoring: Restoring;
  readonly #mayLackMarks: boolean;

  constructor(
    deps: GoingOnDeps,
    into: TakeUp,
    { mayLackMarks }: { readonly mayLackMarks: boolean },
  ) {
    this.#deps = deps;
    this.#into = into;
    this.#identities = identitiesOf(into);
    this.#restoring = into.restoring();
    this.#mayLackMarks = mayLackMarks;
  }

  /** What waits first, and then what has ended. */
  add(rows: readonly JournalRow[]): FoundJournal {
    const { driver, unknown, clock, wallMs, adoptMs } = this.#deps;
    const found = readJournal(rows, {
      nowWallMs: clock.wallMs(),
      identityOf: (id) => this.#identities.get(id),
      printOf: this.#into.printOf,
      adoptMs,
      mayLackMarks: this.#mayLackMarks,
    });
    const { learnt, entries } = found;
    const moment = { nowMs: clock.nowMs(), wallMs: wallMs() };
    for (const state of learnt) this.#into.takeLearnt(state, moment);
    driver.takeUp(found);
    unknown.note(entries);
    this.#restoring.add(found);
    for (const found of entries) this.#tellUnknown(found);
    return found;
  }

  end(): void {
    this.#restoring.end();
  }

  drop(): void {
    this.#restoring.drop();
  }

  /** Counted and logged like any other write that nobody knows the outcome of. */
  #tellUnknown({ entry, outcome }: FoundEntry): void {
    if (outcome?.kind !== "refusal" || !isUnknown({ outcome })) return;
    const fact = refusedFact(entry.request, outcome.refusal);
    this.#deps.facts({ ...fact, isOutcomeUnknown: true });
  }
}

/** The identities there are now, by their ids. */
export function identitiesOf(
  into: Pick<TakeUp, "identities">,
): ReadonlyMap<string, Identity> {
  return new Map(
    [NOBODY, ...into.identities()].map((identity) => [identity.id, identity]),
  );
}
