/** The operators' page in Debian's Chromium; run by page_test.ts. */
import assert from "node:assert/strict";
import type { BotEntry } from "../../rest/domain/access.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { seenPeers } from "../_peers.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { launchBrowser, pagesIn, type TestBrowser } from "./_browser.ts";
import { axe, type Page } from "./deps.ts";

/** The driver holds pipes and a process for all tests of the file. */
const DRIVER = { sanitizeOps: false, sanitizeResources: false };

let launched: ReturnType<typeof launchBrowser> | undefined;

/** The pages of one test; the process is one for all tests of the file. */
async function openBrowser(): Promise<TestBrowser> {
  launched ??= launchBrowser();
  return pagesIn(await launched);
}

Deno.test.afterAll(async () => await (await launched)?.close());

const CHANNEL = "/channels/123456789012345678/messages";

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1_280, 390]) {
    Deno.test({
      ...DRIVER,
      name:
        `axe finds nothing serious on the page, and nothing scrolls sideways: ${colorScheme}, ${width} px`,
      async fn() {
        await using proxy = await startTestProxy();
        await using browser = await openBrowser();
        const page = await browser.open({ colorScheme, width });
        await page.goto(`${proxy.url}/admin`);
        await page.waitForSelector("input[name=key]");
        assert.deepEqual(await findingsOn(page), []);
        await signIn(page);
        const asked = flood(proxy, 40);
        await page.waitForSelector("td button");
        assert.deepEqual(await findingsOn(page), []);
        const wide = await page.evaluate<number>(
          "document.documentElement.scrollWidth - innerWidth",
        );
        assert.ok(wide <= 0, `${wide} px too wide`);
        assert.deepEqual(browser.errors, []);
        await proxy.proxy.drain(0);
        await asked;
      },
    });
  }
}

for (const [colorScheme, width] of [["light", 1_280], ["dark", 390]] as const) {
  Deno.test({
    ...DRIVER,
    name:
      `among several proxies the page tells who sends for which bot and which proxy does not answer, and axe finds nothing serious: ${colorScheme}, ${width} px`,
    async fn() {
      const access = { keys: [], bots: botsOf("main", "music") };
      const parts = { peers: seenPeers() };
      await using proxy = await startTestProxy({ access, parts });
      await using browser = await openBrowser();
      const page = await browser.open({ colorScheme, width });
      await page.goto(`${proxy.url}/admin`);
      await signIn(page);
      await page.waitForSelector("h2:has-text('Bots and their proxies')");
      assert.match(
        await page.innerText(".verdict"),
        /^1 of 2 other proxies does not answer this one/,
      );
      const rows = await page.evaluate<readonly string[]>(CLUSTER_ROWS);
      assert.deepEqual(rows, [
        "main|this proxy|420 ms ago",
        "music|http://127.0.0.1:9|420 ms ago",
        "http://127.0.0.1:9|yes|310 ms ago",
        "http://10.0.0.7:8001|no|620 ms ago",
      ]);
      assert.deepEqual(await findingsOn(page), []);
      const wide = await page.evaluate<number>(
        "document.documentElement.scrollWidth - innerWidth",
      );
      assert.ok(wide <= 0, `${wide} px too wide`);
      assert.deepEqual(browser.errors, []);
    },
  });
}

/** The rows of the two tables at the end, without the epoch. */
const CLUSTER_ROWS = `[...document.querySelectorAll(".tables .panel")].slice(-2)
  .flatMap((panel) => [...panel.querySelectorAll("tbody tr")])
  .map((row) => [...row.cells].slice(0, 3)
    .map(({ textContent }) => textContent).join("|"))`;

Deno.test({
  ...DRIVER,
  name: "a proxy that is alone says nothing of others",
  async fn() {
    await using proxy = await startTestProxy();
    await using browser = await openBrowser();
    const page = await browser.open();
    await page.goto(`${proxy.url}/admin`);
    await signIn(page);
    await page.waitForSelector("h2:has-text('REP sessions')");
    const text = await page.innerText("main");
    assert.doesNotMatch(text, /other prox|Redis|sends for/i);
  },
});

Deno.test({
  ...DRIVER,
  name:
    "with the keyboard alone an operator signs in, pauses a line, looks at its requests and drops one",
  async fn() {
    await using proxy = await startTestProxy();
    await using browser = await openBrowser();
    const page = await browser.open();
    await page.goto(`${proxy.url}/admin`);
    await page.waitForSelector("input[name=key]");
    await page.keyboard.press("Tab");
    await page.keyboard.type(KEY);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".verdict");
    const asked = flood(proxy, 30);
    await tabTo(page, "Pause");
    await page.keyboard.press("Enter");
    await page.waitForSelector("button:has-text('Resume')");
    assert.match(
      await page.innerText(".verdict"),
      /^1 line paused by an operator/,
    );
    await tabTo(page, "Requests");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open] td button");
    await tabTo(page, "Drop");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=The request is dropped", {
      state: "attached",
    });
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog:not([open])", { state: "attached" });
    const statuses = await stopFlood(proxy, asked);
    assert.equal(statuses.filter((status) => status === 499).length, 1);
    const done = proxy.facts.flatMap((fact) =>
      fact.kind === "audit" ? [fact.action] : []
    );
    assert.deepEqual(done, ["sign in", "pause", "drop"]);
    assert.deepEqual(browser.errors, []);
  },
});

