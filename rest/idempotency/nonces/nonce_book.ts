import { type Entry, type EntryRef, refOf } from "../../domain/entry.ts";
import {
  type MessageNonce,
  RECOGNISED_MS,
} from "../../domain/message_nonce.ts";
import type { HandedOver } from "../../domain/owners.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { type Digest, writePrintOf } from "../fingerprint.ts";

/** A failure of Discord's for two minutes at 80 messages a second; beyond that the oldest is forgotten, and its re-send is a message of its own. */
const KEPT_MAX = 10_000;

/** A message that was sent and is through. */
export type Failed = Pick<Entry, "entryId" | "request" | "nonce"> & {
  /** As in `Entry`; worked out when it is kept. */
  print: string;
};

interface Kept {
  readonly path: string;
  readonly print: string;
  readonly nonce: MessageNonce;
  readonly untilMs: number;
  /** What a journal knows it as; undefined where there is none. */
  readonly entry: EntryRef | undefined;
}

/** What nonces are kept with. */
export interface NonceBookDeps {
  readonly digest: Digest;
  /** Nobody is handed the nonce of this message any more. */
  readonly onForget: (entry: EntryRef) => void;
}

/**
 * The nonces of messages that were sent and not answered with a 2xx. An equal
 * message that comes within two minutes is the same one, sent again by its
 * library: it gets the nonce, one for one, and so does not become a second
 * message, should the first have been made after all.
 */
export class NonceBook {
  readonly #deps: NonceBookDeps;
  /** In the order in which they were kept, by path. */
  readonly #byPath = new Map<string, Set<Kept>>();
  readonly #all = new Set<Kept>();

  constructor(deps: NonceBookDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#all.size;
  }

  /** For how long it is kept; undefined: not at all. */
  keep(failed: Failed, nowMs: number): number | undefined {
    this.expire(nowMs);
    const untilMs = endOf(failed);
    if (nowMs >= untilMs) return undefined;
    failed.print = writePrintOf(failed.request, this.#deps.digest);
    this.restore(failed);
    return untilMs - nowMs;
  }

  /** Keeps one whose print is known. */
  restore(failed: Readonly<Failed>): void {
    const { entryId, request: { target: { path } }, nonce, print } = failed;
    if (nonce === undefined) return;
    const entry = entryId === "" ? undefined : refOf(failed);
    const kept = { path, print, nonce, untilMs: endOf(failed), entry };
    this.#all.add(kept);
    const family = this.#byPath.get(path);
    if (family === undefined) this.#byPath.set(path, new Set([kept]));
    else family.add(kept);
    if (this.#all.size > KEPT_MAX) this.#forgetOldest();
  }

  /** The nonce of the message that this one repeats; it is handed out once. */
  take(request: ProxyRequest, nowMs: number): MessageNonce | undefined {
    if (this.#all.size === 0) return undefined;
    this.expire(nowMs);
    const family = this.#byPath.get(request.target.path);
    if (family === undefined) return undefined;
    const print = writePrintOf(request, this.#deps.digest);
    for (const kept of family) {
      const isSame = kept.print === print && nowMs < kept.untilMs;
      if (!isSame) continue;
      this.#forget(kept);
      return kept.nonce;
    }
    return undefined;
  }

  /** Those kept first mostly end first; one that ends later keeps others a little longer, which nobody sees. */
  expire(nowMs: number): void {
    for (const kept of this.#all) {
      if (nowMs < kept.untilMs) return;
      this.#forget(kept);
    }
  }

  /** Without a word: another process goes on with them. */
  release(handed: Pick<HandedOver, "hasRequest">): void {
    for (const kept of this.#all) {
      const { entry } = kept;
      if (entry && handed.hasRequest(entry.request)) this.#remove(kept);
    }
  }

  #forgetOldest(): void {
    for (const oldest of this.#all) {
      this.#forget(oldest);
      return;
    }
  }

  #forget(kept: Kept): void {
    this.#remove(kept);
    if (kept.entry !== undefined) this.#deps.onForget(kept.entry);
  }

  #remove(kept: Kept): void {
    this.#all.delete(kept);
    const family = this.#byPath.get(kept.path);
    family?.delete(kept);
    if (family?.size === 0) this.#byPath.delete(kept.path);
  }
}

/** One that was not sent is not kept at all. */
function endOf({ nonce }: Pick<Failed, "nonce">): number {
  return (nonce?.sentAtMs ?? -Infinity) + RECOGNISED_MS;
}
