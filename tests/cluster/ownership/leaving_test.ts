import assert from "node:assert/strict";
import {
  type Beat,
  beatWords,
  readBeatReply,
} from "../../../rest/cluster/ownership/beat.ts";
import { OwnershipMachine } from "../../../rest/cluster/ownership/machine.ts";
import { SCOPES } from "../../../rest/cluster/ownership/scopes.ts";
import type { Action } from "../../../rest/cluster/ownership/state.ts";
import { RedisModel } from "../_redis_model.ts";

const REDIS_MS = 1_000_000;

/** A machine whose beats Redis carries out at once. */
class Member {
  readonly machine: OwnershipMachine;
  readonly beats: Beat[] = [];
  readonly handedOver: string[] = [];
  readonly #redis: RedisModel;

  constructor(readonly id: string, redis: RedisModel) {
    this.machine = new OwnershipMachine(id, `http://${id}`, 0);
    this.#redis = redis;
  }

  act(actions: readonly Action[], nowMs: number): void {
    for (const action of actions) {
      if (action.kind === "hand over") this.handedOver.push(action.scope);
      if (action.kind === "beat") this.#beat(action.beat, nowMs);
    }
  }

  #beat(beat: Beat, nowMs: number): void {
    this.beats.push(beat);
    const words = beatWords(this.id, `http://${this.id}`, beat);
    const reply = readBeatReply(this.#redis.beat(words, nowMs + REDIS_MS));
    assert.ok(reply !== undefined);
    this.act(this.machine.beatAnswered(reply, nowMs), nowMs);
  }

  tick(nowMs: number): void {
    this.act(this.machine.tick(nowMs), nowMs);
  }
}

/** Two proxies that share everything at `nowMs`. */
function twoMembers(): { one: Member; other: Member; nowMs: number } {
  const redis = new RedisModel();
  const [one, other] = [new Member("one", redis), new Member("other", redis)];
  let nowMs = 0;
  for (; nowMs < 8_000; nowMs += 50) {
    one.tick(nowMs);
    other.tick(nowMs);
  }
  return { one, other, nowMs };
}

function ownedBy({ machine }: Member, nowMs: number): readonly string[] {
  return SCOPES.filter((scope) => machine.maySend(scope, nowMs));
}

Deno.test("a proxy that leaves stops sending at once, and hands everything over without asking Redis first", () => {
  const { one, nowMs } = twoMembers();
  const owned = ownedBy(one, nowMs);
  assert.ok(owned.length > 0);
  const actions = one.machine.leave(nowMs);
  const handed = actions.filter(({ kind }) => kind === "hand over");
  assert.equal(handed.length, owned.length);
  assert.deepEqual(ownedBy(one, nowMs), []);
});

Deno.test("what is handed over in one turn goes with one beat, and the other proxy has it with its second beat after that", () => {
  const { one, other, nowMs } = twoMembers();
  const owned = ownedBy(one, nowMs);
  one.act(one.machine.leave(nowMs), nowMs);
  const before = one.beats.length;
  for (const scope of one.handedOver) {
    one.act(one.machine.handedOver(scope, nowMs + 30), nowMs + 30);
  }
  one.tick(nowMs + 30);
  const releases = one.beats.slice(before).map(({ release }) => release.length);
  assert.deepEqual(releases, [owned.length]);
  other.machine.answer({ kind: "look" }, nowMs + 31);
  other.tick(nowMs + 31);
  other.tick(nowMs + 60);
  assert.deepEqual(ownedBy(other, nowMs + 60), SCOPES);
});

Deno.test("a proxy that leaves while Redis is away goes on sending, since nobody could take over", () => {
  const { one, nowMs } = twoMembers();
  const owned = ownedBy(one, nowMs);
  one.machine.beatFailed(nowMs);
  one.machine.leave(nowMs);
  assert.deepEqual(ownedBy(one, nowMs), owned);
});

Deno.test("every proxy tells the time by Redis' clock, whatever its own one says", () => {
  const { one, other, nowMs } = twoMembers();
  for (const { machine } of [one, other]) {
    assert.equal(machine.redisMs(nowMs + 10), nowMs + 10 + REDIS_MS);
  }
});
