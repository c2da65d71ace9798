import assert from "node:assert/strict";
import {
  beatWords,
  readBeatReply,
} from "../../../rest/cluster/ownership/beat.ts";
import {
  BEAT_KEYS,
  BEAT_SCRIPT,
} from "../../../rest/cluster/redis/beat_script.ts";
import { scriptOf } from "../../../rest/cluster/redis/link.ts";
import { createRandom } from "../../../sim/model/random.ts";
import { hasRedis, startRedis } from "../_redis.ts";
import { RedisModel } from "../_redis_model.ts";

const ignore = !hasRedis;

Deno.test({
  name: "a real Redis does with 400 random beats what its model does",
  ignore,
  async fn() {
    await using redis = await startRedis();
    const link = await redis.link();
    const script = scriptOf(BEAT_SCRIPT);
    const model = new RedisModel();
    const random = createRandom(5);
    const any = <T>(list: readonly T[]) =>
      list[Math.floor(random() * list.length)] as T;
    let seen = readBeatReply(["0", "0", "0", [], [], []]);
    for (let count = 0; count < 400; count++) {
      const records = [...seen?.records ?? []];
      const held = () =>
        records.filter(() => random() < 0.5).map(([scope, text]) => ({
          scope,
          epoch: Number(text.split(" ")[1]) + any([0, 0, 1]),
        }));
      const words = beatWords(any(["a", "b", "c"]), "http://x", {
        presence: any(["here", "here", "here", "leaving", "gone"]),
        joined: any([0, seen?.joined ?? 0]),
        knows: seen?.version ?? 0,
        renew: held(),
        release: held(),
        take: ["1", "2", "3"].map((scope) => ({
          scope,
          seen: any([seen?.records.get(scope) ?? "", "", "x"]),
          aboveEpoch: any([0, 9e12]),
          mustBeKnown: random() < 0.5,
        })),
      });
      const reply = await link.run(script, BEAT_KEYS, words);
      seen = readBeatReply(reply);
      assert.ok(seen !== undefined);
      assert.deepEqual(sorted(reply), sorted(model.beat(words, seen.redisMs)));
    }
  },
});

/** Hashes come in any order. */
function sorted(reply: unknown): unknown {
  const read = readBeatReply(reply);
  return {
    ...read,
    members: read?.members.toSorted((a, b) => a.id < b.id ? -1 : 1),
    records: [...read?.records ?? []].sort(),
  };
}
