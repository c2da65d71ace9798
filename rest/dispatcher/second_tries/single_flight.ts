import type { Answer } from "../../domain/answer.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { discard } from "../../streams/answer_streams.ts";
import { readBounded } from "../../streams/read_bounded.ts";
import type { Job, JobTicket } from "../job.ts";

/** Answers that stream and are larger go to one caller; the others ask for themselves. */
export const SHARED_BYTES_MAX = 1_048_576;

/** Reads that have not left yet, for identical ones to join. */
export class SingleFlight {
  readonly #waiting = new Map<string, Job>();
  readonly #keys = new Map<Job, string>();

  /** The waiting job that would bring the same answer. */
  find(request: ProxyRequest): Job | undefined {
    const key = flightKeyOf(request);
    return key === undefined ? undefined : this.#waiting.get(key);
  }

  /** Lets others join this job until it leaves. */
  open(job: Job): void {
    const key = flightKeyOf(job.request);
    if (key === undefined) return;
    this.#waiting.set(key, job);
    this.#keys.set(job, key);
  }

  /** It leaves, or is over: what comes later might expect a later answer. */
  close(job: Job): void {
    const key = this.#keys.get(job);
    if (key === undefined) return;
    this.#keys.delete(job);
    this.#waiting.delete(key);
  }
}

/** Undefined where a request has terms of its own, which a shared one could break. */
function flightKeyOf(request: ProxyRequest): string | undefined {
  const { method, body, leaveWithinMs, identity, target, headers } = request;
  const hasTerms = leaveWithinMs !== undefined ||
    request.longestWaitMs !== undefined;
  if (method !== "GET" || body !== undefined || hasTerms) return undefined;
  return JSON.stringify([
    identity.id,
    target.version,
    target.path,
    target.query,
    headers,
  ]);
}

/**
 * Gives one answer to several callers. Those it was too large for are handed
 * to `askAlone`.
 */
export async function shareAnswer(
  tickets: readonly JobTicket[],
  answer: Answer,
  askAlone: (ticket: JobTicket) => void,
): Promise<void> {
  const { body } = answer;
  if (!(body instanceof ReadableStream)) {
    for (const ticket of tickets) ticket.resolve(answer);
    return;
  }
  const collected = await readBounded(body, SHARED_BYTES_MAX);
  // Some may have left while it was read.
  const [first, ...others] = tickets.filter((ticket) => ticket.isWanted);
  if (first === undefined) {
    if (collected.kind === "large") discard(collected.stream);
    return;
  }
  switch (collected.kind) {
    case "whole": {
      const whole = { ...answer, body: collected.bytes };
      for (const ticket of [first, ...others]) ticket.resolve(whole);
      break;
    }
    case "large":
      first.resolve({ ...answer, body: collected.stream });
      for (const ticket of others) askAlone(ticket);
      break;
    case "broken":
      for (const ticket of [first, ...others]) askAlone(ticket);
  }
}
