import {
  type MessageNonce,
  RECOGNISED_MS,
} from "../../domain/message_nonce.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { type Digest, writePrintOf } from "../fingerprint.ts";

/** A failure of Discord's for two minutes at 80 messages a second; beyond that the oldest is forgotten, and its re-send is a message of its own. */
const KEPT_MAX = 10_000;

interface Kept {
  readonly path: string;
  readonly print: string;
  readonly nonce: MessageNonce;
  readonly untilMs: number;
}

/**
 * The nonces of messages that were sent and not answered with a 2xx. An equal
 * message that comes within two minutes is the same one, sent again by its
 * library: it gets the nonce, one for one, and so does not become a second
 * message, should the first have been made after all.
 */
export class NonceBook {
  readonly #digest: Digest;
  /** In the order in which they were kept, by path. */
  readonly #byPath = new Map<string, Set<Kept>>();
  readonly #all = new Set<Kept>();

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  get size(): number {
    return this.#all.size;
  }

  keep(request: ProxyRequest, nonce: MessageNonce, nowMs: number): void {
    this.#expire(nowMs);
    if (nonce.sentAtMs === undefined) return;
    const untilMs = nonce.sentAtMs + RECOGNISED_MS;
    if (nowMs >= untilMs) return;
    const { path } = request.target;
    const print = writePrintOf(request, this.#digest);
    const kept = { path, print, nonce, untilMs };
    this.#all.add(kept);
    const family = this.#byPath.get(path);
    if (family === undefined) this.#byPath.set(path, new Set([kept]));
    else family.add(kept);
    if (this.#all.size > KEPT_MAX) this.#forgetOldest();
  }

  /** The nonce of the message that this one repeats; it is handed out once. */
  take(request: ProxyRequest, nowMs: number): MessageNonce | undefined {
    if (this.#all.size === 0) return undefined;
    this.#expire(nowMs);
    const family = this.#byPath.get(request.target.path);
    if (family === undefined) return undefined;
    const print = writePrintOf(request, this.#digest);
    for (const kept of family) {
      const isSame = kept.print === print && nowMs < kept.untilMs;
      if (!isSame) continue;
      this.#remove(kept);
      return kept.nonce;
    }
    return undefined;
  }

  /** Those kept first mostly end first; one that ends later keeps others a little longer, which nobody sees. */
  #expire(nowMs: number): void {
    for (const kept of this.#all) {
      if (nowMs < kept.untilMs) return;
      this.#remove(kept);
    }
  }

  #forgetOldest(): void {
    for (const oldest of this.#all) {
      this.#remove(oldest);
      return;
    }
  }

  #remove(kept: Kept): void {
    this.#all.delete(kept);
    const family = this.#byPath.get(kept.path);
    family?.delete(kept);
    if (family?.size === 0) this.#byPath.delete(kept.path);
  }
}
