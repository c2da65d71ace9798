import assert from "node:assert/strict";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { scrape, sumOf } from "./_scrape.ts";

Deno.test("after a known load every counter has the right value", async () => {
  await using proxy = await startTestProxy({
    env: { REST_LINE_LIMIT: "1", REST_MAX_WAIT_MS: "3000" },
  });
  for (let count = 0; count < 3; count++) await ask(proxy, "/users/@me");
  await ask(proxy, "/channels/1/messages", "POST");
  await ask(proxy, "/made/up");
  await ask(proxy, "/users/@me", "GET", "a key that nobody has");
  const { values } = await scrape(proxy.url);
  const ME = 'bot="main",method="GET",route="/users/@me"';
  const POST =
    'bot="main",method="POST",route="/channels/{channel_id}/messages"';
  const got = (series: string) => values.get(`sluice_${series}`);
  assert.equal(got(`requests_total{${ME},status="200"}`), 3);
  assert.equal(got(`requests_total{${POST},status="200"}`), 1);
  assert.equal(
    got('requests_total{bot="main",method="GET",route="other",status="200"}'),
    1,
  );
  assert.equal(got(`queue_wait_seconds_count{${ME}}`), 3);
  assert.equal(got(`discord_duration_seconds_count{${POST}}`), 1);
  assert.equal(got('refused_total{code="unauthorized"}'), 1);
  assert.equal(got('refused_total{code="overloaded"}'), 0);
  assert.equal(got('key_requests_total{key="default"}'), 5);
  assert.equal(got('retries_total{bot="main"}'), 0);
  for (const scope of ["user", "global", "shared", "cloudflare"]) {
    assert.equal(got(`rate_limited_total{bot="main",scope="${scope}"}`), 0);
  }
  assert.equal(got('waiting_requests{bot="main"}'), 0);
  assert.equal(got('global_limit{bot="main"}'), 50);
  assert.equal(got("invalid_requests_limit"), 9_000);
  assert.equal(got("breaker_open"), 0);
  assert.equal(sumOf(values, "sluice_waiting_reason_requests"), 0);
  assert.equal(sumOf(values, "sluice_build_info"), 1);
  assert.ok((values.get("process_resident_memory_bytes") ?? 0) > 1e7);
  assert.ok((values.get("process_cpu_seconds_total") ?? 0) > 0);
});

Deno.test("a 429 of Discord's and the retry after it are counted by bot and scope", async () => {
  await using proxy = await startTestProxy();
  const fault = { kind: "limited", scope: "shared", retryAfterMs: 50 } as const;
  proxy.sim.script({ fault });
  await ask(proxy, "/users/@me");
  const { values } = await scrape(proxy.url);
  const shared = 'sluice_rate_limited_total{bot="main",scope="shared"}';
  assert.equal(values.get(shared), 1);
  assert.equal(values.get('sluice_retries_total{bot="main"}'), 1);
});

Deno.test("a write without an answer and one whose caller came back are counted as what they are", async () => {
  await using proxy = await startTestProxy({
    sim: { latencyOut: { minMs: 150, maxMs: 150 } },
  });
  proxy.sim.script({ fault: { kind: "close", isExecuted: true } });
  await ask(proxy, "/channels/1/messages", "POST");
  const leaving = new AbortController();
  const left = fetch(`${proxy.url}/channels/2/messages`, {
    method: "POST",
    headers: { authorization: KEY, "content-type": "application/json" },
    body: '{"content":"x"}',
    signal: leaving.signal,
  }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 60));
  leaving.abort();
  await left;
  await ask(proxy, "/channels/2/messages", "POST");
  const { values } = await scrape(proxy.url);
  assert.equal(values.get('sluice_unknown_outcomes_total{bot="main"}'), 1);
  assert.equal(values.get('sluice_refused_total{code="outcome_unknown"}'), 1);
  assert.equal(values.get('sluice_adopted_total{bot="main"}'), 1);
});

Deno.test("while requests wait the gauges tell how many, for what and how long", async () => {
  await using proxy = await startTestProxy({
    sim: { latencyOut: { minMs: 200, maxMs: 200 } },
  });
  const asked = Array.from({ length: 4 }, () => ask(proxy, "/channels/1"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { values } = await scrape(proxy.url);
  await Promise.all(asked);
  assert.equal(values.get('sluice_waiting_requests{bot="main"}'), 3);
  assert.equal(values.get('sluice_in_flight_requests{bot="main"}'), 1);
  assert.equal(values.get("sluice_longest_line_requests"), 3);
  const first = 'sluice_waiting_reason_requests{reason="first_answer"}';
  assert.equal(values.get(first), 3);
  assert.ok((values.get('sluice_oldest_wait_seconds{bot="main"}') ?? 0) > 0);
});

Deno.test("five thousand made-up paths make at most 300 routes and less than a megabyte", async () => {
  await using proxy = await startTestProxy({
    env: { REST_GLOBAL_LIMIT: "10000", REST_INVALID_LIMIT: "10000" },
    sim: { globalLimit: { limit: 10_000 } },
  });
  for (let hundred = 0; hundred < 50; hundred++) {
    await Promise.all(
      Array.from(
        { length: 100 },
        (_, n) => ask(proxy, `/madeup${wordOf(hundred)}/x${wordOf(n)}`),
      ),
    );
  }
  const { text, values } = await scrape(proxy.url);
  assert.equal(sumOf(values, "sluice_requests_total"), 5_000);
  const routes = new Set(text.match(/route="[^"]*"/g));
  assert.ok(routes.size <= 300, String(routes.size));
  assert.ok(text.length < 1_000_000, String(text.length));
});

Deno.test("figures want a key with the right admin", async () => {
  await using proxy = await startTestProxy();
  const response = await fetch(`${proxy.url}/metrics`);
  assert.equal(response.status, 401);
  await response.body?.cancel();
});

/** Letters alone: a digit would be an id and leave the label. */
function wordOf(number: number): string {
  return String(number).replaceAll(
    /\d/g,
    (digit) => "abcdefghij"[Number(digit)] ?? "",
  );
}

async function ask(
  { url }: TestProxy,
  path: string,
  method = "GET",
  key = KEY,
): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      "x-rest-authorization": key,
      "content-type": "application/json",
    },
    body: method === "GET" ? null : '{"content":"x"}',
  });
  await response.body?.cancel();
}
