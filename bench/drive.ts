import { type Place, RawConnection } from "./raw_http.ts";
import type { Shot } from "./shots.ts";

/** The results of some shots. */
export interface Volley {
  /** From the first one sent to the last one answered; to the time-out when some were not. */
  readonly tookMs: number;
  readonly unanswered: number;
  /** How many answers had each status; 0: the connection broke. */
  readonly byStatus: ReadonlyMap<number, number>;
}

/** Connections opened at a time; more at once only overflow the listener's backlog. */
const OPENING_MAX = 100;

/**
 * Fires shots at their moments, each on a connection of its own that is open
 * before the first one leaves, so that neither a pool nor a handshake puts
 * them into another order.
 */
export class Driver implements Disposable {
  readonly #place: Place;
  #connections: RawConnection[] = [];

  constructor(place: Place) {
    this.#place = place;
  }

  /** Opens what `count` shots will need. */
  async prepare(count: number): Promise<void> {
    while (this.#connections.length < count) {
      const missing = count - this.#connections.length;
      const opening = Array.from(
        { length: Math.min(missing, OPENING_MAX) },
        () => RawConnection.open(this.#place),
      );
      this.#connections.push(...await Promise.all(opening));
    }
  }

  /** Fires them in their order; settles when all are answered, or after `withinMs`. */
  async fire(shots: readonly Shot[], withinMs: number): Promise<Volley> {
    await this.prepare(shots.length);
    const used = this.#connections.splice(0, shots.length);
    const ready = shots.map((shot, index) => readied(shot, used[index]));
    const byStatus = new Map<number, number>();
    const startMs = performance.now();
    let lastMs = startMs;
    const one = async ({ connection, bytes }: Readied) => {
      const status = await connection.askEncoded(bytes).catch(() => 0);
      lastMs = performance.now();
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
    };
    const asked: Promise<void>[] = [];
    for (const readiedShot of ready) {
      await waitUntil(startMs + readiedShot.afterMs);
      asked.push(one(readiedShot));
    }
    await settledWithin(Promise.all(asked), withinMs);
    const answered = [...byStatus.values()].reduce((sum, n) => sum + n, 0);
    const unanswered = shots.length - answered;
    // Not one by one as they are answered: each close would cost a subject time
    // while it is measured.
    for (const connection of used) connection.close();
    const endMs = unanswered === 0 ? lastMs : performance.now();
    // A copy: connections closed above still end as status 0.
    return {
      tookMs: endMs - startMs,
      unanswered,
      byStatus: new Map(byStatus),
    };
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }
}

/** Waits for a moment of `performance.now()`. */
export async function waitUntil(atMs: number): Promise<void> {
  const restMs = atMs - performance.now();
  if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
}

/** An encoded shot and its connection; only the write is left to do. */
interface Readied {
  readonly connection: RawConnection;
  readonly bytes: Uint8Array;
  readonly afterMs: number;
}

function readied(shot: Shot, connection: RawConnection | undefined): Readied {
  if (connection === undefined) throw new Error("No connection was opened");
  const { method, path, body, header, afterMs } = shot;
  const target = `/api/v10${path}`;
  const bytes = connection.encode({
    method,
    target,
    ...body === undefined ? {} : { body },
    ...header === undefined ? {} : { header },
  });
  return { connection, bytes, afterMs };
}

async function settledWithin(
  work: Promise<unknown>,
  withinMs: number,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
