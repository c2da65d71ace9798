/** What rows say of requests whose targets hold tokens, where nothing is encrypted. */
import assert from "node:assert/strict";
import type { FrameGuarantee } from "../../rest/domain/entry.ts";
import { driverBench, entryOf, SESSION } from "./_driver.ts";

const DECODER = new TextDecoder();

/** The ways in which a frame may spell one target. */
const TARGETS = [
  "/webhooks/1/a-secret?wait=true",
  "webhooks/1/a-secret",
  "/api/v10/webhooks/1/a-secret/messages/@original",
  "https://discord.com/api/Webhooks/1/a-secret",
  "/interactions/1/a-secret/callback",
];

for (const target of TARGETS) {
  const texts = [JSON.stringify(target), `"${target.replaceAll("/", "\\/")}"`];
  for (const targetText of texts) {
    Deno.test(`no row of a frame for ${targetText} shows its token, nor that of its REPLY`, async () => {
      const frame = {
        session: SESSION.name,
        reqKey: "s1",
        reqText: '"1"',
        verb: "ACTION",
        targetText,
        wantsHeaders: false,
      } satisfies FrameGuarantee;
      const bench = driverBench({ writes: "all" });
      const entry = entryOf("POST", {
        path: "/webhooks/1/a-secret",
        guarantee: { owner: SESSION.owner, fingerprint: "f", frame },
      });
      const reply = {
        seq: 1,
        ...frame,
        status: 200,
        headersText: undefined,
        bodyText: '{"id":"a-secret"}',
        atWallMs: 1,
      };
      bench.driver.accepted(entry);
      await bench.endTurn();
      bench.driver.replied({ ...SESSION, seq: 1 }, reply, entry.entryId);
      bench.driver.replied({ ...SESSION, seq: 2 }, { ...reply, seq: 2 }, "x");
      await bench.endTurn();
      assert.equal(bench.rows().length, 2);
      for (const { head, body, outcome } of bench.rows()) {
        const bytes = [body, outcome?.body].map((one) => DECODER.decode(one));
        const all = [head, outcome?.head ?? "", ...bytes].join(" ");
        assert.doesNotMatch(all, /secret/);
        assert.match(all, /webhooks|interactions/i);
      }
    });
  }
}
