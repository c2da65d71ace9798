import { NO_FILE_LEFT } from "./keep_accepting.ts";
import type { Transport } from "./transport.ts";

/** Files are given back in less; and nobody may make us try without a pause. */
const RETRY_MS = 250;

/** Something of the runtime's that connections come in by. */
interface Accepting<C> {
  accept(): Promise<C>;
  close(): void;
}

/** Takes connections in until it is closed, also after a time without a file left for them. */
export class AcceptLoop<C> {
  readonly #listener: Accepting<C>;
  readonly #transport: Transport;
  #isOpen = true;
  #stopWaiting: () => void = nothing;

  constructor(
    listener: Accepting<C>,
    transport: Transport,
    take: (connection: C) => void,
  ) {
    this.#listener = listener;
    this.#transport = transport;
    void this.#accept(take);
  }

  close(): void {
    this.#isOpen = false;
    this.#stopWaiting();
    this.#listener.close();
  }

  async #accept(take: (connection: C) => void): Promise<void> {
    let isTold = false;
    while (this.#isOpen) {
      try {
        take(await this.#listener.accept());
        isTold = false;
      } catch {
        // Closed, or without a file left for the connection.
        if (!this.#isOpen) return;
        if (!isTold) {
          this.#transport.facts({ kind: "warning", message: NO_FILE_LEFT });
        }
        isTold = true;
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS);
      this.#stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function nothing(): void {}
