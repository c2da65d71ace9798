import assert from "node:assert/strict";
import type { KeptAddress } from "../../../rest/domain/kept_address.ts";
import { Secret } from "../../../rest/domain/secret.ts";
import { createBotRing } from "../../../rest/listener/access/bot_ring.ts";
import { createKeyRing } from "../../../rest/listener/access/key_ring.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { keyOf, knownOf, TOKEN } from "../_bench.ts";

const MINUTE_MS = 60_000;
const DAYS_MS = 30 * 86_400_000;
const FIRST_KEY = "the-first-key-of-the-tests";
const OTHER_KEY = "another-key-of-the-tests-0";
const OTHER_TOKEN = `${btoa("123456789012345678")}.own.renewed`;

/** A process with one key, and one bot or none; `told` is what it has kept. */
function stage(
  { key = FIRST_KEY, rights = {}, token = TOKEN, clock = createManualClock() }:
    {
      key?: string | null;
      rights?: Parameters<typeof keyOf>[2];
      token?: string | null;
      clock?: ReturnType<typeof createManualClock>;
    } = {},
) {
  const keys = createKeyRing(key === null ? [] : [keyOf("k", key, rights)]);
  const entries = token === null
    ? []
    : [{ name: "main", token: new Secret(token) }];
  const bots = createBotRing(entries);
  const known = knownOf({ clock, keys, bots });
  const told: KeptAddress[] = [];
  const forgotten: string[] = [];
  known.keepIn({
    keep: (kept) => void told.push(kept),
    forget: (address) => void forgotten.push(address),
  });
  const show = (address: string, presented = FIRST_KEY) => {
    const shown = keys.keyOf(presented) ?? bots.botOf(presented)?.identity;
    if (shown !== undefined) known.add(address, shown);
  };
  return { clock, keys, bots, known, told, forgotten, show };
}

/** The next process, with what this one has kept. */
function restarted(
  { told, clock }: ReturnType<typeof stage>,
  options: Parameters<typeof stage>[0] = {},
) {
  const next = stage({ clock, ...options });
  next.known.take(told);
  return next;
}

for (
  const [afterMs, isKnown] of [
    [DAYS_MS - 1, true],
    [DAYS_MS, true],
    [DAYS_MS + 1, false],
  ] as const
) {
  Deno.test(`${afterMs} ms after its last key an address is ${isKnown ? "" : "not "}known`, async () => {
    const { known, clock, show } = stage();
    show("10.0.0.1");
    await clock.advance(500);
    show("10.0.0.1");
    await clock.advance(afterMs);
    assert.ok(!known.use("10.0.0.2"));
    assert.equal(known.use("10.0.0.1"), isKnown);
  });
}

Deno.test("every use of a known address begins its 30 days anew", async () => {
  const { known, clock, show } = stage();
  show("10.0.0.1");
  for (let times = 0; times < 24; times++) {
    await clock.advance(DAYS_MS);
    assert.ok(known.use("10.0.0.1"));
  }
  await clock.advance(MINUTE_MS / 2);
  assert.ok(known.use("10.0.0.1"));
  await clock.advance(DAYS_MS);
  assert.ok(known.use("10.0.0.1"));
  await clock.advance(DAYS_MS + 1);
  assert.ok(!known.use("10.0.0.1"));
});

Deno.test("an address that is not known does not become so by being asked about", () => {
  const { known } = stage();
  assert.ok(!known.use("10.0.0.1"));
  assert.ok(!known.use("10.0.0.1"));
  assert.equal(known.size, 0);
});

Deno.test("a key that is taken back, or bound from now on, makes no address known any more", () => {
  const { known, keys, show } = stage();
  show("10.0.0.1");
  keys.replace([keyOf("k", FIRST_KEY, { isReadOnly: true })]);
  assert.ok(!known.use("10.0.0.1"));
  keys.replace([keyOf("k", FIRST_KEY)]);
  assert.ok(known.use("10.0.0.1"));
  keys.replace([]);
  assert.ok(!known.use("10.0.0.1"));
});

Deno.test("a bot's token makes an address known as long as the bot has that token", () => {
  const { known, bots, show } = stage();
  show("10.0.0.1", TOKEN);
  bots.replace([{ name: "main", token: new Secret(TOKEN) }]);
  assert.ok(known.use("10.0.0.1"));
  bots.replace([{ name: "main", token: new Secret(OTHER_TOKEN) }]);
  assert.ok(!known.use("10.0.0.1"));
});

