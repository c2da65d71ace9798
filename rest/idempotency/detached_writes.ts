import type { Entry, Outcome } from "../domain/entry.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { KeptBodies } from "./kept_bodies.ts";

/** A write whose caller left: it is under way (`write`), or what came of it is kept for its second try. */
export interface DetachedWrite<W> {
  readonly id: number;
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
  /** Equal for equal writes. */
  readonly printOf: (request: ProxyRequest) => string;
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
    let family = this.#families.get(path);
    if (family === undefined) {
      family = { unread: new Set(), byPrint: new Map() };
      this.#families.set(path, family);
    }
    family.unread.add(detached);
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
    const family = this.#families.get(request.target.path);
    if (family === undefined) return undefined;
    for (const detached of family.unread) this.#read(detached, family);
    const equal = family.byPrint.get(this.#deps.printOf(request));
    for (const detached of equal ?? []) {
      if (detached.id < beforeId && detached.leftAtMs <= leftByMs) {
        return detached;
      }
    }
    return undefined;
  }

  /** It is through, and what came of it waits for whoever comes back. */
  keep(detached: DetachedWrite<W>, outcome: Outcome, untilMs: number): void {
    const family = this.#families.get(detached.path);
    if (detached.write === undefined || family === undefined) return;
    // From here on its body is needed no more, but what it was is.
    this.#read(detached, family);
    this.#byWrite.delete(detached.write);
    detached.write = undefined;
    detached.outcome = outcome;
    detached.untilMs = untilMs;
    this.#ended.add(detached);
    if (outcome.kind === "answer") {
      const { status, body } = outcome.answer;
      this.#deps.bodies.hold(detached, body?.byteLength ?? 0, () => {
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
    equal?.delete(detached);
    if (equal?.size === 0) family.byPrint.delete(print);
    if (family.unread.size + family.byPrint.size === 0) {
      this.#families.delete(detached.path);
    }
  }

  /** The path was changed: nobody may take an answer of before for one of later. */
  forgetPath(path: string): void {
    const family = this.#families.get(path);
    if (family === undefined) return;
    const equals = [...family.byPrint.values()];
    for (const set of [family.unread, ...equals]) {
      for (const detached of set) this.#forget(detached);
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

  #read(detached: DetachedWrite<W>, { unread, byPrint }: Family<W>): void {
    const { write, print } = detached;
    if (print !== undefined || write === undefined) return;
    detached.print = this.#deps.printOf(write.request);
    unread.delete(detached);
    const equal = byPrint.get(detached.print);
    if (equal === undefined) byPrint.set(detached.print, new Set([detached]));
    else equal.add(detached);
  }
}
