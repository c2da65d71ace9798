import assert from "node:assert/strict";
import { createManualClock } from "../_manual_clock.ts";
import type { Owner, Owners } from "../../rest/domain/owners.ts";
import { Secret } from "../../rest/domain/secret.ts";
import {
  DoorSocket,
  type DoorSocketDeps,
} from "../../rest/peers/door_socket.ts";

function doorOf(first: Owner) {
  let owner = first;
  const served: unknown[] = [];
  const closes: unknown[] = [];
  const owners = { ownerOf: () => owner } as unknown as Owners;
  const start = { principal: { owner: "key", identityId: "bot" } };
  const here = {
    opened: (_: unknown, keptBackMs: unknown) => void served.push(keptBackMs),
    received: (message: unknown) => void served.push(message),
    closed: () => {},
  };
  const clock = createManualClock();
  const door = new DoorSocket({
    owners,
    clock,
    key: new Secret("key"),
    caCertificates: undefined,
    here,
    start: start as unknown as DoorSocketDeps["start"],
    scopeOf: () => "7",
    mayRelay: true,
    call: () => "",
    onScope: () => {},
    onEnd: () => {},
  });
  const socket = {
    close: (code: number) => void closes.push(code),
    resume: () => {},
    pause: () => {},
    trust: () => {},
  };
  door.opened(socket as unknown as Parameters<DoorSocket["opened"]>[0]);
  return {
    door,
    clock,
    served,
    closes,
    change(next: Owner) {
      owner = next;
      door.ownerChanged();
    },
  };
}

Deno.test("what comes on a socket after its client was told to come again is not served: it comes again, too", () => {
  const { door, served, closes, change } = doorOf({ kind: "self" });
  door.received("one");
  change({ kind: "nobody", sinceMs: 0 });
  door.received("two");
  assert.deepEqual(served, [undefined, "one"]);
  assert.deepEqual(closes, [1012]);
});

Deno.test("B8: whoever becomes the owner knows for how long it has kept a greeting back", async () => {
  const { door, clock, served, change } = doorOf({
    kind: "nobody",
    sinceMs: 0,
  });
  await clock.advance(500);
  const greeting = '{"target":"/_rep/auth","method":"ACTION"}';
  door.received(greeting);
  await clock.advance(700);
  change({ kind: "self" });
  assert.deepEqual(served, [700, greeting]);
  door.closed();
});
