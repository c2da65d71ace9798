import type { Outcome } from "./model/outcome.ts";
import type { HeaderList } from "./model/request.ts";
import type { Scope } from "./model/response.ts";
import { SlidingLog } from "./model/sliding_log.ts";

/** One request as the simulated Discord saw it. */
export interface ReceivedRequest {
  /** Number of the connection, and of the request on it (from 1). */
  readonly connection: number;
  readonly onConnection: number;
  /** When its last byte was read. */
  readonly receivedAtMs: number;
  /** When the model judged it: after the latency on the way in. */
  readonly arrivedAtMs: number;
  /** When the last byte of the answer was written; undefined while it was not. */
  answeredAtMs: number | undefined;
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly target: string;
  /** Names and values exactly as sent, in order. */
  readonly headers: HeaderList;
  /** The beginning of the body (see `keepBodyBytes`). */
  readonly body: Uint8Array;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  /** The status the caller got; 0 when it got none. */
  readonly status: number;
  readonly routeKey: string;
  readonly major: string;
  readonly executed: boolean;
  readonly isDuplicate: boolean;
  readonly scope: Scope | undefined;
  readonly limitedBy: string | undefined;
  readonly isInvalid: boolean;
  readonly mark: string | undefined;
  readonly fault: Outcome["fault"];
}

/** A series of marked writes: the same text with a rising number at its end. */
export interface StreamReport {
  readonly executed: number;
  /** Numbers between the first and the last that were never executed. */
  readonly missing: number[];
  readonly doubled: number[];
  /** Numbers executed after a higher one. */
  readonly reordered: number[];
}

/** The result of a run, as plain data. */
export interface AuditReport {
  readonly received: number;
  readonly executed: number;
  /** Duplicates recognised by their nonce; nothing was done for them. */
  readonly deduplicated: number;
  readonly byStatus: Record<string, number>;
  readonly limited: Record<Scope, number>;
  /** 429s by the limiter that said no. */
  readonly limitedBy: Record<string, number>;
  readonly invalid: number;
  readonly faults: Record<string, number>;
  readonly byRoute: Record<string, number>;
  /** Expected marks that were never executed; gaps in the streams when nothing was expected. */
  readonly lost: string[];
  /** Marks executed more than once, as `<major> <mark>`. */
  readonly doubled: string[];
  /** Marks executed after a later one of their stream, as `<major> <mark>`. */
  readonly reordered: string[];
  /** Marks executed though nobody expected them, as `<major> <mark>`. */
  readonly unexpected: string[];
  readonly streams: Record<string, StreamReport>;
  /** First arrival to last answer. */
  readonly makespanMs: number;
  readonly perSecond: number;
  /** Most arrivals within any 1,000 ms. */
  readonly peakPerSecond: number;
}

interface Marked {
  readonly mark: string;
  readonly major: string;
  count: number;
}

interface Stream {
  readonly counts: Map<number, number>;
  highest: number;
  readonly reordered: number[];
}

/** Watches every request and says at the end what went wrong. Pure: all times are arguments. */
export class Auditor {
  #tally = newTally();
  #marks = new Map<string, Marked>();
  #streams = new Map<string, Stream>();
  #reordered: string[] = [];

  /** A request was judged. In the order of execution. */
  arrived(request: ReceivedRequest): void {
    const tally = this.#tally;
    tally.received++;
    tally.firstAtMs ??= request.arrivedAtMs;
    tally.recent.add(request.arrivedAtMs);
    tally.peak = Math.max(
      tally.peak,
      tally.recent.count(request.arrivedAtMs, 1000),
    );
    add(tally.byStatus, String(request.status));
    add(tally.byRoute, request.routeKey);
    if (request.executed) tally.executed++;
    if (request.isDuplicate) tally.deduplicated++;
    if (request.isInvalid) tally.invalid++;
    if (request.scope !== undefined) tally.limited[request.scope]++;
    if (request.limitedBy !== undefined) {
      add(tally.limitedBy, request.limitedBy);
    }
    if (request.fault !== undefined) add(tally.faults, request.fault);
    if (request.executed && request.method !== "GET") this.#mark(request);
  }

  /** The last byte of an answer was written. */
  answered(atMs: number): void {
    this.#tally.lastAtMs = Math.max(this.#tally.lastAtMs ?? 0, atMs);
  }

  reset(): void {
    this.#tally = newTally();
    this.#marks = new Map();
    this.#streams = new Map();
    this.#reordered = [];
  }

