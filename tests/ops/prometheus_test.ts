/** The rules and the dashboard against a real Prometheus that scrapes a loaded proxy. */
import { servingOf } from "../listener/_serve.ts";
import assert from "node:assert/strict";
import { startListener } from "../../rest/listener/transport/listen.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { seenPeers } from "../_peers.ts";
import { scrape } from "../metrics/_scrape.ts";
import {
  hasPrometheus,
  promtool,
  type RunningPrometheus,
  startPrometheus,
} from "./_prometheus.ts";

const RULES = placeOf("prometheus/rules.yml");

/** Passed over where Debian's package `prometheus` is not installed. */
const ignore = !hasPrometheus();

Deno.test({
  name:
    "promtool finds nothing wrong with the rules, and each fires where it is to and nowhere else",
  ignore,
  async fn() {
    const commands = [
      ["check", "rules", RULES],
      ["test", "rules", placeOf("prometheus/rules_test.yml")],
      ["check", "config", placeOf("prometheus/prometheus.yml")],
    ];
    for (const args of commands) {
      const { code, text } = await promtool(args);
      assert.equal(code, 0, text);
    }
  },
});

Deno.test("every rule has a case among the rules' tests", () => {
  const names = (place: string, pattern: RegExp) =>
    new Set(
      [...Deno.readTextFileSync(place).matchAll(pattern)].map(([, name]) =>
        name
      ),
    );
  const rules = names(RULES, /alert: (\w+)/g);
  const fired = names(
    placeOf("prometheus/rules_test.yml"),
    /alertname: (\w+)\n\s+exp_alerts/g,
  );
  assert.ok(rules.size >= 11);
  assert.deepEqual([...rules].filter((name) => !fired.has(name)), []);
});

Deno.test({
  name:
    "Prometheus takes the figures of a loaded proxy, every rule's expression answers, and every panel has a series",
  ignore,
  async fn() {
    // As one of several, so that their panels have something to show.
    await using proxy = await startTestProxy({ parts: { peers: seenPeers() } });
    const figures = await startListener({
      ...servingOf(proxy.proxy.metrics),
      host: "127.0.0.1",
      port: 0,
    });
    const load = startLoad(proxy);
    const { text } = await scrape(proxy.url);
    const checked = await promtool(["check", "metrics"], text);
    assert.equal(checked.code, 0, checked.text);
    {
      await using prometheus = await startPrometheus(
        `127.0.0.1:${figures.address.port}`,
        RULES,
      );
      await untilScraped(prometheus);
      for (const expression of await ruleExpressions()) {
        await prometheus.query(expression);
      }
      for (const { title, expressions } of panels()) {
        for (const expression of expressions) {
          const found = await prometheus.query(expression);
          assert.ok(found.length > 0, `${title} has no series: ${expression}`);
        }
      }
    }
    load.stop();
    await load.ended;
    await figures.shutdown();
  },
});

function placeOf(file: string): string {
  return new URL(`../../ops/${file}`, import.meta.url).pathname;
}

/** A few requests a second, a 429 and a refusal among them. */
function startLoad(
  { url, sim }: TestProxy,
): { stop(): void; readonly ended: Promise<void> } {
  let isOn = true;
  sim.script({ fault: { kind: "limited", scope: "shared", retryAfterMs: 10 } });
  async function run(): Promise<void> {
    for (let count = 0; isOn; count++) {
      const headers = { authorization: count % 10 === 9 ? "a wrong key" : KEY };
      const response = await fetch(`${url}/users/@me`, { headers });
      await response.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return { stop: () => void (isOn = false), ended: run() };
}

/** Rates want two scrapes and more, a second each. */
async function untilScraped(prometheus: RunningPrometheus): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const scrapes = await prometheus.query(
      "count_over_time(sluice_build_info[1m])",
    ).catch(() => []);
    if (Number(scrapes[0]?.value[1]) >= 4) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Prometheus did not scrape the proxy within 20 s");
}

/** As promtool reads them: YAML folds lines, and we have no parser for it. */
async function ruleExpressions(): Promise<readonly string[]> {
  const text = await Deno.readTextFile(RULES);
  const found = [...text.matchAll(/expr:(?: >\n((?:\s{10}.*\n)+)| (.*)\n)/g)]
    .map(([, folded, plain]) =>
      (folded ?? plain ?? "").replaceAll(/\s+/g, " ")
    );
  assert.ok(found.length >= 11, String(found.length));
  return found;
}

function panels(): ReadonlyArray<
  { readonly title: string; readonly expressions: readonly string[] }
> {
  const { panels } = JSON.parse(
    Deno.readTextFileSync(placeOf("grafana/sluice.json")),
  );
  assert.ok(panels.length >= 14);
  return panels.map((
    { title, targets }: { title: string; targets: { expr: string }[] },
  ) => ({
    title,
    expressions: targets.map(({ expr }) =>
      expr.replaceAll("$__rate_interval", "30s").replaceAll("$instance", ".*")
    ),
  }));
}
