import type { Settings } from "./config/settings.ts";
import { type FactSink, refusedFact } from "./domain/fact.ts";
import { type Identity, NOBODY } from "./domain/identity.ts";
import type {
  JournalFailure,
  JournalFigures,
  JournalRow,
  JournalStore,
} from "./domain/journal_store.ts";
import type { AddressPort } from "./domain/kept_address.ts";
import type { HandedOver } from "./domain/owners.ts";
import type { LearntState, Moment, Saving } from "./domain/learnt_state.ts";
import type { Clock } from "./domain/ports.ts";
import type { ProxyRequest } from "./domain/request.ts";
import { addressesIn, addressesInRows } from "./journal/address_rows.ts";
import { COMMON_SCOPE } from "./journal/codec/learnt_codec.ts";
import { JournalDriver } from "./journal/driver.ts";
import { LearntSaver } from "./journal/learnt_saver.ts";
import { isAnotherStart, machineRow } from "./journal/machine_start.ts";
import {
  type FoundEntry,
  type FoundJournal,
  isUnknown,
  readJournal,
} from "./journal/read_journal.ts";
import { tellFound } from "./journal/tell_found.ts";
import { UnknownOutcomes } from "./journal/unknown_outcomes.ts";

/** A store that is open, and what the start of this process tells of it. */
export interface OpenJournal {
  readonly store: JournalStore;
  /** When the machine was started, in ms since 1970; undefined: that is not known. */
  readonly bootedAtWallMs: number | undefined;
  /** What holds tokens may be written, since the store encrypts it. */
  readonly isEncrypted: boolean;
  /** Set where scopes come and go while the process runs. */
  readonly shared?: SharedJournal | undefined;
}

/** What a journal of several proxies has besides. */
export interface SharedJournal {
  /** Takes over the writing to a scope of the cluster. */
  takeOver(scope: string): Promise<void>;
  /** The epoch of an identity's lease; undefined: it is another proxy's. */
  epochOf(identityId: string): number | undefined;
  /** Whether requests of it are sent here. */
  isOurs(identityId: string): boolean;
  /** Redis' calendar: those of several machines differ. */
  wallMs(): number;
  /** Has all proxies know the addresses that one of them knows; settles when the others' are known here, or Redis is away. */
  shareAddresses(addresses: AddressPort): Promise<void>;
}

/** What a keeper is made with. */
export interface KeeperDeps {
  readonly open: OpenJournal;
  readonly settings: Pick<
    Settings,
    "journalWrites" | "journalSync" | "maxWaitMs" | "adoptMs"
  >;
  readonly clock: Clock;
  readonly facts: FactSink;
}

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
  /** Has sessions, requests and outcomes go on. */
  readonly restore: (found: FoundJournal) => void;
}

/** Keeps the journal of one process: takes up what the last one left, writes down what this one does, and leaves the rest to the next. */
export class JournalKeeper {
  readonly driver: JournalDriver;
  readonly unknown: UnknownOutcomes = new UnknownOutcomes();
  readonly #deps: KeeperDeps;
  #saver: LearntSaver | undefined;
  #epoch: number;

  constructor(deps: KeeperDeps) {
    const { open, settings, clock, facts } = deps;
    this.#deps = deps;
    this.#epoch = clock.wallMs();
    this.driver = new JournalDriver({
      store: open.store,
      clock,
      keeping: {
        writes: settings.journalWrites,
        isEncrypted: open.isEncrypted,
      },
      maxWaitMs: settings.maxWaitMs,
      afterTurn,
      onHealth: (failure) => tellHealth(facts, failure),
    });
  }

  /** What the ids of an identity's requests begin with: later than all before. */
  epochOf(identityId: string): number {
    const { shared } = this.#deps.open;
    return shared?.epochOf(identityId) ?? this.#epoch;
  }

  /** For metrics, page and probe. */
  reading(): JournalFigures & {
    readonly isFailing: boolean;
    readonly isFull: boolean;
  } {
    const { open } = this.#deps;
    const { failure } = this.driver.writer;
    const isFull = failure?.code === "journal_full";
    return {
      ...open.store.figures(),
      isFailing: failure !== undefined,
      isFull,
    };
  }

  /** A request is sent. */
  noteSend(): void {
    this.#saver?.noteSend();
  }

