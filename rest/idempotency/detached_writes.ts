import type { HandedOver } from "../domain/owners.ts";
import type { Entry, Outcome } from "../domain/entry.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { type KeptBodies, keptBytesOf } from "./kept_bodies.ts";

/** A write whose caller left: it is under way (`write`), or what came of it is kept for its second try. */
export interface DetachedWrite<W> {
  readonly id: number;
  /** Its path, or the print of that for one of another process. */
  readonly path: string;
  /** When its last caller left (monotonic). */
  readonly leftAtMs: number;
  /** What it is, compared with newcomers; worked out when the first comes along. */
  print: string | undefined;
  /** Undefined once its outcome is kept. */
  write: W | undefined;
  outcome: Outcome | undefined;
  untilMs: number;
  /** What a journal knows it as, once its outcome is kept; undefined where there is none. */
  entry: Entry | undefined;
}

/** What detached writes are kept with. */
export interface DetachedWritesDeps<W> {
  /** Equal for equal writes; begins with the print of their path, and a blank. */
  readonly printOf: (request: ProxyRequest) => string;
  readonly pathPrintOf: (path: string) => string;
  readonly bodies: KeptBodies;
  /** Nobody can come back for this one any more; its outcome had been kept. */
  readonly onForget: (detached: DetachedWrite<W>) => void;
}

/** Without bodies some 0.5 KiB each; 160 callers a second would have to leave to get there. */
const KEPT_COUNT_MAX = 10_000;

/** The detached writes of one path. Bodies are compared only when somebody asks. */
interface Family<W> {
  readonly unread: Set<DetachedWrite<W>>;
  readonly byPrint: Map<string, Set<DetachedWrite<W>>>;
}

/** Writes that nobody waits for, and the outcomes of some of them, by path. */
export class DetachedWrites<
  W extends { readonly id: number; readonly request: ProxyRequest },
