import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type { Owner, Owners } from "../../rest/domain/owners.ts";
import { Secret } from "../../rest/domain/secret.ts";
import {
  DoorSocket,
  type DoorSocketDeps,
} from "../../rest/peers/door_socket.ts";

Deno.test("what comes on a socket after its client was told to come again is not served: it comes again, too", () => {
  let owner: Owner = { kind: "self" };
  const served: unknown[] = [];
  const closes: unknown[] = [];
  const owners = { ownerOf: () => owner } as unknown as Owners;
  const start = { principal: { owner: "key", identityId: "bot" } };
  const here = {
    opened: () => {},
    received: (message: unknown) => void served.push(message),
    closed: () => {},
  };
  const door = new DoorSocket({
    owners,
    clock: SYSTEM_CLOCK,
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
  door.received("one");
  owner = { kind: "nobody", sinceMs: 0 };
  door.ownerChanged();
  door.received("two");
  assert.deepEqual(served, ["one"]);
  assert.deepEqual(closes, [1012]);
});
