import {
  FORGET_MS,
  LEASE_MS,
  LIVING_MS,
} from "../../rest/cluster/ownership/timing.ts";

/** What the script of a beat does, without Redis: takes its words and gives back its reply. */
export class RedisModel {
  #owners = new Map<string, string>();
  #members = new Map<string, string>();
  #version = 0;
  #beatMs = 0;

  /** Everything is gone, as after FLUSHALL or a restart without persistence. */
  flush(): void {
    this.#owners = new Map();
    this.#members = new Map();
    this.#version = 0;
    this.#beatMs = 0;
  }

  /** Carries out a beat at `redisMs`, Redis' clock. */
  beat(argv: readonly string[], redisMs: number): unknown {
    const words = argv.values();
    const word = () => String(words.next().value);
    const nowMs = Math.floor(redisMs);
    const [id, url, presence, believed, knows] = [
      word(),
      word(),
      word(),
      word(),
      word(),
    ];
    this.#forget(nowMs);
    const joined = this.#meet(id, url, presence, nowMs);
    const put = (scope: string, owner: string, epoch: string, until: number) =>
      this.#owners.set(scope, `${owner} ${epoch} ${until} ${knows} ${url}`);
    for (let left = Number(word()); left > 0; left--) {
      const [scope, epoch] = [word(), word()];
      const [owner, of] = this.#owners.get(scope)?.split(" ") ?? [id, epoch];
      if (owner === id && of === epoch) put(scope, id, epoch, nowMs + LEASE_MS);
    }
    for (let left = Number(word()); left > 0; left--) {
      const [scope, epoch] = [word(), word()];
      const [owner, of] = this.#owners.get(scope)?.split(" ") ?? [];
      if (owner === id && of === epoch) put(scope, "-", epoch, 0);
    }
    const taken: string[] = [];
    for (let left = Number(word()); left > 0; left--) {
      const [scope, seen, above, known] = [word(), word(), word(), word()];
      const text = this.#owners.get(scope) ?? "";
      if (text !== seen || joined !== believed) continue;
      const [owner, epoch = "0", , knew] = text.split(" ");
      const isKnown = known === "0" || text === "" || owner === "-" ||
        Number(knew) >= Number(joined);
      if (!isKnown) continue;
      const next = Math.max(Number(epoch) + 1, Number(above) + 1, nowMs);
      put(scope, id, String(next), nowMs + LEASE_MS);
      taken.push(scope, String(next));
    }
    return [
      String(nowMs),
      String(this.#version),
      joined,
      [...this.#members].flat(),
      [...this.#owners].flat(),
      taken,
    ];
  }

  #forget(nowMs: number): void {
    const wasAway = this.#beatMs + LIVING_MS < nowMs;
    this.#beatMs = nowMs;
    for (const [id, text] of this.#members) {
      const [url, joined, seen, leaving] = text.split(" ");
      if (wasAway) {
        this.#members.set(id, `${url} ${joined} ${nowMs} ${leaving}`);
      } else if (Number(seen) + FORGET_MS < nowMs) this.#members.delete(id);
    }
  }

  #meet(id: string, url: string, presence: string, nowMs: number): string {
    if (presence === "gone") {
      this.#members.delete(id);
      return "0";
    }
    let joined = this.#members.get(id)?.split(" ")[1];
    if (joined === undefined) {
      this.#version = Math.max(this.#version + 1, nowMs);
      joined = String(this.#version);
    }
    const leaving = presence === "leaving" ? "1" : "0";
    this.#members.set(id, `${url} ${joined} ${nowMs} ${leaving}`);
    return joined;
  }
}
