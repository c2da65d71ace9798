import type { ReplyRecord } from "../../domain/entry.ts";

/** A stored reply of a session. It is kept until it is acknowledged, and some time after that. */
export interface KeptReply {
  readonly seq: number;
  /** The key of its request within the session; undefined if the `req` makes none (I1). */
  readonly reqKey: string | undefined;
  /** Tells its request from another one under the same `req`; "" where nobody knows. */
  readonly fingerprint: string;
  readonly targetText: string;
  readonly reqText: string;
  readonly verb: string;
  readonly status: number;
  readonly headersText: string | undefined;
  /** Undefined once the reply is a tombstone, with nothing left but its status (B9). */
  bodyText: string | undefined;
  /** When the reply was made, in ms since 1970. */
  readonly atWallMs: number;
  /** Undefined until acknowledged (monotonic). */
  ackedAtMs: number | undefined;
}

/** A reply before the mailbox has numbered it. */
export type NewReply = Omit<KeptReply, "seq" | "ackedAtMs">;

/** Memory of a reply without its body: the object and its short strings. */
const ENTRY_BYTES = 256;

/** Empty places at the front of the array before it is cut. */
const SLACK_MAX = 1_024;

/**
 * The replies of one session in the order in which they were made: first the
 * acknowledged ones that are still remembered, then the others. `seq` has no
 * gaps, so the place of a reply follows from its seq. The oldest bodies are
 * dropped first.
 */
export class Mailbox {
  #replies: (KeptReply | undefined)[] = [];
  #head = 0;
  /** No reply with a lower seq has a body. */
  #bodiesFrom = 1;
  #bytes = 0;
  #unackedBytes = 0;
  #lost = 0;
  #ackedSeq = 0;
  #seq = 0;

  /** The seq of the newest reply; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  get ackedSeq(): number {
    return this.#ackedSeq;
  }

  get unacked(): number {
    return this.#seq - this.#ackedSeq;
  }

  /** Stored replies, acknowledged or not. */
  get size(): number {
    return this.#replies.length - this.#head;
  }

  /** Unacknowledged replies without a body. */
  get lost(): number {
    return this.#lost;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get unackedBytes(): number {
    return this.#unackedBytes;
  }

  /** Unacknowledged replies with their body. */
  get unackedBodies(): number {
    return this.unacked - this.#lost;
  }

  add(reply: NewReply): KeptReply {
    const kept = { ...reply, seq: ++this.#seq, ackedAtMs: undefined };
    this.#replies.push(kept);
    const bytes = bytesOf(kept);
    this.#bytes += bytes;
    this.#unackedBytes += bytes;
    return kept;
  }

  /**
   * Takes over the replies of another process, by their seq. What is missing
   * below was acknowledged; what is missing between others was never sent, since
   * a large one is written beside those behind it, and its number stays empty.
   */
  restore(
    replies: readonly ReplyRecord[],
    seq: number,
    ackedSeq: number,
    nowMs: number,
  ): readonly KeptReply[] {
    const bySeq = new Map(replies.map((reply) => [reply.seq, reply]));
    this.#seq = Math.max(ackedSeq, seq);
    for (const at of bySeq.keys()) this.#seq = Math.max(this.#seq, at);
    let from = ackedSeq + 1;
    while (bySeq.has(from - 1)) from--;
    this.#ackedSeq = ackedSeq;
    this.#bodiesFrom = from;
    for (let at = from; at <= this.#seq; at++) {
      const reply = bySeq.get(at);
      const ackedAtMs = at <= ackedSeq ? nowMs : undefined;
      const fingerprint = reply?.fingerprint ?? "";
      this.#take(reply && { ...reply, fingerprint, ackedAtMs });
    }
    return [...this];
  }

  #take(reply: KeptReply | undefined): void {
    this.#replies.push(reply);
    if (reply === undefined) return;
    const bytes = bytesOf(reply);
    this.#bytes += bytes;
    if (reply.ackedAtMs !== undefined) return;
    this.#unackedBytes += bytes;
    if (reply.bodyText === undefined) this.#lost++;
  }

  /** The reply with that seq, if it is still stored. */
  get(seq: number): KeptReply | undefined {
    const newestAt = this.#replies.length - 1;
    const at = newestAt - (this.#seq - seq);
    return at < this.#head ? undefined : this.#replies[at];
  }

  /** How many are stored above `seq`: another process may have lost some between them. */
  countAbove(seq: number): number {
    let count = 0;
    for (let at = seq + 1; at <= this.#seq; at++) {
      if (this.get(at) !== undefined) count++;
    }
    return count;
  }

  /** Acknowledges every reply up to `seq`. */
  acknowledge(seq: number, nowMs: number): void {
    const upTo = Math.min(seq, this.#seq);
    while (this.#ackedSeq < upTo) {
      const reply = this.get(++this.#ackedSeq);
      if (reply === undefined) continue;
      reply.ackedAtMs = nowMs;
      this.#unackedBytes -= bytesOf(reply);
      if (reply.bodyText === undefined) this.#lost--;
    }
  }

  /** The oldest reply with a body up to `seq`, a tombstone now; undefined if none has a body. */
  dropBodyUpTo(seq: number): KeptReply | undefined {
    while (this.#bodiesFrom <= seq) {
      const reply = this.get(this.#bodiesFrom++);
      if (reply?.bodyText === undefined) continue;
      this.dropBody(reply);
      return reply;
    }
    return undefined;
  }

  /** Makes a stored reply a tombstone. */
  dropBody(reply: KeptReply): void {
    const bytes = reply.bodyText?.length ?? 0;
    reply.bodyText = undefined;
    this.#bytes -= bytes;
    if (reply.ackedAtMs !== undefined) return;
    this.#unackedBytes -= bytes;
    this.#lost++;
  }

  /** The oldest reply if it was acknowledged before `untilMs`. */
  peekAckedBefore(untilMs: number): KeptReply | undefined {
    // Where another process lost one, there is nothing to remember.
    while (
      this.size > this.unacked && this.#replies[this.#head] === undefined
    ) {
      this.#head++;
    }
    const oldest = this.#replies[this.#head];
    if (oldest?.ackedAtMs === undefined) return undefined;
    return oldest.ackedAtMs <= untilMs ? oldest : undefined;
  }

  /** Stored replies, oldest first. */
  *[Symbol.iterator](): Iterator<KeptReply> {
    for (let at = this.#head; at < this.#replies.length; at++) {
      const reply = this.#replies[at];
      if (reply !== undefined) yield reply;
    }
  }

  /** Removes the oldest reply, which has been acknowledged. */
  shift(): void {
    const oldest = this.#replies[this.#head];
    if (oldest === undefined) return;
    this.#bytes -= bytesOf(oldest);
    this.#replies[this.#head++] = undefined;
    if (this.#head > SLACK_MAX && this.#head * 2 > this.#replies.length) {
      this.#replies = this.#replies.slice(this.#head);
      this.#head = 0;
    }
  }
}

function bytesOf(reply: KeptReply): number {
  return ENTRY_BYTES + (reply.bodyText?.length ?? 0) +
    (reply.headersText?.length ?? 0) + reply.targetText.length;
}
