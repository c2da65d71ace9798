import type { Answer } from "../../domain/answer.ts";
import { discard } from "../../streams/answer_streams.ts";
import { readBounded } from "../../streams/read_bounded.ts";
import type { DetachedWrite } from "./detached_write.ts";

/** How long a library may take to come back: discord.js needs 15 s, a restarted bot some more. */
export const KEPT_MS = 60_000;

/** Discord's largest answer to a write, a bot's whole command list, stays below this. */
export const KEPT_BODY_BYTES_MAX = 1_048_576;

/** All kept bodies together; beyond it the oldest lose theirs, never their place: nothing is sent twice. */
export const KEPT_BYTES_MAX = 16 * 1_048_576;

/** Without bodies some 0.5 KiB each; 160 callers a second would have to leave to get there. */
export const KEPT_COUNT_MAX = 10_000;

/** Answers of detached writes, for a while and within bounds, oldest first. */
export class KeptAnswers {
  /** In the order of their ends, since all are kept equally long. */
  readonly #detachedWrites = new Set<DetachedWrite>();
  /** Those of them that hold a body. */
  readonly #withBody = new Set<DetachedWrite>();
  readonly #onEnd: (detached: DetachedWrite) => void;
  #bytes = 0;

  constructor(onEnd: (detached: DetachedWrite) => void) {
    this.#onEnd = onEnd;
  }

  /** An undefined answer is remembered too: that there is none to give. */
  add(
    detached: DetachedWrite,
    answer: Answer | undefined,
    nowMs: number,
  ): void {
    this.expire(nowMs);
    detached.keptUntilMs = nowMs + KEPT_MS;
    const body = answer?.body;
    if (answer !== undefined && body instanceof ReadableStream) {
      // Its size is not known yet: the most it may be is set aside.
      this.#hold(detached, KEPT_BODY_BYTES_MAX);
      detached.kept = this.#readBounded(detached, answer, body);
    } else if (!(body instanceof ReadableStream)) {
      const size = body?.byteLength ?? 0;
      const isKept = size <= KEPT_BODY_BYTES_MAX;
      this.#hold(detached, isKept ? size : 0);
      detached.kept = Promise.resolve(isKept ? answer : undefined);
    }
    this.#enforceBounds();
  }

  giveBack(detached: DetachedWrite): void {
    this.#hold(detached, detached.keptBytes);
    this.#enforceBounds();
  }

  remove(detached: DetachedWrite): void {
    if (!this.#detachedWrites.delete(detached)) return;
    this.#bytes -= detached.keptBytes;
    this.#withBody.delete(detached);
  }

  expire(nowMs: number): void {
    for (const detached of this.#detachedWrites) {
      if (detached.keptUntilMs > nowMs) return;
      this.#onEnd(detached);
    }
  }

  #hold(detached: DetachedWrite, bytes: number): void {
    detached.keptBytes = bytes;
    this.#bytes += bytes;
    this.#detachedWrites.add(detached);
    if (bytes > 0) this.#withBody.add(detached);
  }

  async #readBounded(
    detached: DetachedWrite,
    answer: Answer,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<Answer | undefined> {
    const collected = await readBounded(body, KEPT_BODY_BYTES_MAX);
    const isWhole = collected.kind === "whole";
    this.#resize(detached, isWhole ? collected.bytes.byteLength : 0);
    if (isWhole) return { ...answer, body: collected.bytes };
    if (collected.kind === "large") discard(collected.stream);
    return undefined;
  }

  #resize(detached: DetachedWrite, bytes: number): void {
    if (this.#withBody.has(detached)) {
      this.#bytes += bytes - detached.keptBytes;
      detached.keptBytes = bytes;
      if (bytes === 0) this.#withBody.delete(detached);
    } else if (!this.#detachedWrites.has(detached)) {
      detached.keptBytes = bytes; // Adopted meanwhile; counts again if given back.
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
    while (this.#detachedWrites.size > KEPT_COUNT_MAX) {
      const [oldest] = this.#detachedWrites;
      if (oldest === undefined) break;
      this.#onEnd(oldest);
    }
  }
}
