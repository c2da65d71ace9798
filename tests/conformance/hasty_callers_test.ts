/** Callers that write and close at once: what they asked for is done, and nothing waits for them. */
import assert from "node:assert/strict";
import { KEY, startTestProxy } from "../_proxy.ts";
import { ChangingDiscord } from "./_changing_discord.ts";

const CALLERS = 200;

Deno.test("a POST that is here whole is sent, though its caller closed the connection behind its last byte", async () => {
  const discord = new ChangingDiscord(() => 0.5);
  const proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url, REST_GLOBAL_LIMIT: "10000" },
  });
  try {
    await Promise.all(Array.from({ length: CALLERS }, async (_, index) => {
      const body = JSON.stringify({ content: `${index}` });
      const head = [
        `POST /api/v10/channels/${index}/messages HTTP/1.1`,
        "Host: x",
        `Authorization: ${KEY}`,
        "Content-Type: application/json",
        `Content-Length: ${body.length}`,
        "",
        "",
      ].join("\r\n");
      const socket = await Deno.connect({ port: proxy.port });
      const bytes = new TextEncoder().encode(head + body);
      // Cut anywhere, so that head and end of the body come in any company.
      const cut = index % bytes.length;
      if (cut > 0) await socket.write(bytes.subarray(0, cut));
      await socket.write(bytes.subarray(cut));
      socket.close();
    }));
    while (discord.messages.size < CALLERS) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } finally {
    await proxy[Symbol.asyncDispose]();
    await discord[Symbol.asyncDispose]();
  }
  assert.equal(discord.messages.size, CALLERS);
});