  /** Reports on the run up to now. `expected` are the writes that had to be executed, as `<mark>` or `<major> <mark>`. */
  report(expected?: Iterable<string>): AuditReport {
    const tally = this.#tally;
    const { firstAtMs, lastAtMs } = tally;
    const makespanMs = Math.max(0, (lastAtMs ?? 0) - (firstAtMs ?? 0));
    const streams = Object.fromEntries(
      [...this.#streams].map(([name, stream]) => [name, streamReport(stream)]),
    );
    const gaps = Object.entries(streams).flatMap(([name, { missing }]) =>
      missing.map((number) => `${name}${number}`)
    );
    return {
      received: tally.received,
      executed: tally.executed,
      deduplicated: tally.deduplicated,
      byStatus: { ...tally.byStatus },
      limited: { ...tally.limited },
      limitedBy: { ...tally.limitedBy },
      invalid: tally.invalid,
      faults: { ...tally.faults },
      byRoute: { ...tally.byRoute },
      ...this.#compare(expected, gaps),
      doubled: [...this.#marks.values()].filter(({ count }) => count > 1)
        .map(({ major, mark }) => `${major} ${mark}`),
      reordered: [...this.#reordered],
      streams,
      makespanMs,
      perSecond: makespanMs === 0 ? 0 : tally.received / makespanMs * 1000,
      peakPerSecond: tally.peak,
    };
  }

  #compare(
    expected: Iterable<string> | undefined,
    gaps: string[],
  ): Pick<AuditReport, "lost" | "unexpected"> {
    if (expected === undefined) return { lost: gaps, unexpected: [] };
    const wanted = new Set(expected);
    const marks = [...this.#marks.values()]
      .map(({ mark, major }) => [mark, `${major} ${mark}`] as const);
    const seen = new Set(marks.flat());
    return {
      lost: [...wanted].filter((mark) => !seen.has(mark)),
      unexpected: marks.filter((names) => !names.some((it) => wanted.has(it)))
        .map(([, name]) => name),
    };
  }

  #mark(request: ReceivedRequest): void {
    const { mark, major } = request;
    if (mark === undefined) return;
    const key = `${orderOf(request)} ${mark}`;
    const known = this.#marks.get(key);
    if (known === undefined) this.#marks.set(key, { mark, major, count: 1 });
    else known.count++;
    const [, words, digits] = /^(.*?)(\d{1,15})$/s.exec(mark) ?? [];
    if (digits === undefined) return;
    const number = Number(digits);
    const stream = this.#streamOf(`${orderOf(request)} ${words}`);
    stream.counts.set(number, (stream.counts.get(number) ?? 0) + 1);
    if (number < stream.highest) {
      stream.reordered.push(number);
      this.#reordered.push(`${major} ${mark}`);
    }
    stream.highest = Math.max(stream.highest, number);
  }

  #streamOf(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = { counts: new Map(), highest: -Infinity, reordered: [] };
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

/** What must keep its order: the POSTs of a route and resource; other writes of one path. */
function orderOf(request: ReceivedRequest): string {
  if (request.method === "POST") return `${request.routeKey} ${request.major}`;
  const [path] = request.target.split("?", 1);
  return `${request.method} ${path}`;
}

function streamReport({ counts, reordered }: Stream): StreamReport {
  const numbers = [...counts.keys()].sort((a, b) => a - b);
  const missing: number[] = [];
  // Bounded, so that two marks far apart do not fill the report.
  const first = numbers[0] ?? 0;
  const last = Math.min(numbers.at(-1) ?? -1, first + 1_000_000);
  for (let number = first; number <= last; number++) {
    if (!counts.has(number)) missing.push(number);
  }
  const doubled = [...counts].filter(([, count]) => count > 1)
    .map(([number]) => number);
  return { executed: counts.size, missing, doubled, reordered: [...reordered] };
}

interface Tally {
  received: number;
  executed: number;
  deduplicated: number;
  invalid: number;
  firstAtMs: number | undefined;
  lastAtMs: number | undefined;
  readonly recent: SlidingLog;
  peak: number;
  readonly byStatus: Record<string, number>;
  readonly byRoute: Record<string, number>;
  readonly limited: Record<Scope, number>;
  readonly limitedBy: Record<string, number>;
  readonly faults: Record<string, number>;
}

function newTally(): Tally {
  return {
    received: 0,
    executed: 0,
    deduplicated: 0,
    invalid: 0,
    firstAtMs: undefined,
    lastAtMs: undefined,
    recent: new SlidingLog(),
    peak: 0,
    byStatus: {},
    byRoute: {},
    limited: { user: 0, global: 0, shared: 0, cloudflare: 0 },
    limitedBy: {},
    faults: {},
  };
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
