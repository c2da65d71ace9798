/** The operators' page over real sockets, as a browser and as somebody else would ask for it. */
import assert from "node:assert/strict";
import { AdminPage } from "../../rest/admin/admin_page.ts";
import { headerOf } from "../../rest/domain/headers.ts";
import { createManualClock } from "../_manual_clock.ts";
import { writeAll } from "../listener/_raw_http.ts";
import { ALL_RIGHTS } from "../../rest/domain/access.ts";
import { hexDigestOf } from "../../rest/listener/access/digest.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";

const LOOKER = "a-key-that-may-only-look-up-things";

const SAME = { "sec-fetch-site": "same-origin" };

Deno.test("the page is served to anybody, under a policy that lets no foreign or inline code run", async () => {
  await using proxy = await startTestProxy();
  const response = await fetch(`${proxy.url}/admin`);
  const html = await response.text();
  assert.equal(response.status, 200);
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'self'; /);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.doesNotMatch(html, /<script>|<style|style=| on[a-z]+=/);
  for (const file of ["page.js", "page.css", "icon.svg"]) {
    const part = await fetch(`${proxy.url}/admin/${file}`);
    assert.equal(part.status, 200, file);
    await part.body?.cancel();
  }
});

Deno.test("figures, stream and requests want a session or a key with the right admin", async () => {
  await using proxy = await startWithLooker();
  for (const path of ["figures", "stream", "requests"]) {
    const url = `${proxy.url}/admin/${path}`;
    const statuses = [];
    for (const authorization of ["", LOOKER, KEY]) {
      const response = await fetch(url, {
        headers: authorization === "" ? {} : { authorization },
      });
      statuses.push(response.status);
      await response.body?.cancel();
    }
    assert.deepEqual(statuses, [401, 403, 200], path);
  }
});

