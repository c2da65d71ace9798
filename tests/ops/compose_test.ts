import assert from "node:assert/strict";
import { SETTINGS } from "../../rest/config/settings.ts";
import { parse } from "./deps.ts";

const OPS = new URL("../../ops/", import.meta.url);

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly "depends_on"?: readonly string[];
  readonly "read_only"?: boolean;
  readonly "stop_grace_period"?: string;
}

function composeOf(file: string): Compose {
  // What it does with lists of the file before is compose's business.
  const customTags = ["!override", "!reset"].map((tag) => ({
    tag,
    collection: "seq" as const,
    resolve: (list: unknown) => list,
  }));
  const text = Deno.readTextFileSync(new URL(file, OPS));
  return parse(text, { customTags });
}

const ONE = composeOf("compose.yml");
const SEVERAL = composeOf("compose.several.yml");
const { sluice: SLUICE, prometheus: PROMETHEUS } = ONE.services;

Deno.test("compose builds the image of ops/Containerfile, read-only, and kills it later than its drain ends", () => {
  assert.ok(SLUICE?.build !== undefined);
  const context = new URL(`${SLUICE.build.context}/`, OPS);
  assert.equal(context.pathname, new URL("../dist/npm/sluice/", OPS).pathname);
  const containerfile = new URL(SLUICE.build.dockerfile, context);
  assert.ok(Deno.statSync(containerfile).isFile);
  assert.ok(SLUICE["read_only"]);
  const drainS = Number(SETTINGS.drainMs.fallback) / 1_000;
  assert.ok(Number.parseInt(SLUICE["stop_grace_period"] ?? "") >= drainS + 5);
});

Deno.test("every REST_ name in the compose files is a setting", () => {
  const known = new Set<string>(
    Object.values(SETTINGS).map(({ name }) => name),
  );
  for (const file of ["compose.yml", "compose.several.yml"]) {
    const text = Deno.readTextFileSync(new URL(file, OPS));
    const names = text.match(/\bREST_[A-Z_]+/g) ?? [];
    assert.deepEqual(names.filter((name) => !known.has(name)), [], file);
  }
});

Deno.test("whatever the compose files mount or depend on is there", () => {
  const services = { ...ONE.services, ...SEVERAL.services };
  const volumes = { ...ONE.volumes, ...SEVERAL.volumes };
  for (
    const { volumes: mounts = [], "depends_on": needed = [] } of Object.values(
      services,
    )
  ) {
    for (const mount of mounts) {
      const [source = ""] = mount.split(":");
      if (source.startsWith(".")) Deno.statSync(new URL(source, OPS));
      else assert.ok(Object.hasOwn(volumes, source), source);
    }
    for (const name of needed) {
      assert.ok(Object.hasOwn(services, name), name);
    }
  }
});

Deno.test("ports are open on this machine alone", () => {
  const ports = [ONE, SEVERAL].flatMap(({ services }) =>
    Object.values(services).flatMap(({ ports = [] }) => ports)
  );
  assert.ok(ports.length > 0);
  assert.deepEqual(ports.filter((port) => !port.startsWith("127.0.0.1:")), []);
});

Deno.test("Prometheus in compose asks the port that Sluice has its figures at, and has the rules that are tried", () => {
  const port = SLUICE?.environment?.["REST_METRICS_PORT"];
  const config = Deno.readTextFileSync(new URL("prometheus/compose.yml", OPS));
  const { "scrape_configs": jobs, "rule_files": files } = parse(config);
  assert.deepEqual(jobs[0]["static_configs"][0].targets, [
    `sluice:${port}`,
  ]);
  for (const file of files) {
    const mount = `./prometheus/${file}:/etc/prometheus/${file}:ro`;
    assert.ok(PROMETHEUS?.volumes?.includes(mount), mount);
  }
});

Deno.test("each of several proxies in compose has its own address for the others", () => {
  const urls = Object.values(SEVERAL.services)
    .flatMap(({ environment }) => environment?.["REST_PEER_URL"] ?? []);
  assert.ok(urls.length > 1);
  assert.equal(new Set(urls).size, urls.length);
  for (const name of ["sluice", "other"]) {
    assert.ok(urls.some((url) => new URL(url).hostname === name), name);
  }
});
