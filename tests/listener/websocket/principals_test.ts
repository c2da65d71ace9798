import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../../rest/clock/system_clock.ts";
import { openAccess } from "../../../rest/access.ts";
import { Secret } from "../../../rest/domain/secret.ts";
import { principalOf } from "../../../rest/listener/websocket/principals.ts";
import { KEY, settingsOf, TOKEN } from "../../_proxy.ts";
import { Conversation } from "../../rep/_conversation.ts";

const OTHER_TOKEN = `${btoa("876543210987654321")}.tests0.${
  "not-a-real-token-of-anyone".padEnd(27, "x")
}`;

/** Whom a connection with the one key speaks for. */
function principalWith(botId: string | null) {
  const { authorizer } = openAccess(settingsOf(), {
    clock: SYSTEM_CLOCK,
    access: {
      bots: [
        { name: "main", token: new Secret(TOKEN) },
        { name: "other", token: new Secret(OTHER_TOKEN) },
      ],
      keys: [],
    },
  });
  const evidence = {
    authorization: KEY,
    restAuthorization: null,
    pathKey: undefined,
    botId,
    address: "127.0.0.1",
  };
  const principal = principalOf(authorizer, evidence, "shard");
  assert.ok(principal !== undefined);
  return principal;
}

Deno.test("B1: the same session name of one key for two bots is two sessions, for one bot one", () => {
  const talk = new Conversation();
  const sessionOf = (botId: string | null) => {
    const { machine, moment } = talk;
    const { id } = machine.open({
      principal: principalWith(botId),
      hasOptedIn: true,
      origins: [],
      authorize: () => undefined,
    }, moment);
    const frame = {
      target: "/_rep/auth",
      method: "ACTION",
      data: { session: "shard" },
      req: 1,
    };
    const actions = machine.receive(id, JSON.stringify(frame), moment);
    const [said] = actions.flatMap((action) =>
      action.kind === "send" ? [JSON.parse(action.text)] : []
    );
    return said.data.data.resumed;
  };
  assert.deepEqual(
    ["main", "other", null, "main"].map(sessionOf),
    [false, false, true, true],
  );
  assert.equal(talk.store.size, 2);
});
