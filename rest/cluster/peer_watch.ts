import type { Peer, PeerFigures } from "../domain/owners.ts";
import type { Clock } from "../domain/ports.ts";
import type { AskPeer } from "./ask_peer.ts";

/** Often enough to tell a firewall within the time that somebody looks for it, and next to no traffic. */
const EVERY_MS = 5_000;

/** What a watch is made with. */
export interface PeerWatchDeps {
  readonly clock: Clock;
  readonly peers: () => readonly Peer[];
  readonly ask: AskPeer;
  /** One answers that did not, or the other way round. */
  readonly onChange: () => void;
}

/**
 * Asks each of the other proxies now and then whether it answers here: what
 * Redis says of them does not tell, and who cannot be reached is noticed before
 * a bot is there.
 */
export class PeerWatch {
  readonly #deps: PeerWatchDeps;
  readonly #isAnswering = new Map<string, boolean>();
  #stop: () => void = () => {};
  #isOver = false;

  constructor(deps: PeerWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { clock } = this.#deps;
    if (this.#isOver) return;
    for (const peer of this.#deps.peers()) void this.#ask(peer);
    this.#stop = clock.wakeAt(clock.nowMs() + EVERY_MS, () => this.start());
  }

  stop(): void {
    this.#isOver = true;
    this.#stop();
  }

  /** All other proxies, and what came of asking each the last time. */
  figures(): PeerFigures[] {
    const nowMs = this.#deps.clock.nowMs();
    return this.#deps.peers().map(({ id, url, lastSeenMs }) => ({
      url,
      silentMs: Math.max(0, nowMs - lastSeenMs),
      isAnswering: this.#isAnswering.get(id),
    }));
  }

  /** One that is not known, or was not asked yet, is not taken for silent. */
  isSilent(id: string): boolean {
    return this.#isAnswering.get(id) === false;
  }

  async #ask({ id, url }: Peer): Promise<void> {
    // A question that says nothing and does nothing.
    const question = { kind: "holding", of: id, scopes: [] } as const;
    const asked = await this.#deps.ask({ id, url }, question);
    const isAnswering = typeof asked === "object" && asked.id === id;
    const ids = new Set(this.#deps.peers().map((peer) => peer.id));
    for (const known of this.#isAnswering.keys()) {
      if (!ids.has(known)) this.#isAnswering.delete(known);
    }
    if (!ids.has(id)) return;
    // Of one that was not asked yet the best is believed.
    const hasChanged = (this.#isAnswering.get(id) ?? true) !== isAnswering;
    this.#isAnswering.set(id, isAnswering);
    if (hasChanged && !this.#isOver) this.#deps.onChange();
  }
}
