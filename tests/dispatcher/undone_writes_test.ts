/** Writes that another path's change undoes: their second try is done again. */
import assert from "node:assert/strict";
import type { Method } from "../../rest/domain/request.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  requestOf,
  submitWith,
} from "./_builders.ts";

const ROLE = "/guilds/1/members/2/roles/3";
const WAKER = requestOf("GET", { path: "/gateway" });

/** A bench whose scheduler leases nothing. */
function heldBenchOf(): Bench {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  return bench;
}

/** Lets the scheduler lease what waits, and the upstream answer all of it. */
async function goOn(bench: Bench): Promise<void> {
  bench.scheduler.isHeld = false;
  bench.dispatcher.submit(WAKER).answer.catch(() => {});
  await bench.clock.settle();
  while (bench.upstream.sends.some(({ isOpen }) => isOpen)) {
    bench.upstream.next.answer(answerOf(200));
    await bench.clock.settle();
  }
}

/** How often PUT was sent. */
function putsOf({ upstream }: Bench): number {
  return upstream.sends.filter(({ request }) => request.method === "PUT")
    .length;
}

const REACTIONS = "/channels/1/messages/5/reactions";

/** Changes that undo a write of another path. */
const UNDOING: ReadonlyArray<readonly [Method, string, Method, string]> = [
  ["PUT", `${REACTIONS}/x/@me`, "DELETE", REACTIONS],
  ["PUT", `${REACTIONS}/%F0%9F%91%8D/@me`, "DELETE", `${REACTIONS}/👍/@me`],
  ["PUT", `${REACTIONS}/a%3A1/@me`, "DELETE", `${REACTIONS}/a:1`],
  ["PUT", ROLE, "PATCH", "/guilds/1/members/2"],
  ["PATCH", "/guilds/1/members/2", "DELETE", ROLE],
];

for (const [method, path, undo, undonePath] of UNDOING) {
  Deno.test(`${method} ${path} is not handed on after ${undo} ${undonePath}, in flight or waiting`, async () => {
    for (const isHeld of [true, false]) {
      for (const isToldLate of [true, false]) {
        const bench = benchOf();
        bench.scheduler.isHeld = isHeld;
        const request = requestOf(method, { path, text: "a" });
        const first = submitWith(bench, request);
        await bench.clock.settle();
        if (!isToldLate) first.leave();
        submitWith(bench, requestOf(undo, { path: undonePath, text: "b" }));
        submitWith(bench, request);
        if (isToldLate) first.leave();
        await goOn(bench);
        const paths = bench.upstream.sends.map(({ request }) =>
          request.target.path
        );
        assert.deepEqual(paths.filter((sent) => sent !== WAKER.target.path), [
          path,
          undonePath,
          path,
        ]);
      }
    }
  });
}

Deno.test("a PUT is handed on after a change beside it", async () => {
  const bench = heldBenchOf();
  const put = requestOf("PUT", { path: ROLE });
  submitWith(bench, put).leave();
  submitWith(bench, requestOf("DELETE", { path: `${ROLE}0` }));
  submitWith(bench, put);
  await goOn(bench);
  assert.equal(putsOf(bench), 1);
});

Deno.test("a PUT a thousand changes ago is sent again", async () => {
  const bench = heldBenchOf();
  const put = requestOf("PUT", { path: ROLE });
  submitWith(bench, put).leave();
  for (let at = 0; at <= 1_001; at++) {
    submitWith(bench, requestOf("DELETE", { path: `/channels/${at}` }));
  }
  submitWith(bench, put);
  await goOn(bench);
  assert.equal(putsOf(bench), 2);
});
