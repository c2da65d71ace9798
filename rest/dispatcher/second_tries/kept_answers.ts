import type { Answer } from "../../domain/answer.ts";
import { discard } from "../../streams/answer_streams.ts";
import { readBounded } from "../../streams/read_bounded.ts";
import type { Orphan } from "./orphan.ts";

/** How long a library may take to come back: discord.js needs 15 s, a restarted bot some more. */
export const KEPT_MS = 60_000;

/** Discord's largest answer to a write, a bot's whole command list, stays below this. */
export const KEPT_BODY_BYTES_MAX = 1_048_576;

/** All kept bodies together; beyond it the oldest lose theirs, never their place: nothing is sent twice. */
export const KEPT_BYTES_MAX = 16 * 1_048_576;

/** Without bodies some 0.5 KiB each; 160 callers a second would have to leave to get there. */
export const KEPT_COUNT_MAX = 10_000;

/** Answers of orphans, for a while and within bounds, oldest first. */
export class KeptAnswers {
  /** In the order of their ends, since all are kept equally long. */
  readonly #orphans = new Set<Orphan>();
  /** Those of them that hold a body. */
  readonly #withBody = new Set<Orphan>();
  readonly #onEnd: (orphan: Orphan) => void;
  #bytes = 0;

  constructor(onEnd: (orphan: Orphan) => void) {
    this.#onEnd = onEnd;
  }

  /** An undefined answer is remembered too: that there is none to give. */
  add(orphan: Orphan, answer: Answer | undefined, nowMs: number): void {
    this.expire(nowMs);
    orphan.keptUntilMs = nowMs + KEPT_MS;
    const body = answer?.body;
    if (answer !== undefined && body instanceof ReadableStream) {
      // Its size is not known yet: the most it may be is set aside.
      this.#hold(orphan, KEPT_BODY_BYTES_MAX);
      orphan.kept = this.#readBounded(orphan, answer, body);
    } else if (!(body instanceof ReadableStream)) {
      const size = body?.byteLength ?? 0;
      const isKept = size <= KEPT_BODY_BYTES_MAX;
      this.#hold(orphan, isKept ? size : 0);
      orphan.kept = Promise.resolve(isKept ? answer : undefined);
    }
    this.#enforceBounds();
  }

  giveBack(orphan: Orphan): void {
    this.#hold(orphan, orphan.keptBytes);
    this.#enforceBounds();
  }

  remove(orphan: Orphan): void {
    if (!this.#orphans.delete(orphan)) return;
    this.#bytes -= orphan.keptBytes;
    this.#withBody.delete(orphan);
  }

  expire(nowMs: number): void {
    for (const orphan of this.#orphans) {
      if (orphan.keptUntilMs > nowMs) return;
      this.#onEnd(orphan);
    }
  }

  #hold(orphan: Orphan, bytes: number): void {
    orphan.keptBytes = bytes;
    this.#bytes += bytes;
    this.#orphans.add(orphan);
    if (bytes > 0) this.#withBody.add(orphan);
  }

  async #readBounded(
    orphan: Orphan,
    answer: Answer,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<Answer | undefined> {
    const collected = await readBounded(body, KEPT_BODY_BYTES_MAX);
    const isWhole = collected.kind === "whole";
    this.#resize(orphan, isWhole ? collected.bytes.byteLength : 0);
    if (isWhole) return { ...answer, body: collected.bytes };
    if (collected.kind === "large") discard(collected.stream);
    return undefined;
  }

  #resize(orphan: Orphan, bytes: number): void {
    if (this.#withBody.has(orphan)) {
      this.#bytes += bytes - orphan.keptBytes;
      orphan.keptBytes = bytes;
      if (bytes === 0) this.#withBody.delete(orphan);
    } else if (!this.#orphans.has(orphan)) {
      orphan.keptBytes = bytes; // Adopted meanwhile; counts again if given back.
    }
  }

  #enforceBounds(): void {
    while (this.#bytes > KEPT_BYTES_MAX) {
      const [oldest] = this.#withBody;
      if (oldest === undefined) break;
      this.#bytes -= oldest.keptBytes;
      oldest.keptBytes = 0;
      oldest.kept = Promise.resolve(undefined);
      this.#withBody.delete(oldest);
    }
    while (this.#orphans.size > KEPT_COUNT_MAX) {
      const [oldest] = this.#orphans;
      if (oldest === undefined) break;
      this.#onEnd(oldest);
    }
  }
}
