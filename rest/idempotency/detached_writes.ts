import { type Outcome, refOf, type RestoredEntry } from "../domain/entry.ts";
import type { ProxyRequest } from "../domain/request.ts";
import {
  type Kept,
  KeptOutcomes,
  type KeptOutcomesDeps,
  NO_OUTCOME,
} from "./kept_outcomes.ts";
import type { OpenWrite } from "./open_writes.ts";
import { type End, POLICIES } from "./policies.ts";

/** A write whose caller left: it is under way (`write`), or what came of it is kept for its second try. */
export interface DetachedWrite<W> extends Kept {
  readonly id: number;
  readonly path: string;
  /** When its last caller left (monotonic). */
  readonly leftAtMs: number;
  /** Equal for equal writes; worked out when the first newcomer to its path comes along. */
  print: string | undefined;
  /** Undefined once it is through. */
  write: W | undefined;
}

/** What detached writes are kept with. */
export interface DetachedWritesDeps extends KeptOutcomesDeps {
  /** Equal for equal writes. */
  readonly printOf: (request: ProxyRequest) => string;
  /** How long an outcome waits for its second try; 0: there are no second tries. */
  readonly adoptMs: number;
}

/** Without bodies some 0.5 KiB each; 160 callers a second would have to leave to get there. */
const KEPT_COUNT_MAX = 10_000;

/** The detached writes of one path by their prints, each in the order of their leaving; nobody has asked for those without one. */
type Family<W> = Map<string | undefined, Set<DetachedWrite<W>>>;

/** Writes that nobody waits for, and the outcomes of some of them. */
export class DetachedWrites<W extends OpenWrite<W>>
  extends KeptOutcomes<DetachedWrite<W>> {
  readonly #deps: DetachedWritesDeps;
  readonly #families = new Map<string, Family<W>>();
  readonly #byWrite = new Map<W, DetachedWrite<W>>();

  constructor(deps: DetachedWritesDeps) {
    super(deps);
    this.#deps = deps;
  }

  /** Paths that anything is remembered of. */
  get size(): number {
    return this.#families.size;
  }

  has(write: W): boolean {
    return this.#byWrite.has(write);
  }

  /** Its last caller has left. */
  add(write: W, nowMs: number): void {
    if (this.#deps.adoptMs === 0 || write.isOvertaken) return;
    if (this.#byWrite.has(write)) return;
    const detached: DetachedWrite<W> = {
      id: write.id,
      path: write.request.target.path,
      leftAtMs: nowMs,
      print: undefined,
      write,
      ...NO_OUTCOME,
    };
    this.#byWrite.set(write, detached);
    this.#file(detached);
  }

  /** Whether what came of a write that is through is kept for its second try. */
  keeps(write: W, end: End): boolean {
    return this.#byWrite.has(write) &&
      POLICIES.write.keeps(end, write.request.method);
  }

  /** It is through: what came of it waits for whoever comes back. Nothing happens where it is not detached. */
  end(write: W, outcome: Outcome, nowMs: number): void {
    const detached = this.#byWrite.get(write);
    if (detached === undefined) return;
    // From here on its body is needed no more, but what it was is.
    write.print = this.#read(detached, write);
    this.#byWrite.delete(write);
    detached.write = undefined;
    // A journal is told when it is forgotten.
    if (write.entryId !== "") detached.entry = refOf(write);
    this.keep(detached, outcome, nowMs + this.#deps.adoptMs);
    if (this.endedCount > KEPT_COUNT_MAX) this.forgetOldest();
  }

  /** Takes over what came of a write of another process. */
  restore(
    { entry, outcome }: RestoredEntry,
    untilMs: number,
  ): void {
    if (entry.print === undefined || outcome === undefined) return;
    if (this.#deps.adoptMs === 0) return;
    const detached: DetachedWrite<W> = {
      id: 0,
      path: entry.request.target.path,
      leftAtMs: -Infinity,
      print: entry.print,
      write: undefined,
      ...NO_OUTCOME,
      entry: refOf(entry),
    };
    this.#file(detached);
    this.keep(detached, outcome, untilMs);
  }

  /** The oldest that equals a request, came before `beforeId` and was left by `leftByMs`. */
  find(
    request: ProxyRequest,
    { beforeId = Infinity, leftByMs = Infinity }: {
      readonly beforeId?: number;
      readonly leftByMs?: number;
    },
  ): DetachedWrite<W> | undefined {
    const { path } = request.target;
    for (const detached of this.#families.get(path)?.get(undefined) ?? []) {
      if (detached.leftAtMs > leftByMs) break;
      if (detached.write !== undefined) this.#read(detached, detached.write);
    }
    const family = this.#families.get(path);
    // A journal hands 100,000 back at once: a digest each would take seconds.
    if (!family?.keys().some((print) => print !== undefined)) return undefined;
    for (const detached of family.get(this.#deps.printOf(request)) ?? []) {
      // 10,000 equal ones may be left at once.
      if (detached.leftAtMs > leftByMs) break;
      if (detached.id < beforeId) return detached;
    }
    return undefined;
  }

  /** Nobody is to have what comes of this write. */
  drop(write: W): void {
    const detached = this.#byWrite.get(write);
    if (detached !== undefined) this.remove(detached);
  }

  /** The path was changed: nobody may take an answer of before for one of later. */
  forgetPath(path: string): void {
    for (const detachedWrites of this.#families.get(path)?.values() ?? []) {
      for (const detached of detachedWrites) this.forget(detached);
    }
  }

  protected override hide(detached: DetachedWrite<W>): void {
    if (detached.write !== undefined) this.#byWrite.delete(detached.write);
    this.#unfile(detached);
  }

  #unfile(detached: DetachedWrite<W>): void {
    const { path, print } = detached;
    const family = this.#families.get(path);
    const equal = family?.get(print);
    equal?.delete(detached);
    if (equal?.size === 0) family?.delete(print);
    if (family?.size === 0) this.#families.delete(path);
  }

  #file(detached: DetachedWrite<W>): void {
    const { path, print } = detached;
    const family = this.#families.get(path) ?? new Map();
    this.#families.set(path, family);
    family.set(print, (family.get(print) ?? new Set()).add(detached));
  }

  #read(detached: DetachedWrite<W>, write: W): string {
    if (detached.print !== undefined) return detached.print;
    this.#unfile(detached);
    detached.print = this.#deps.printOf(write.request);
    this.#file(detached);
    return detached.print;
  }
}
