import type { Answer } from "../../domain/answer.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import type { Job } from "../job.ts";
import { addressOf, bodyDigestOf, type Digest } from "./fingerprint.ts";
import { KeptAnswers } from "./kept_answers.ts";
import { Orphan } from "./orphan.ts";

/** Orphans with one address. Bodies are compared only when somebody asks. */
interface Family {
  readonly unread: Set<Orphan>;
  readonly byBody: Map<string, Set<Orphan>>;
}

/**
 * Writes nobody waits for any more. Libraries give up after some seconds and
 * send again; an identical write that arrives adopts its orphan, one for one,
 * instead of being done twice.
 */
export class Orphans {
  readonly #digest: Digest;
  readonly #families = new Map<string, Family>();
  readonly #byJob = new Map<Job, Orphan>();
  readonly #kept: KeptAnswers;

  constructor(digest: Digest) {
    this.#digest = digest;
    this.#kept = new KeptAnswers((orphan) => this.#remove(orphan));
  }

  get isEmpty(): boolean {
    return this.#families.size === 0;
  }

  /** The last caller of this write has left. */
  add(job: Job): void {
    if (this.#byJob.has(job)) return;
    const orphan = new Orphan(addressOf(job.request), job);
    this.#byJob.set(job, orphan);
    this.#insert(orphan);
  }

  has(job: Job): boolean {
    return this.#byJob.has(job);
  }

  /** The orphan came to an end that says nothing: the next one may be sent anew. */
  drop(job: Job): void {
    const orphan = this.#byJob.get(job);
    if (orphan !== undefined) this.#remove(orphan);
  }

  /**
   * The orphan is through; its answer waits for whoever comes back. Undefined:
   * nobody knows what became of it, so it must not be sent anew either.
   */
  keep(job: Job, answer: Answer | undefined, nowMs: number): void {
    const orphan = this.#byJob.get(job);
    if (orphan === undefined) return;
    // From here on the body is needed no more, but what it was is.
    this.#read(orphan);
    this.#byJob.delete(job);
    orphan.job = undefined;
    this.#kept.add(orphan, answer, nowMs);
  }

  /** The orphan that this write repeats, now in the hands of its caller. */
  adopt(request: ProxyRequest, nowMs: number): Orphan | undefined {
    this.#kept.expire(nowMs);
    const family = this.#families.get(addressOf(request));
    if (family === undefined) return undefined;
    for (const orphan of [...family.unread]) this.#read(orphan);
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
  giveBack(orphan: Orphan): void {
    this.#insert(orphan);
    this.#kept.giveBack(orphan);
  }

  #insert(orphan: Orphan): void {
    const { address, bodyDigest } = orphan;
    let family = this.#families.get(address);
    if (family === undefined) {
      family = { unread: new Set(), byBody: new Map() };
      this.#families.set(address, family);
    }
    if (bodyDigest === undefined) family.unread.add(orphan);
    else addTo(family.byBody, bodyDigest, orphan);
  }

  #read(orphan: Orphan): void {
    const { address, job, bodyDigest } = orphan;
    if (bodyDigest !== undefined || job === undefined) return;
    orphan.bodyDigest = bodyDigestOf(job.request, this.#digest);
    const family = this.#families.get(address);
    if (family === undefined) return;
    family.unread.delete(orphan);
    addTo(family.byBody, orphan.bodyDigest, orphan);
  }

  #remove(orphan: Orphan): void {
    if (orphan.job !== undefined) this.#byJob.delete(orphan.job);
    this.#kept.remove(orphan);
    const { address, bodyDigest } = orphan;
    const family = this.#families.get(address);
    if (family === undefined) return;
    family.unread.delete(orphan);
    if (bodyDigest !== undefined) {
      const twins = family.byBody.get(bodyDigest);
      twins?.delete(orphan);
      if (twins?.size === 0) family.byBody.delete(bodyDigest);
    }
    if (family.unread.size + family.byBody.size === 0) {
      this.#families.delete(address);
    }
  }
}

function addTo(
  byBody: Map<string, Set<Orphan>>,
  digest: string,
  orphan: Orphan,
): void {
  const twins = byBody.get(digest);
  if (twins === undefined) byBody.set(digest, new Set([orphan]));
  else twins.add(orphan);
}
