import type { Settings } from "./config/settings.ts";
import type { FactSink } from "./domain/fact.ts";
import type {
  JournalFailure,
  JournalFigures,
  JournalRow,
  JournalStore,
} from "./domain/journal_store.ts";
import type { AddressPort } from "./domain/kept_address.ts";
import type { HandedOver } from "./domain/owners.ts";
import type { Clock } from "./domain/ports.ts";
import { addressesIn, addressesInRows } from "./journal/address_rows.ts";
import { COMMON_SCOPE } from "./journal/codec/learnt_codec.ts";
import { JournalDriver } from "./journal/driver.ts";
import { GoingOn, identitiesOf, type TakeUp } from "./journal/going_on.ts";
import { LearntSaver } from "./journal/learnt_saver.ts";
import { isAnotherStart, machineRow } from "./journal/machine_start.ts";
import { LeftRows } from "./journal/left_rows.ts";
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

/** By what a scope of the cluster is taken up. */
export interface ScopeLease {
  /** False: another proxy goes on with it. */
  readonly isStillOurs: () => boolean;
  /** What waited is known from now on, and may be sent. */
  readonly letSend: () => void;
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

  /**
   * Goes on with what the process before this one left, and says in a sentence
   * what that was. What waits is sent as soon as it is read. Before it settles
   * nobody may be served.
   */
  async takeUp(into: TakeUp): Promise<string> {
    const { open } = this.#deps;
    const left = new LeftRows(() => open.store.load());
    const waiting = await left.waiting();
    await this.#claim([COMMON_SCOPE, ...identitiesOf(into).keys()]);
    await this.#claim(waiting.map(({ scope }) => scope));
    const goingOn = this.#goingOn(into, waiting);
    const found = [goingOn.add(waiting)];
    this.driver.writer.note({
      kind: "put",
      row: machineRow(open.bootedAtWallMs),
    });
    this.#saveLearnt(into);
    await this.#goOnWithAddresses(waiting, into);
    for (;;) {
      const ended = await left.ended();
      if (ended.length === 0) break;
      await this.#claim(ended.map(({ scope }) => scope));
      found.push(goingOn.add(ended));
      await turn();
    }
    goingOn.end();
    return tellFound(found, this.unknown.count);
  }

  async #claim(scopes: readonly string[]): Promise<void> {
    for (const scope of new Set(scopes)) {
      const epoch = await this.driver.writer.claim(scope);
      this.#epoch = Math.max(this.#epoch, epoch);
    }
  }

  #saveLearnt({ learnt }: TakeUp): void {
    const { clock, open } = this.#deps;
    this.#saver = new LearntSaver({
      clock,
      writer: this.driver.writer,
      afterTurn,
      wallMs: () => this.#wallMs(),
      learnt,
      readers: open.shared === undefined ? "one process" : "any proxy",
      isOurs: open.shared?.isOurs,
    });
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
   * Goes on with what waits of a scope of the cluster, unless it is another
   * proxy's again when that has been read: what waited here for a scope to come
   * back would be done a second time then. Settles with what reads the rest of
   * it, which may be called again where it rejects; before that has settled
   * nobody of that scope may be served.
   */
  async takeUpScope(
    scope: string,
    into: TakeUp,
    { isStillOurs, letSend }: ScopeLease,
  ): Promise<() => Promise<void>> {
    const { store, shared } = this.#deps.open;
    // Of what was promised by a lease that is over. Under the new one it would
    // change rows that are gone on with, which Redis' fence could not tell.
    if (!await this.driver.writer.noted()) throw UNWRITTEN;
    await shared?.takeOver(scope);
    const left = new LeftRows(() => store.load(scope));
    const waiting = await left.waiting();
    if (!isStillOurs()) return () => Promise.resolve();
    letSend();
    const goingOn = this.#goingOn(into, waiting);
    goingOn.add(waiting);
    return async () => {
      while (isStillOurs()) {
        const ended = await left.ended();
        if (!isStillOurs()) break;
        if (ended.length === 0) return goingOn.end();
        goingOn.add(ended);
        await turn();
      }
      goingOn.drop();
    };
  }

  /** Writes down what another proxy goes on with, and forgets it. */
  async handOver(
    { hasIdentity }: Pick<HandedOver, "hasIdentity">,
  ): Promise<void> {
    await this.#saver?.endFor(hasIdentity);
    await this.driver.writer.noted();
    this.driver.release(hasIdentity);
  }

  #goingOn(into: TakeUp, waiting: readonly JournalRow[]): GoingOn {
    const { open, clock, facts, settings } = this.#deps;
    const { driver, unknown } = this;
    const { adoptMs } = settings;
    const mayLackMarks = settings.journalSync === "process" &&
      isAnotherStart(waiting, open.bootedAtWallMs);
    const wallMs = () => this.#wallMs();
    const deps = { driver, unknown, clock, facts, wallMs, adoptMs };
    return new GoingOn(deps, into, { mayLackMarks });
  }

  /** The calendar of what was learnt, which its reader has as well. */
  #wallMs(): number {
    const { open, clock } = this.#deps;
    return open.shared?.wallMs() ?? clock.wallMs();
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

/** Lets others have their turn of the event loop. */
function turn(): Promise<void> {
  return new Promise(afterTurn);
}

function tellHealth(facts: FactSink, failure: JournalFailure | undefined) {
  const message = failure === undefined
    ? "The journal works again"
    : `The journal fails: ${failure.message}`;
  facts({ kind: "warning", message });
}