Deno.test("a sign-in sets a cookie that no script and no other site gets, and ends with the sign-out", async () => {
  await using proxy = await startTestProxy();
  const { status, setCookie } = await signIn(proxy, KEY);
  assert.equal(status, 204);
  assert.match(
    setCookie,
    /^sluice=[0-9a-f-]{36}; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  assert.ok(!setCookie.includes(KEY));
  const cookie = setCookie.split(";")[0] ?? "";
  assert.equal(await statusOf(proxy, "GET", "/admin/figures", { cookie }), 200);
  const out = { cookie, ...SAME };
  assert.equal(await statusOf(proxy, "DELETE", "/admin/session", out), 204);
  assert.equal(await statusOf(proxy, "GET", "/admin/figures", { cookie }), 401);
});

Deno.test("over TLS the cookie is one that no other host can set, and the sign-out takes it back", async () => {
  const page = new AdminPage({
    clock: createManualClock(),
    facts: () => {},
    newId: () => crypto.randomUUID(),
    figures: () => assert.fail(),
    requests: () => [],
    actions: {
      pause: () => false,
      resume: () => false,
      drop: () => false,
      drain: () => {},
      buttons: {},
    },
  });
  const call = {
    target: "/admin/session",
    headers: [["sec-fetch-site", "same-origin"]],
    address: "192.0.2.1",
    isEncrypted: true,
    shown: () => assert.fail(),
    holderOf: () => ({ keyName: "default", isAdmin: true }),
    readBody: () => Promise.resolve(new TextEncoder().encode('{"key":"k"}')),
  } as const;
  const cookieIn = async (method: string) =>
    headerOf((await page.answer({ ...call, method })).headers, "set-cookie");
  assert.match(
    await cookieIn("POST") ?? "",
    /^__Host-sluice=[0-9a-f-]{36}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.match(
    await cookieIn("DELETE") ?? "",
    /^__Host-sluice=; .*; Secure; Max-Age=0$/,
  );
});

Deno.test("a key without the right admin does not sign in, and neither does one that nobody has", async () => {
  await using proxy = await startWithLooker();
  assert.equal((await signIn(proxy, LOOKER)).status, 403);
  assert.equal((await signIn(proxy, "nobody's key at all")).status, 401);
  const audit = proxy.facts.filter(({ kind }) => kind === "audit");
  assert.equal(audit.length, 2);
  assert.ok(!JSON.stringify(audit).includes(LOOKER));
});

Deno.test("from the third wrong key on an address waits, even with the right one", async () => {
  await using proxy = await startTestProxy();
  const statuses = [];
  for (let tries = 0; tries < 3; tries++) {
    statuses.push((await signIn(proxy, "wrong")).status);
  }
  statuses.push((await signIn(proxy, KEY)).status);
  assert.deepEqual(statuses, [401, 401, 401, 429]);
});

Deno.test("ten wrong keys that are sent at once are as many tries as ten in a row", async () => {
  await using proxy = await startTestProxy();
  const tries = Array.from({ length: 10 }, () => signIn(proxy, "wrong"));
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  assert.deepEqual(statuses.sort(), [401, 401, 401, ...Array(7).fill(429)]);
});

Deno.test("forms to sign in that never come in whole take no room from messages", async () => {
  // An eighth of what callers with a key have is 192 KiB.
  const env = { REST_HELD_LIMIT_MIB: "2", REST_BODY_LIMIT_MIB: "1" };
  await using proxy = await startTestProxy({ env });
  const form = "POST /admin/session HTTP/1.1\r\nHost: x\r\n" +
    `Sec-Fetch-Site: same-origin\r\nContent-Length: 16384\r\n\r\n` +
    "x".repeat(16_383);
  const strangers = [];
  for (let count = 0; count < 12; count++) {
    const { port } = proxy;
    const stranger = await Deno.connect({ hostname: "127.0.0.1", port });
    await writeAll(stranger, form);
    strangers.push(stranger);
  }
  const response = await fetch(`${proxy.url}/api/v10/channels/1/messages`, {
    method: "POST",
    headers: { authorization: KEY, "content-type": "application/json" },
    body: '{"content":"more than twelve bytes"}',
  });
  await response.body?.cancel();
  assert.equal(response.status, 200);
  for (const stranger of strangers) stranger.close();
  while (proxy.facts.filter(({ kind }) => kind === "refused").length < 12) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});

Deno.test("what changes something is refused to other sites, though the browser sends the cookie", async () => {
  await using proxy = await startTestProxy();
  const cookie = (await signIn(proxy, KEY)).setCookie.split(";")[0] ?? "";
  const body = '{"action":"pause","line":"x"}';
  for (const site of ["same-site", "cross-site", "none", undefined]) {
    const headers = {
      cookie,
      ...site !== undefined && { "sec-fetch-site": site },
    };
    const path = "/admin/actions";
    assert.equal(await statusOf(proxy, "POST", path, headers, body), 403);
  }
  const foreign = { "sec-fetch-site": "same-site" };
  const key = JSON.stringify({ key: KEY });
  const path = "/admin/session";
  assert.equal(await statusOf(proxy, "POST", path, foreign, key), 403);
});

Deno.test("a paused line lets nothing leave, a resumed one goes on, and the audit log tells who did it", async () => {
  await using proxy = await startTestProxy();
  const url = `${proxy.url}/channels/123456789012345678/messages`;
  const headers = { authorization: KEY };
  await (await fetch(url, { headers })).body?.cancel();
  const line = proxy.proxy.snapshot().lines[0]?.id ?? "";
  assert.equal(await act(proxy, { action: "pause", line }), 200);
  const asked = fetch(url, { headers });
  await untilWaiting(proxy, 1);
  assert.equal(proxy.proxy.snapshot().lines[0]?.reason, "operator");
  assert.equal(await act(proxy, { action: "resume", line }), 200);
  const answer = await asked;
  await answer.body?.cancel();
  assert.equal(answer.status, 200);
  assert.match(
    answer.headers.get("server-timing") ?? "",
    /^queue;dur=\d+;desc="operator", discord;dur=\d+$/,
  );
  const audit = proxy.facts.flatMap((fact) =>
    fact.kind === "audit" ? [[fact.keyName, fact.action, fact.isDone]] : []
  );
  assert.deepEqual(audit, [
    ["default", "pause", true],
    ["default", "resume", true],
  ]);
});

Deno.test("a dropped request is never sent and its caller gets 499", async () => {
  await using proxy = await startTestProxy();
  const url = `${proxy.url}/channels/123456789012345678/messages`;
  const headers = { authorization: KEY };
  await (await fetch(url, { headers })).body?.cancel();
  const line = proxy.proxy.snapshot().lines[0]?.id ?? "";
  await act(proxy, { action: "pause", line });
  const asked = fetch(url, { headers });
  await untilWaiting(proxy, 1);
  const listed = await fetch(
    `${proxy.url}/admin/requests?line=${encodeURIComponent(line)}`,
    { headers },
  );
  const { requests } = await listed.json();
  assert.equal(requests.length, 1);
  assert.equal(requests[0].reason, "operator");
  const request = requests[0].id;
  assert.equal(await act(proxy, { action: "drop", request }), 200);
  const answer = await asked;
  assert.equal(answer.status, 499);
  assert.ok((await answer.json()).sent === false);
  assert.equal(proxy.sim.requests().length, 1);
  assert.equal(await act(proxy, { action: "drop", request }), 404);
});

Deno.test("an operator's drain ends the program as SIGTERM does", async () => {
  let stops = 0;
  await using proxy = await startTestProxy({
    parts: { stop: () => void stops++ },
  });
  assert.equal(await act(proxy, { action: "drain" }), 200);
  assert.equal(stops, 1);
});

Deno.test("the word that signs in once is worth nothing the second time", async () => {
  await using proxy = await startTestProxy({ parts: { onceCode: "once-1" } });
  const enter = (code: string) =>
    fetch(`${proxy.url}/admin/enter?code=${code}`, { redirect: "manual" });
  const wrong = await enter("once-2");
  assert.equal(wrong.status, 404);
  await wrong.body?.cancel();
  const right = await enter("once-1");
  await right.body?.cancel();
  assert.equal(right.status, 303);
  assert.equal(right.headers.get("location"), "/admin");
  const cookie = (right.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  assert.equal(await statusOf(proxy, "GET", "/admin/figures", { cookie }), 200);
  const again = await enter("once-1");
  assert.equal(again.status, 404);
  await again.body?.cancel();
});

Deno.test("a link that is opened a second time says in HTML what to do instead", async () => {
  await using proxy = await startTestProxy({ parts: { onceCode: "once-1" } });
  const enter = async () => {
    const link = `${proxy.url}/admin/enter?code=once-1`;
    const response = await fetch(link, { redirect: "manual" });
    return { response, text: await response.text() };
  };
  await enter();
  const { response, text } = await enter();
  assert.equal(
    response.headers.get("content-type"),
    "text/html; charset=utf-8",
  );
  assert.match(
    response.headers.get("content-security-policy") ?? "",
    /^default-src 'none'/,
  );
  assert.match(
    text.replaceAll(/<[^>]+>|\s+/g, " "),
    /This link has been used, or is of another run\. +Open +\/admin +and sign in with the key\./,
  );
  assert.match(text, /href="\/admin"/);
});

Deno.test("where no word signs in, no link does", async () => {
  await using proxy = await startTestProxy();
  for (const query of ["", "?code=", "?code=undefined"]) {
    const response = await fetch(`${proxy.url}/admin/enter${query}`);
    assert.equal(response.status, 404);
    assert.equal((await response.json()).code, "no_such_target");
  }
});

Deno.test("what a program adds to the page is pressed by its words, and by no others", async () => {
  let presses = 0;
  const buttons = { "Flood a channel": () => void presses++ };
  await using proxy = await startTestProxy({ parts: { buttons } });
  const press = (button: string) => act(proxy, { action: "button", button });
  assert.equal(await press("Flood a channel"), 200);
  const answer = await fetch(`${proxy.url}/admin/actions`, {
    method: "POST",
    headers: { authorization: KEY },
    body: '{"action":"button","button":"Flood a channel"}',
  });
  assert.equal((await answer.json()).message, "Flood a channel: done.");
  assert.equal(await press("toString"), 404);
  assert.equal(presses, 2);
});

Deno.test("keys that are read anew end every session", async () => {
  await using proxy = await startTestProxy();
  const cookie = (await signIn(proxy, KEY)).setCookie.split(";")[0] ?? "";
  proxy.proxy.replaceKeys([]);
  assert.equal(await statusOf(proxy, "GET", "/admin/figures", { cookie }), 401);
});

Deno.test("the stream brings a second's figures each second, and ends with the drain", async () => {
  await using proxy = await startTestProxy();
  const response = await fetch(`${proxy.url}/admin/stream`, {
    headers: { authorization: KEY },
  });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events: unknown[] = [];
  const decoder = new TextDecoderStream();
  for await (const text of response.body?.pipeThrough(decoder) ?? []) {
    for (const part of text.split("\n\n")) {
      if (part.startsWith("data: ")) events.push(JSON.parse(part.slice(6)));
    }
    if (events.length === 2) void proxy.proxy.drain(0);
  }
  assert.ok(events.length >= 2);
});

async function startWithLooker(): Promise<TestProxy> {
  const sha256 = hexDigestOf(LOOKER);
  const rights = { ...ALL_RIGHTS, isAdmin: false };
  return await startTestProxy({
    access: { keys: [{ name: "looker", sha256, rights }], bots: [] },
  });
}

async function signIn(
  { url }: TestProxy,
  key: string,
): Promise<{ readonly status: number; readonly setCookie: string }> {
  const response = await fetch(`${url}/admin/session`, {
    method: "POST",
    headers: SAME,
    body: JSON.stringify({ key }),
  });
  await response.body?.cancel();
  const setCookie = response.headers.get("set-cookie") ?? "";
  return { status: response.status, setCookie };
}

/** With a key in a header, as a script of an operator's would. */
function act(proxy: TestProxy, what: unknown): Promise<number> {
  const headers = { authorization: KEY };
  const body = JSON.stringify(what);
  return statusOf(proxy, "POST", "/admin/actions", headers, body);
}

async function statusOf(
  { url }: TestProxy,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<number> {
  const init = body === undefined ? { method } : { method, body };
  const response = await fetch(url + path, { ...init, headers });
  await response.body?.cancel();
  return response.status;
}

async function untilWaiting(
  { proxy }: TestProxy,
  count: number,
): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (proxy.snapshot().waiting === count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("It never waited");
}
