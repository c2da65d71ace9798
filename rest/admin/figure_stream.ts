import type { Clock } from "../domain/ports.ts";
import type { PageFigures } from "../metrics/types.ts";

/** As often as the charts get a point. */
const EVERY_MS = 1_000;
/** A page each for a few operators, with tabs to spare. */
const STREAMS_MAX = 50;

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Sends every page that listens the figures once a second. */
export class FigureStreams {
  readonly #clock: Clock;
  readonly #read: (afterMs: number) => PageFigures;
  readonly #open = new Set<() => void>();

  constructor(clock: Clock, read: (afterMs: number) => PageFigures) {
    this.#clock = clock;
    this.#read = read;
  }

  get isFull(): boolean {
    return this.#open.size >= STREAMS_MAX;
  }

  /** A stream of what came after `afterMs`; `mayGoOn` is asked before each event. */
  open(
    afterMs: number,
    mayGoOn: () => boolean,
  ): ReadableStream<Bytes> {
    let newestMs = afterMs;
    let callOff = () => {};
    let end = () => {};
    return new ReadableStream<Bytes>({
      start: (controller) => {
        end = () => {
          callOff();
          if (this.#open.delete(end)) controller.close();
        };
        const send = () => {
          if (!mayGoOn()) return end();
          // A page that does not read gets the newest when it does.
          if ((controller.desiredSize ?? 0) > 0) {
            const figures = this.#read(newestMs);
            newestMs = figures.points.at(-1)?.atMs ?? newestMs;
            const data = `data: ${JSON.stringify(figures)}\n\n`;
            controller.enqueue(encoder.encode(data));
          }
          callOff = this.#clock.wakeAt(this.#clock.nowMs() + EVERY_MS, send);
        };
        this.#open.add(end);
        send();
      },
      cancel: () => {
        callOff();
        this.#open.delete(end);
      },
    }, { highWaterMark: 2 });
  }

  /** Ends all of them. */
  endAll(): void {
    for (const end of [...this.#open]) end();
  }
}