  /** Goes on with what the process before this one left, and says in a sentence what that was. Before it settles nobody may be served. */
  async takeUp(into: TakeUp): Promise<string> {
    const { open, clock } = this.#deps;
    const identities = identitiesOf(into);
    const rows: JournalRow[] = [];
    for await (const row of open.store.load()) rows.push(row);
    const scopes = new Set([COMMON_SCOPE, ...identities.keys()]);
    for (const { scope } of rows) scopes.add(scope);
    for (const scope of scopes) {
      this.#epoch = Math.max(
        this.#epoch,
        await this.driver.writer.claim(scope),
      );
    }
    const found = this.#goOn(rows, into);
    this.driver.writer.note({
      kind: "put",
      row: machineRow(open.bootedAtWallMs),
    });
    await this.#goOnWithAddresses(rows, into);
    const { writer } = this.driver;
    this.#saver = new LearntSaver({
      clock,
      writer,
      afterTurn,
      wallMs: () => this.#wallMs(),
      learnt: into.learnt,
      readers: open.shared === undefined ? "one process" : "any proxy",
      isOurs: open.shared?.isOurs,
    });
    return tellFound(found, this.unknown.count);
  }

  async #goOnWithAddresses(
    rows: readonly JournalRow[],
    { addresses }: TakeUp,
  ): Promise<void> {
    if (addresses === undefined) return;
    const { shared } = this.#deps.open;
    if (shared !== undefined) return await shared.shareAddresses(addresses);
    addresses.take(addressesIn(rows));
    addresses.keepIn(addressesInRows(this.driver.writer));
  }

  /**
   * Goes on with what another proxy left of a scope of the cluster, unless it is
   * another one's again when it has been read: what waited here for a scope to
   * come back would be done a second time then. Before it settles nothing of that
   * scope may be served.
   */
  async takeUpScope(
    scope: string,
    into: TakeUp,
    isStillOurs: () => boolean,
  ): Promise<void> {
    const { store, shared } = this.#deps.open;
    // Of what was promised by a lease that is over. Under the new one it would
    // change rows that are gone on with, which Redis' fence could not tell.
    if (!await this.driver.writer.noted()) throw UNWRITTEN;
    await shared?.takeOver(scope);
    const rows = await Array.fromAsync(store.load(scope));
    if (isStillOurs()) this.#goOn(rows, into);
  }

  /** Writes down what another proxy goes on with, and forgets it. */
  async handOver(
    { hasIdentity }: Pick<HandedOver, "hasIdentity">,
  ): Promise<void> {
    await this.#saver?.endFor(hasIdentity);
    await this.driver.writer.noted();
    this.driver.release(hasIdentity);
  }

  #goOn(rows: readonly JournalRow[], into: TakeUp): FoundJournal {
    const { open, clock, settings } = this.#deps;
    const identities = identitiesOf(into);
    const found = readJournal(rows, {
      nowWallMs: clock.wallMs(),
      identityOf: (id) => identities.get(id),
      printOf: into.printOf,
      adoptMs: settings.adoptMs,
      mayLackMarks: settings.journalSync === "process" &&
        isAnotherStart(rows, open.bootedAtWallMs),
    });
    const { learnt, entries } = found;
    const moment = { nowMs: clock.nowMs(), wallMs: this.#wallMs() };
    for (const state of learnt) into.takeLearnt(state, moment);
    this.driver.takeUp(found);
    this.unknown.note(entries);
    into.restore(found);
    for (const found of entries) this.#tellUnknown(found);
    return found;
  }

  /** The calendar of what was learnt, which its reader has as well. */
  #wallMs(): number {
    const { open, clock } = this.#deps;
    return open.shared?.wallMs() ?? clock.wallMs();
  }

  /** Counted and logged like any other write that nobody knows the outcome of. */
  #tellUnknown({ entry, outcome }: FoundEntry): void {
    if (outcome?.kind !== "refusal" || !isUnknown({ outcome })) return;
    const fact = refusedFact(entry.request, outcome.refusal);
    this.#deps.facts({ ...fact, isOutcomeUnknown: true });
  }

  /** The process ends: nothing is sent any more. */
  async end(): Promise<void> {
    this.#saver?.end();
    const { writer } = this.driver;
    await writer.flush();
    writer.stop();
    await this.#deps.open.store.close();
  }
}

const UNWRITTEN = new Error(
  "the journal fails, and changes of before have to be written first",
);

/** A timer of 0 takes two milliseconds, this takes none (Deno 2.9.6). */
function afterTurn(action: () => void): void {
  setImmediate(action);
}

function identitiesOf(into: TakeUp): ReadonlyMap<string, Identity> {
  return new Map(
    [NOBODY, ...into.identities()].map((identity) => [identity.id, identity]),
  );
}

function tellHealth(facts: FactSink, failure: JournalFailure | undefined) {
  const message = failure === undefined
    ? "The journal works again"
    : `The journal fails: ${failure.message}`;
  facts({ kind: "warning", message });
}
