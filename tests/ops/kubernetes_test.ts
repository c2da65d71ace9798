import assert from "node:assert/strict";
import { SETTINGS } from "../../rest/config/settings.ts";
import {
  Deployment,
  parse,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  Service,
} from "./deps.ts";

const FOLDER = new URL("../../ops/kubernetes/", import.meta.url);
const MODELS = {
  Deployment,
  Service,
  PodDisruptionBudget,
  PersistentVolumeClaim,
};
const SETTING_NAMES = new Set<string>(
  Object.values(SETTINGS).map(({ name }) => name),
);

function textOf(file: string): string {
  return Deno.readTextFileSync(new URL(file, FOLDER));
}

interface Kustomization {
  readonly resources: readonly string[];
  readonly patches?: ReadonlyArray<{ readonly path: string }>;
}

const BASE: Kustomization = parse(textOf("base/kustomization.yaml"));
const SEVERAL: Kustomization = parse(textOf("several/kustomization.yaml"));
const DEPLOYMENT = parse(textOf("base/deployment.yaml"));
const POD = DEPLOYMENT.spec.template.spec;
const [CONTAINER] = POD.containers;
const PATCH = parse(textOf("several/deployment.yaml"));
const [PATCHED] = PATCH.spec.template.spec.containers;

Deno.test("Kubernetes takes every manifest of the base, and the kustomization names them all", () => {
  const files = [...Deno.readDirSync(new URL("base/", FOLDER))]
    .map(({ name }) => name)
    .filter((name) => name !== "kustomization.yaml");
  assert.deepEqual([...BASE.resources].sort(), files.sort());
  for (const file of files) {
    const manifest = parse(textOf(`base/${file}`));
    const kind: keyof typeof MODELS = manifest.kind;
    new MODELS[kind](manifest).validate();
  }
});

Deno.test("Kubernetes would refuse a manifest that misspells", () => {
  const { replicas: _, ...spec } = DEPLOYMENT.spec;
  const wrong = { ...DEPLOYMENT, spec: { ...spec, replicas: "one" } };
  assert.throws(() => new Deployment(wrong).validate(), /replicas/);
});

Deno.test("one proxy is gone before the next one comes, and is killed later than its drain ends", () => {
  assert.equal(DEPLOYMENT.spec.replicas, 1);
  assert.equal(DEPLOYMENT.spec.strategy.type, "Recreate");
  const { seconds } = CONTAINER.lifecycle.preStop.sleep;
  const drainS = Number(SETTINGS.drainMs.fallback) / 1_000;
  assert.ok(POD.terminationGracePeriodSeconds >= seconds + drainS + 5);
});

Deno.test("a proxy that drains is not ready and alive: neither probe is the other's path", () => {
  assert.equal(CONTAINER.livenessProbe.httpGet.path, "/healthz");
  assert.equal(CONTAINER.readinessProbe.httpGet.path, "/readyz");
});

Deno.test("ports, names and the volume are the same wherever they are named", () => {
  const ports = new Map<string, number>(
    CONTAINER.ports.map((
      { name, containerPort }: { name: string; containerPort: number },
    ) => [name, containerPort]),
  );
  const env = new Map<string, string>(
    CONTAINER.env.map(({ name, value }: { name: string; value: string }) => [
      name,
      value,
    ]),
  );
  assert.equal(env.get("REST_PORT"), `${ports.get("http")}`);
  assert.equal(env.get("REST_METRICS_PORT"), `${ports.get("metrics")}`);
  for (const probe of [CONTAINER.livenessProbe, CONTAINER.readinessProbe]) {
    assert.ok(ports.has(probe.httpGet.port));
  }
  for (const { targetPort } of parse(textOf("base/service.yaml")).spec.ports) {
    assert.ok(ports.has(targetPort), targetPort);
  }
  const [{ name, persistentVolumeClaim }] = POD.volumes;
  const [mount] = CONTAINER.volumeMounts;
  assert.deepEqual([mount.name, mount.mountPath], [name, "/var/lib/sluice"]);
  const claim = parse(textOf("base/journal.yaml")).metadata.name;
  assert.equal(persistentVolumeClaim.claimName, claim);
  const labels = DEPLOYMENT.spec.template.metadata.labels;
  for (const file of ["deployment", "disruption"]) {
    const { selector } = parse(textOf(`base/${file}.yaml`)).spec;
    assert.deepEqual(selector.matchLabels, labels);
  }
  assert.deepEqual(parse(textOf("base/service.yaml")).spec.selector, labels);
});

Deno.test("every name that the manifests set or ask for is a setting", () => {
  const own = [...CONTAINER.env, ...PATCHED.env]
    .map(({ name }: { name: string }) => name)
    .filter((name: string) => name !== "POD_IP");
  const asked = [
    ...["base", "several"].map((one) => textOf(`${one}/kustomization.yaml`)),
  ]
    .flatMap((text) => text.match(/\b(?:REST|DISCORD)_[A-Z_]+/g) ?? []);
  const unknown = [...own, ...asked].filter((name) => !SETTING_NAMES.has(name));
  assert.deepEqual(unknown, []);
});

Deno.test("several proxies change what the base has, under the names it has there", () => {
  assert.deepEqual(SEVERAL.resources, ["../base"]);
  for (const { path } of SEVERAL.patches ?? []) textOf(`several/${path}`);
  assert.equal(PATCH.metadata.name, DEPLOYMENT.metadata.name);
  assert.equal(PATCHED.name, CONTAINER.name);
  assert.ok(PATCH.spec.replicas > 1);
  assert.equal(
    PATCHED.volumeMounts[0].mountPath,
    CONTAINER.volumeMounts[0].mountPath,
  );
  assert.equal(PATCH.spec.template.spec.volumes[0].name, POD.volumes[0].name);
  const gone = parse(textOf("several/no_journal.yaml"));
  assert.equal(
    gone.metadata.name,
    parse(textOf("base/journal.yaml")).metadata.name,
  );
  const { value } = PATCHED.env.find(({ name }: { name: string }) =>
    name === "REST_PEER_URL"
  );
  assert.ok(value.endsWith(`:${PATCHED.ports[0].containerPort}`));
});

function hasKubectl(): boolean {
  try {
    return new Deno.Command("kubectl", {
      args: ["version", "--client"],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "kustomize makes manifests that Kubernetes takes, of one proxy and of several",
  ignore: !hasKubectl(),
  fn() {
    const kindsOf = (folder: string) => {
      const { success, stdout, stderr } = new Deno.Command("kubectl", {
        args: ["kustomize", new URL(folder, FOLDER).pathname],
      }).outputSync();
      const decoder = new TextDecoder();
      assert.ok(success, decoder.decode(stderr));
      return decoder.decode(stdout).split("\n---\n").map((text) => {
        const manifest = parse(text);
        const kind: keyof typeof MODELS = manifest.kind;
        new MODELS[kind](manifest).validate();
        return kind;
      }).sort();
    };
    const several = ["Deployment", "PodDisruptionBudget", "Service"];
    assert.deepEqual(kindsOf("several"), several);
    assert.deepEqual(kindsOf("base"), [
      "Deployment",
      "PersistentVolumeClaim",
      "PodDisruptionBudget",
      "Service",
    ]);
  },
});