> {
  readonly #deps: DetachedWritesDeps<W>;
  readonly #families = new Map<string, Family<W>>();
  readonly #byWrite = new Map<W, DetachedWrite<W>>();
  /** Those with an outcome, in the order of their ends, since all are kept equally long. */
  readonly #ended = new Set<DetachedWrite<W>>();

  /** How many were taken over from another process, which knew their paths. */
  #strangers = 0;

  constructor(deps: DetachedWritesDeps<W>) {
    this.#deps = deps;
  }

  /** Paths that anything is remembered of. */
  get size(): number {
    return this.#families.size;
  }

  add(write: W, nowMs: number): void {
    if (this.#byWrite.has(write)) return;
    const { path } = write.request.target;
    const detached: DetachedWrite<W> = {
      id: write.id,
      path,
      leftAtMs: nowMs,
      print: undefined,
      write,
      outcome: undefined,
      untilMs: 0,
      entry: undefined,
    };
    this.#byWrite.set(write, detached);
    this.#familyOf(path).unread.add(detached);
  }

  /** Takes over what another process kept: its print, and what came of it. */
  restore(
    kept: Pick<DetachedWrite<W>, "outcome" | "untilMs" | "entry"> & {
      readonly print: string;
      readonly outcome: Outcome;
    },
  ): void {
    const [path = ""] = kept.print.split(" ");
    const detached: DetachedWrite<W> = {
      ...kept,
      id: 0,
      path,
      leftAtMs: -Infinity,
      write: undefined,
    };
    const family = this.#familyOf(path);
    addTo(family.byPrint, kept.print, detached);
    this.#strangers++;
    this.#note(detached, kept.outcome);
  }

  of(write: W): DetachedWrite<W> | undefined {
    return this.#byWrite.get(write);
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
    const family = this.#families.get(path);
    if (family === undefined && this.#strangers === 0) return undefined;
    for (const detached of family?.unread ?? []) {
      // In the order of their leaving, too.
      if (detached.leftAtMs > leftByMs) break;
      this.#read(detached);
    }
    const families = [this.#strangersOf(path), family].filter(hasRead);
    // A journal hands 100,000 back at once: a digest each would take seconds.
    if (families.length === 0) return undefined;
    const print = this.#deps.printOf(request);
    for (const { byPrint } of families) {
      for (const detached of byPrint.get(print) ?? []) {
        // In the order of their leaving: 10,000 equal ones may be left at once.
        if (detached.leftAtMs > leftByMs) break;
        if (detached.id < beforeId) return detached;
      }
    }
    return undefined;
  }

  /** It is through, and what came of it waits for whoever comes back. */
  keep(detached: DetachedWrite<W>, outcome: Outcome, untilMs: number): void {
    if (detached.write === undefined) return;
    // From here on its body is needed no more, but what it was is.
    this.#read(detached);
    this.#byWrite.delete(detached.write);
    detached.write = undefined;
    detached.untilMs = untilMs;
    this.#note(detached, outcome);
  }

  #note(detached: DetachedWrite<W>, outcome: Outcome): void {
    detached.outcome = outcome;
    this.#ended.add(detached);
    if (outcome.kind === "answer") {
      const { status } = outcome.answer;
      this.#deps.bodies.hold(detached, keptBytesOf(outcome.answer), () => {
        detached.outcome = { kind: "shortened", status };
      });
    }
    const [oldest] = this.#ended;
    if (oldest !== undefined && this.#ended.size > KEPT_COUNT_MAX) {
      this.#forget(oldest);
    }
  }

  /** It is in somebody's hands again, or there is nothing to come back for. */
  remove(detached: DetachedWrite<W>): void {
    if (detached.write !== undefined) this.#byWrite.delete(detached.write);
    this.#ended.delete(detached);
    this.#deps.bodies.release(detached);
    const family = this.#families.get(detached.path);
    if (family === undefined) return;
    family.unread.delete(detached);
    const { print = "" } = detached;
    const equal = family.byPrint.get(print);
    const wasThere = equal?.delete(detached) === true;
    if (wasThere && detached.id === 0) this.#strangers--;
    if (equal?.size === 0) family.byPrint.delete(print);
    if (family.unread.size + family.byPrint.size === 0) {
      this.#families.delete(detached.path);
    }
  }

  /** The path was changed: nobody may take an answer of before for one of later. */
  forgetPath(path: string): void {
    const families = [this.#families.get(path), this.#strangersOf(path)];
    for (const { unread, byPrint } of families.filter(isThere)) {
      for (const set of [unread, ...byPrint.values()]) {
        for (const detached of set) this.#forget(detached);
      }
    }
  }

  /** Forgets the outcomes of what is handed over without a word. */
  release(handed: HandedOver): void {
    for (const detached of this.#ended) {
      const { entry } = detached;
      if (entry && handed.hasRequest(entry.request)) this.remove(detached);
    }
  }

  /** Lets go of outcomes nobody came back for. */
  expire(nowMs: number): void {
    for (const detached of this.#ended) {
      if (detached.untilMs > nowMs) return;
      this.#forget(detached);
    }
  }

  #forget(detached: DetachedWrite<W>): void {
    this.remove(detached);
    if (detached.outcome !== undefined) this.#deps.onForget(detached);
  }

  #familyOf(path: string): Family<W> {
    let family = this.#families.get(path);
    if (family === undefined) {
      family = { unread: new Set(), byPrint: new Map() };
      this.#families.set(path, family);
    }
    return family;
  }

  #strangersOf(path: string): Family<W> | undefined {
    if (this.#strangers === 0) return undefined;
    return this.#families.get(this.#deps.pathPrintOf(path));
  }

  #read(detached: DetachedWrite<W>): void {
    const { write, print, path } = detached;
    if (print !== undefined || write === undefined) return;
    const { unread, byPrint } = this.#familyOf(path);
    detached.print = this.#deps.printOf(write.request);
    unread.delete(detached);
    addTo(byPrint, detached.print, detached);
  }
}

function addTo<W>(
  byPrint: Family<W>["byPrint"],
  print: string,
  detached: DetachedWrite<W>,
): void {
  const equal = byPrint.get(print);
  if (equal === undefined) byPrint.set(print, new Set([detached]));
  else equal.add(detached);
}

function hasRead<W>(family: Family<W> | undefined): family is Family<W> {
  return family !== undefined && family.byPrint.size > 0;
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
