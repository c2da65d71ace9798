import assert from "node:assert/strict";
import { headerOf } from "../../sim/model/request.ts";
import type { ReceivedRequest } from "../../sim/server.ts";
import { hasNode } from "./_packages.ts";
import { TOKEN } from "./_places.ts";
import type { ClientResult } from "./_result.ts";
import { type Tour, tour } from "./_tour.ts";
import results from "./results.json" with { type: "json" };

/** Paths that carry a webhook or interaction token; Discord wants no other there. */
const TOKEN_PATH = /\/(?:webhooks|interactions)\//;

Deno.test({
  name: "client libraries as they are come through the proxy",
  // They live in Node; a machine without it cannot try them.
  ignore: !hasNode(),
  async fn(t) {
    await using found = await tour();
    for (const result of found.results) {
      const { library, version } = result;
      await t.step(`${library} ${version} does what results.json tells`, () => {
        // Else run `deno run -A tests/clients/update.ts`, and look at the change.
        assert.deepEqual(result, toldOf(result));
      });
      await t.step(`${library} ${version} gets every call answered`, () => {
        const { read, message, edit, reaction, deletion, webhook } = result;
        assert.deepEqual(
          { read, message, edit, reaction, deletion, webhook },
          {
            read: "yes",
            message: "yes",
            edit: "yes",
            reaction: "yes",
            deletion: "yes",
            webhook: "yes",
          },
        );
        assert.equal(result.burst.answered, 30);
        assert.equal(result.burst.seen429, 0);
        assert.equal(result.timeout?.messagesArrived ?? 1, 1);
      });
    }
    await t.step("no simulated Discord had to say 429", () => {
      for (const { sim } of found.places) {
        const { limited } = sim.audit.report();
        assert.deepEqual(limited, {
          user: 0,
          global: 0,
          shared: 0,
          cloudflare: 0,
        });
      }
    });
    await t.step(
      "the bot's token goes upstream, except where the path has one",
      () => {
        for (const request of arrivedAt(found)) {
          const wanted = TOKEN_PATH.test(request.target)
            ? undefined
            : `Bot ${TOKEN}`;
          assert.equal(headerOf(request.headers, "authorization"), wanted);
        }
      },
    );
    await t.step(
      "whatever a library calls itself, Discord sees a DiscordBot",
      () => {
        for (const request of arrivedAt(found)) {
          assert.match(
            headerOf(request.headers, "user-agent") ?? "",
            /^DiscordBot /,
          );
        }
      },
    );
  },
});

function toldOf({ library, version }: ClientResult): unknown {
  return (results as ClientResult[]).find((told) =>
    told.library === library && told.version === version
  );
}

function arrivedAt({ places }: Tour): ReceivedRequest[] {
  return places.flatMap(({ sim }) => [...sim.requests()]);
}
