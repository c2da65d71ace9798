import type { Answer } from "../../domain/answer.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import type { Job } from "../job.ts";
import { addressOf, bodyDigestOf, type Digest } from "./fingerprint.ts";
import { KeptAnswers } from "./kept_answers.ts";
import { DetachedWrite } from "./detached_write.ts";

/** DetachedWrites with one address. Bodies are compared only when somebody asks. */
interface Family {
  readonly unread: Set<DetachedWrite>;
  readonly byBody: Map<string, Set<DetachedWrite>>;
}

/**
 * Writes nobody waits for any more. Libraries give up after some seconds and
 * send again; an identical write that arrives adopts its detached write, one for one,
 * instead of being done twice.
 */
export class DetachedWrites {
  readonly #digest: Digest;
  readonly #families = new Map<string, Family>();
  readonly #byJob = new Map<Job, DetachedWrite>();
  readonly #kept: KeptAnswers;

  constructor(digest: Digest) {
    this.#digest = digest;
    this.#kept = new KeptAnswers((detached) => this.#remove(detached));
  }

  get isEmpty(): boolean {
    return this.#families.size === 0;
  }

  /** The last caller of this write has left. */
  add(job: Job): void {
    if (this.#byJob.has(job)) return;
    const detached = new DetachedWrite(addressOf(job.request), job);
    this.#byJob.set(job, detached);
    this.#insert(detached);
  }

  has(job: Job): boolean {
    return this.#byJob.has(job);
  }

  /** The detached write came to an end that says nothing: the next one may be sent anew. */
  drop(job: Job): void {
    const detached = this.#byJob.get(job);
    if (detached !== undefined) this.#remove(detached);
  }

  /**
   * The detached write is through; its answer waits for whoever comes back. Undefined:
   * nobody knows what became of it, so it must not be sent anew either.
   */
  keep(job: Job, answer: Answer | undefined, nowMs: number): void {
    const detached = this.#byJob.get(job);
    if (detached === undefined) return;
    // From here on the body is needed no more, but what it was is.
    this.#read(detached);
    this.#byJob.delete(job);
    detached.job = undefined;
    this.#kept.add(detached, answer, nowMs);
  }

  /** The detached write that this write repeats, now in the hands of its caller. */
  adopt(request: ProxyRequest, nowMs: number): DetachedWrite | undefined {
    this.#kept.expire(nowMs);
    const family = this.#families.get(addressOf(request));
    if (family === undefined) return undefined;
    for (const detached of [...family.unread]) this.#read(detached);
    const twins = family.byBody.get(bodyDigestOf(request, this.#digest));
    const [oldest] = twins ?? [];
    if (oldest !== undefined) this.#remove(oldest);
    return oldest;
  }

  /** True where one write repeats the other. */
  isSame(one: ProxyRequest, other: ProxyRequest): boolean {
    return one.method === other.method &&
      one.target.path === other.target.path &&
      addressOf(one) === addressOf(other) &&
      bodyDigestOf(one, this.#digest) === bodyDigestOf(other, this.#digest);
  }

  /** Lets go of answers nobody came back for. */
  expire(nowMs: number): void {
    this.#kept.expire(nowMs);
  }

  /** A kept answer whose adopter left before it was there. */
  giveBack(detached: DetachedWrite): void {
    this.#insert(detached);
    this.#kept.giveBack(detached);
  }

  #insert(detached: DetachedWrite): void {
    const { address, bodyDigest } = detached;
    let family = this.#families.get(address);
    if (family === undefined) {
      family = { unread: new Set(), byBody: new Map() };
      this.#families.set(address, family);
    }
    if (bodyDigest === undefined) family.unread.add(detached);
    else addTo(family.byBody, bodyDigest, detached);
  }

  #read(detached: DetachedWrite): void {
    const { address, job, bodyDigest } = detached;
    if (bodyDigest !== undefined || job === undefined) return;
    detached.bodyDigest = bodyDigestOf(job.request, this.#digest);
    const family = this.#families.get(address);
    if (family === undefined) return;
    family.unread.delete(detached);
    addTo(family.byBody, detached.bodyDigest, detached);
  }

  #remove(detached: DetachedWrite): void {
    if (detached.job !== undefined) this.#byJob.delete(detached.job);
    this.#kept.remove(detached);
    const { address, bodyDigest } = detached;
    const family = this.#families.get(address);
    if (family === undefined) return;
    family.unread.delete(detached);
    if (bodyDigest !== undefined) {
      const twins = family.byBody.get(bodyDigest);
      twins?.delete(detached);
      if (twins?.size === 0) family.byBody.delete(bodyDigest);
    }
    if (family.unread.size + family.byBody.size === 0) {
      this.#families.delete(address);
    }
  }
}

function addTo(
  byBody: Map<string, Set<DetachedWrite>>,
  digest: string,
  detached: DetachedWrite,
): void {
  const twins = byBody.get(digest);
  if (twins === undefined) byBody.set(digest, new Set([detached]));
  else twins.add(detached);
}
