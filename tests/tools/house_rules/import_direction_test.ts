import assert from "node:assert/strict";
import { breachesOf } from "./_breaches.ts";

const BREACHES: ReadonlyArray<[place: string, source: string, says: string]> = [
  [
    "rest/scheduler/decide.ts",
    `import { x } from "../listener/transport/listen.ts";`,
    "rest/scheduler must not import rest/listener",
  ],
  [
    "rest/scheduler/decide.ts",
    `import type { X } from "../dispatcher/job.ts";`,
    "rest/scheduler must not import rest/dispatcher",
  ],
  [
    "rest/domain/answer.ts",
    `export { x } from "../routes/route_of.ts";`,
    "rest/domain must not import rest/routes",
  ],
  [
    "rest/routes/route_of.ts",
    `export * from "../config/settings.ts";`,
    "rest/routes must not import rest/config",
  ],
  [
    "rest/dispatcher/poll_loop.ts",
    `await import("../upstream/send.ts");`,
    "rest/dispatcher must not import rest/upstream",
  ],
  [
    "rest/metrics/page.ts",
    `type S = import("../scheduler/scheduler.ts").Machine;`,
    "rest/metrics must not import rest/scheduler",
  ],
  [
    "rest/scheduler/decide.ts",
    `import { x } from "../../deps.ts";`,
    "rest/scheduler must not import deps.ts",
  ],
  [
    "rest/proxy.ts",
    `import { loadSettings } from "../configs.ts";`,
    "rest/proxy.ts must not import configs.ts",
  ],
  [
    "rest/listener/transport/listen.ts",
    `import { loadSettings } from "../../../configs.ts";`,
    "rest/listener must not import configs.ts",
  ],
  [
    "rest/proxy.ts",
    `import "./mod.ts";`,
    "rest/proxy.ts must not import rest/mod.ts",
  ],
  [
    "sim/model/model.ts",
    `import type { X } from "../../rest/domain/answer.ts";`,
    "sim must not import rest/domain",
  ],
  [
    "sim/server.ts",
    `import { x } from "../client/frames.ts";`,
    "sim must not import client",
  ],
  [
    "client/rep_client.ts",
    `import type { X } from "../rest/rep/frame.ts";`,
    "client must not import rest/rep",
  ],
  [
    "client/rep_client.ts",
    `import { x } from "../deps.ts";`,
    "client must not import deps.ts",
  ],
  [
    "client/wire/connection.ts",
    `import type { X } from "../session/session.ts";`,
    "client/wire must not import client/session",
  ],
  [
    "bench/run.ts",
    `import { x } from "../tests/dispatcher/_builders.ts";`,
    "bench must not import tests",
  ],
  [
    "rest/shed/tool.ts",
    `export const tool = 1;`,
    "rest/shed/tool.ts stands in no known module",
  ],
  [
    "rest/proxy.ts",
    `await import(name);`,
    "Cannot tell what a computed import reaches",
  ],
];

const CLEAN: ReadonlyArray<[place: string, source: string]> = [
  ["rest/scheduler/decide.ts", `import { x } from "./lines.ts";`],
  ["rest/scheduler/decide.ts", `import { x } from "../domain/answer.ts";`],
  ["rest/scheduler/decide.ts", `import { x } from "../collections/deque.ts";`],
  [
    "rest/dispatcher/poll_loop.ts",
    `import { x } from "../routes/route_of.ts";`,
  ],
  ["rest/listener/http/handler.ts", `import { x } from "../../routes/a.ts";`],
  ["rest/rep/frames/frame.ts", `import { x } from "../routes/route_of.ts";`],
  ["rest/metrics/page.ts", `import type { X } from "../scheduler/types.ts";`],
  ["rest/upstream/send.ts", `import { x } from "../../deps.ts";`],
  ["rest/proxy.ts", `import { x } from "./scheduler/scheduler.ts";`],
  ["rest/mod.ts", `import { loadSettings } from "../configs.ts";`],
  ["rest/serve.ts", `import { loadSettings } from "../configs.ts";`],
  ["sim/server.ts", `import { x } from "./deps.ts";`],
  ["client/rep_client.ts", `import { x } from "./session/session.ts";`],
  ["client/wire/connection.ts", `import { x } from "./heartbeat.ts";`],
  ["client/session/session.ts", `import { x } from "../wire/auth.ts";`],
  ["tests/sim/server_test.ts", `import { x } from "../../sim/server.ts";`],
];

Deno.test("import-direction reports every arrow that points outward", () => {
  for (const [place, source, says] of BREACHES) {
    assert.deepEqual(breachesOf("import-direction", place, source), [says]);
  }
});

Deno.test("import-direction lets inward arrows pass", () => {
  for (const [place, source] of CLEAN) {
    const found = breachesOf("import-direction", place, source);
    assert.deepEqual(found, [], `${place}: ${source}`);
  }
});
