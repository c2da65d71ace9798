import type { Answer } from "../../domain/answer.ts";
import type { Job } from "../job.ts";

/**
 * A write whose caller left: it waits or runs (`job`), or its answer waits for
 * somebody to come back for it (`kept`).
 */
export class DetachedWrite {
  readonly address: string;
  job: Job | undefined;
  /** Resolves to undefined where the answer could not be kept. */
  kept: Promise<Answer | undefined> | undefined;
  keptUntilMs = 0;
  keptBytes = 0;
  bodyDigest: string | undefined;

  constructor(address: string, job: Job) {
    this.address = address;
    this.job = job;
  }
}