Deno.test({
  ...DRIVER,
  name:
    "the stream closes while the page is hidden, and polling takes its place where it does not come through",
  async fn() {
    await using proxy = await startTestProxy();
    await using browser = await openBrowser();
    const page = await browser.open();
    await page.goto(`${proxy.url}/admin`);
    await signIn(page);
    await page.waitForSelector(".feed.live");
    await page.evaluate(HIDE);
    await page.waitForSelector(".feed.paused");
    const atMs = await page.innerText("header .about");
    await page.waitForTimeout(1_500);
    assert.equal(await page.innerText("header .about"), atMs);
    await page.route("**/admin/stream*", (route) => route.abort());
    await page.evaluate(SHOW);
    await page.waitForSelector(".feed.polling");
  },
});

Deno.test({
  ...DRIVER,
  name: "with several bots the page shows all, or the one that is chosen",
  async fn() {
    const bots = botsOf("main", "music");
    await using proxy = await startTestProxy({ access: { keys: [], bots } });
    for (
      const [bot, path] of [["main", "/gateway/bot"], ["music", "/users/@me"]]
    ) {
      const headers = { authorization: KEY, "bot_id": bot ?? "" };
      const response = await fetch(proxy.url + path, { headers });
      await response.body?.cancel();
    }
    await using browser = await openBrowser();
    const page = await browser.open();
    await page.goto(`${proxy.url}/admin`);
    await signIn(page);
    await page.waitForSelector("td:has-text('GET /gateway/bot')");
    await page.selectOption("select", "music");
    await page.waitForSelector("td:has-text('GET /gateway/bot')", {
      state: "detached",
    });
    await page.waitForSelector("td:has-text('GET /users/@me')");
    assert.deepEqual(browser.errors, []);
  },
});

Deno.test({
  ...DRIVER,
  name:
    "at 390 px no part of a route is broken, and no value of a tile is cut, not even a rejected token",
  async fn() {
    await using proxy = await startTestProxy();
    const reaction =
      "/channels/123456789012345678/messages/123456789012345678/reactions/x/@me";
    await send(proxy, "PUT", reaction);
    const fault = {
      kind: "answer",
      status: 401,
      body: '{"message":"401: Unauthorized","code":0}',
    } as const;
    proxy.sim.script({ fault, times: 2 });
    await send(proxy, "GET", "/users/@me");
    await using browser = await openBrowser();
    const page = await browser.open({ width: 390 });
    await page.goto(`${proxy.url}/admin`);
    await signIn(page);
    await page.waitForSelector(".value:has-text('token rejected')");
    await page.waitForSelector("td:has-text('/reactions/')");
    const broken = await page.evaluate<readonly string[]>(BROKEN_PARTS);
    assert.deepEqual(broken, []);
    const cut = await page.evaluate<readonly string[]>(CUT_VALUES);
    assert.deepEqual(cut, []);
  },
});

function botsOf(...names: readonly string[]): BotEntry[] {
  return names.map((name, n) => {
    const id = btoa(`12345678901234567${n}`);
    const token = new Secret(`${id}.tests0.${"x".repeat(27)}`);
    return { name, token };
  });
}

/** Parts of routes, from one slash to the next, that are on two lines. */
const BROKEN_PARTS = `[...document.querySelectorAll("td")]
  .filter((cell) => /^[A-Z]+ \\//.test(cell.textContent))
  .flatMap((cell) => {
    const nodes = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    const broken = [];
    while (nodes.nextNode()) {
      const { data } = nodes.currentNode;
      for (const { 0: part, index } of data.matchAll(/[/]?[^/]+/g)) {
        const range = document.createRange();
        range.setStart(nodes.currentNode, index);
        range.setEnd(nodes.currentNode, index + part.trimEnd().length);
        const tops = [...range.getClientRects()].map(({ top }) => top);
        if (new Set(tops).size > 1) broken.push(part);
      }
    }
    return broken;
  })`;

const CUT_VALUES = `[...document.querySelectorAll(".tile .value")]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
  .map(({ textContent }) => textContent)`;

const HIDE = `Object.defineProperty(document, "visibilityState", {
  value: "hidden", configurable: true,
}); document.dispatchEvent(new Event("visibilitychange"))`;
const SHOW = HIDE.replace('"hidden"', '"visible"');

async function signIn(page: Page): Promise<void> {
  await page.fill("input[name=key]", KEY);
  await page.click("button:has-text('Sign in')");
  await page.waitForSelector(".verdict");
}

/** Presses Tab until the button with this word has the focus. */
async function tabTo(page: Page, word: string): Promise<void> {
  await page.waitForSelector(`button:has-text('${word}')`);
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<string>(
      "document.activeElement.textContent",
    );
    if (focused === word) return;
  }
  throw new Error(`No Tab leads to ${word}`);
}

/** What axe calls serious or critical, by its rules. */
async function findingsOn(page: Page): Promise<readonly string[]> {
  // A driver may add code that the page's own policy would refuse.
  await page.evaluate(axe.source);
  const violations = await page.evaluate<
    { impact: string; id: string; nodes: { html: string }[] }[]
  >("axe.run().then((result) => result.violations)");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Far more messages than the channel's bucket takes; settles with their statuses. */
function flood(proxy: TestProxy, count: number): Promise<readonly number[]> {
  return Promise.all(Array.from({ length: count }, async (_, n) => {
    const response = await fetch(proxy.url + CHANNEL, {
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: JSON.stringify({ content: String(n) }),
    });
    await response.body?.cancel();
    return response.status;
  }));
}

async function send(
  { url }: TestProxy,
  method: string,
  path: string,
): Promise<void> {
  const headers = { authorization: KEY };
  const response = await fetch(url + path, { method, headers });
  await response.body?.cancel();
}

async function stopFlood(
  { proxy }: TestProxy,
  asked: Promise<readonly number[]>,
): Promise<readonly number[]> {
  await proxy.drain(0);
  return await asked;
}