Deno.test("the newest 10,000 addresses are known, in the order of their last keys and uses", async () => {
  const { known, clock, forgotten, show } = stage();
  const address = (n: number) => `10.0.${n >> 8}.${n & 255}`;
  show("first");
  for (let n = 1; n < 10_000; n++) show(address(n));
  assert.equal(known.size, 10_000);
  // One proves itself again and one is used, so that another one is the oldest.
  await clock.advance(MINUTE_MS);
  show("first");
  assert.ok(known.use(address(1)));
  show("one more");
  assert.equal(known.size, 10_000);
  assert.deepEqual(forgotten, [address(2)]);
  assert.ok(known.use("first"));
  assert.ok(known.use(address(1)));
  assert.ok(!known.use(address(2)));
  assert.ok(known.use(address(3)));
});

Deno.test("an address is kept when it becomes known, and then once a minute while it is used", async () => {
  const { known, clock, told, show } = stage();
  show("10.0.0.1");
  for (let seconds = 0; seconds < 150; seconds++) {
    await clock.advance(1_000);
    show("10.0.0.1");
    assert.ok(known.use("10.0.0.1"));
  }
  assert.equal(told.length, 3);
});

Deno.test("what follows a key that was taken back is kept at once", () => {
  const { keys, told, show } = stage();
  show("10.0.0.1");
  keys.replace([keyOf("k", OTHER_KEY)]);
  show("10.0.0.1", OTHER_KEY);
  assert.equal(told.length, 2);
});

for (const shown of [FIRST_KEY, TOKEN]) {
  const what = shown === TOKEN ? "a bot's token" : "a key";
  Deno.test(`the next process knows an address that has shown ${what}, for what is left of its 30 days`, async () => {
    const before = stage();
    before.show("10.0.0.1", shown);
    await before.clock.advance(DAYS_MS);
    const next = restarted(before);
    assert.ok(next.known.use("10.0.0.1"));
    assert.ok(!next.known.use("10.0.0.2"));
    await before.clock.advance(1);
    assert.ok(!restarted(before).known.use("10.0.0.1"));
  });
}

for (
  const [what, shown, options] of [
    ["key is not configured any more", FIRST_KEY, { key: null }],
    ["key is another one of that name", FIRST_KEY, { key: OTHER_KEY }],
    ["key may only read now", FIRST_KEY, { rights: { isReadOnly: true } }],
    ["bot is not configured any more", TOKEN, { token: null }],
    ["bot has a new token", TOKEN, { token: OTHER_TOKEN }],
  ] as const
) {
  Deno.test(`the next process does not know an address whose ${what}`, () => {
    const before = stage();
    before.show("10.0.0.1", shown);
    assert.equal(before.told.length, 1);
    assert.ok(restarted(before).known.use("10.0.0.1"));
    assert.ok(!restarted(before, options).known.use("10.0.0.1"));
  });
}

Deno.test("what was kept of one address opens no other, and no longer", () => {
  const before = stage();
  before.show("10.0.0.1");
  const [kept] = before.told;
  assert.ok(kept !== undefined);
  const later = { ...kept, usedAtWallMs: kept.usedAtWallMs + 1 };
  for (const forged of [{ ...kept, address: "10.0.0.2" }, later]) {
    const next = stage();
    next.known.take([forged]);
    assert.equal(next.known.size, 0);
  }
});

Deno.test("nothing of a key is kept where no secret is there to mark it with", () => {
  const { told, show } = stage({ token: null });
  show("10.0.0.1");
  assert.deepEqual(told, []);
});

Deno.test("what is kept holds no key, and not its digest", () => {
  const { told, keys, show } = stage();
  show("10.0.0.1");
  show("10.0.0.2", TOKEN);
  const text = JSON.stringify(told);
  assert.ok(!text.includes(FIRST_KEY) && !text.includes(TOKEN));
  const digest = keys.keyNamed("k")?.sha256 ?? "";
  assert.ok(!text.includes(digest));
  assert.ok(!text.includes(Uint8Array.fromHex(digest).toBase64().slice(0, 20)));
});

Deno.test("what another proxy tells of an address renews it, and takes nothing from it", async () => {
  const [here, there] = [stage(), stage()];
  here.show("10.0.0.1");
  there.show("10.0.0.1");
  await here.clock.advance(MINUTE_MS);
  await there.clock.advance(MINUTE_MS);
  assert.ok(there.known.use("10.0.0.1"));
  here.known.take(there.told);
  await here.clock.advance(DAYS_MS - 1);
  here.known.take(there.told);
  assert.ok(here.known.use("10.0.0.1"));
  here.known.take(there.told);
  await here.clock.advance(DAYS_MS);
  assert.ok(here.known.use("10.0.0.1"));
});
