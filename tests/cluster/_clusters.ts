import { type Cluster, createCluster } from "../../rest/cluster/cluster.ts";
import type { Question } from "../../rest/cluster/ownership/questions.ts";
import { readPeerAnswer } from "../../rest/cluster/ownership/questions.ts";
import { SCOPES } from "../../rest/cluster/ownership/scopes.ts";
import { signedAddresses } from "../../rest/cluster/secrets.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type { TestRedis } from "./_redis.ts";

const KEY = new Secret("a-key-of-the-peers-0123456789");

/** A cluster's driver in this process, as if in one of its own. */
export interface TestMember {
  readonly cluster: Cluster;
  /** What its keeper was told, in order. */
  readonly told: readonly string[];
  /** Scopes it may send for now. */
  owned(): readonly string[];
  /** It does nothing any more and says nothing, like a process that was killed. */
  crash(): void;
}

/** The members of one cluster, which reach each other unless they are cut off. */
export class TestCluster implements AsyncDisposable {
  readonly members: TestMember[] = [];
  /** Urls of members that no peer reaches. */
  readonly cut = new Set<string>();
  readonly #redis: TestRedis;
  readonly #byUrl = new Map<string, Cluster>();

  constructor(redis: TestRedis) {
    this.#redis = redis;
  }

  async join(): Promise<TestMember> {
    const url = `http://member-${this.members.length}`;
    const redis = await this.#redis.link();
    let isDead = false;
    const told: string[] = [];
    const cluster = createCluster({
      clock: {
        ...SYSTEM_CLOCK,
        wakeAt: (atMs, action) =>
          SYSTEM_CLOCK.wakeAt(atMs, () => isDead || action()),
      },
      facts: () => {},
      url,
      redis,
      addresses: signedAddresses(KEY),
      peerQuestions: {
        ask: (peer, question) =>
          isDead ? new Promise(() => {}) : this.#ask(url, peer.url, question),
        close: () => {},
      },
    });
    this.#byUrl.set(url, cluster);
    cluster.start({
      gained(scope) {
        told.push(`gained ${scope}`);
        return Promise.resolve();
      },
      lost: (scope) => void told.push(`lost ${scope}`),
      handOver(scope) {
        told.push(`hand over ${scope}`);
        return Promise.resolve();
      },
    });
    const member: TestMember = {
      cluster,
      told,
      owned: () =>
        SCOPES.filter((scope) => cluster.ownerOf(scope).kind === "self"),
      crash: () => {
        isDead = true;
        this.#byUrl.delete(url);
        redis.close();
      },
    };
    this.members.push(member);
    return member;
  }

  async #ask(from: string, to: string, question: Question) {
    await Promise.resolve();
    const peer = this.#byUrl.get(to);
    if (peer === undefined) return "gone" as const;
    if (this.cut.has(from) || this.cut.has(to)) return "silent" as const;
    return readPeerAnswer(peer.answerPeer(question)) ?? "silent";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { cluster } of this.members) await cluster.close();
  }
}

/** Settles when it is so; rejects after `withinMs`. Returns how long it took. */
export async function until(
  isSo: () => boolean,
  withinMs: number,
): Promise<number> {
  const beganMs = performance.now();
  while (!isSo()) {
    if (performance.now() - beganMs > withinMs) {
      throw new Error(`Not so within ${withinMs} ms: ${isSo}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - beganMs;
}
