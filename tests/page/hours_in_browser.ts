/**
 * Three quarters of an hour of the operators' page within seconds, in Debian's Chromium; run by
 * page_test.ts. Four hours: `PAGE_SECONDS=3600 deno test -A` and this file.
 */
import assert from "node:assert/strict";
import { KEY, startTestProxy } from "../_proxy.ts";
import { startBrowser } from "./_browser.ts";
import type { Page } from "./deps.ts";

/** A quarter of the time; longer than the ten minutes that the page's charts show. */
const QUARTER_S = Number(Deno.env.get("PAGE_SECONDS") ?? 660);

/** What a page may grow by from the first quarter to the last: noise of the collector, no memory of each snapshot. */
const GROWTH_MAX = 1.1;

/** Takes the stream's place before the page's own code runs: the test says what comes, and when. */
const HAND_FEED = `
  globalThis.EventSource = class extends EventTarget {
    constructor() { super(); globalThis.handFeed = this; }
    close() {}
  };
`;

/** One snapshot for each second, like the first that the proxy gave, with other rows in each. */
const PUSH = `async (seconds) => {
  const template = globalThis.template ??= await (await fetch("/admin/figures")).json();
  globalThis.second ??= 0;
  const some = (make) => Array.from({ length: 8 }, (_, n) => make(n + globalThis.second));
  for (let pushed = 0; pushed < seconds; pushed++) {
    const atMs = template.reading.atMs + 1_000 * ++globalThis.second;
    const waiting = globalThis.second % 97;
    const point = {
      atMs, waiting, sent: waiting, limited: 0, answered: waiting, failed: 0,
      unanswered: 0, queueP95Ms: waiting * 10, discordP95Ms: 80, globalShare: 0.5,
    };
    const next = {
      ...template,
      reading: { ...template.reading, atMs, waiting },
      points: [point],
      lines: some((n) => ({
        id: "line " + n, bot: "main", label: "POST /channels/{channel_id}/messages",
        major: String(n), waiting: n % 50, inFlight: 1, oldestWaitMs: n, reason: "bucket",
        nextInMs: 10, clearInMs: 20, isPaused: n % 2 === 0,
      })),
      callers: some((n) => ({ caller: "caller " + n, waiting: 1, sent: n, refused: 0 })),
      incidents: some((n) => ({ atMs, bot: "main", what: "429 shared", label: "GET /x/" + n })),
      sessions: some((n) => ({
        name: "session " + n, key: "main", bot: "main", isConnected: true,
        sinceMs: n, unacked: n, bytes: n, inFlight: 1,
      })),
    };
    globalThis.handFeed.dispatchEvent(
      new MessageEvent("message", { data: JSON.stringify(next) }),
    );
    if (pushed % 60 === 0) await new Promise(requestAnimationFrame);
  }
}`;

Deno.test({
  sanitizeOps: false,
  sanitizeResources: false,
  name:
    "after forty-four minutes of snapshots the page holds no more memory, nodes and listeners than after eleven",
  async fn() {
    await using proxy = await startTestProxy();
    await using browser = await startBrowser();
    const page = await browser.open();
    await page.addInitScript(HAND_FEED);
    await page.goto(`${proxy.url}/admin`);
    await page.fill("input[name=key]", KEY);
    await page.click("button:has-text('Sign in')");
    await handFeedIn(page);
    await page.evaluate(`(${PUSH})(${QUARTER_S})`);
    const first = await holds(page);
    await page.evaluate(`(${PUSH})(${3 * QUARTER_S})`);
    const fourth = await holds(page);
    await page.waitForSelector("td:has-text('session ')");
    const figures: ReadonlyArray<[what: string, of: (held: Holds) => number]> =
      [
        ["bytes", ({ heapBytes }) => heapBytes],
        ["nodes", ({ nodes }) => nodes],
        ["listeners", ({ listeners }) => listeners],
      ];
    for (const [what, of] of figures) {
      const told = `${what}: ${of(first)} after a quarter, then ${of(fourth)}`;
      assert.ok(of(fourth) <= of(first) * GROWTH_MAX, told);
    }
    // deno-lint-ignore no-console -- What it measured is worth as much as that it held.
    console.log(JSON.stringify({ first, fourth }));
    assert.deepEqual(browser.errors, []);
  },
});

/** Looked for by us: the driver's own way to wait is code that the page's policy refuses, where it is not there at once. */
async function handFeedIn(page: Page): Promise<void> {
  const isThere = () =>
    page.evaluate<boolean>("globalThis.handFeed !== undefined");
  for (let looks = 0; !await isThere(); looks++) {
    assert.ok(looks < 500, "the page asks for no stream");
    await page.waitForTimeout(20);
  }
}

interface Holds {
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** What the page holds once nothing is left that a collection frees. */
async function holds(page: Page): Promise<Holds> {
  const inspector = await page.context().newCDPSession(page);
  await inspector.send("HeapProfiler.collectGarbage");
  const { usedSize } = await inspector.send("Runtime.getHeapUsage");
  const counted = await inspector.send("Memory.getDOMCounters");
  await inspector.detach();
  return {
    heapBytes: usedSize,
    nodes: counted.nodes,
    listeners: counted.jsEventListeners,
  };
}
