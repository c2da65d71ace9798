/** Plain connections that close before their answers came, over real sockets. */
import assert from "node:assert/strict";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { GatedDiscord } from "./_gated_discord.ts";

const MESSAGE = {
  target: "/v10/channels/9/messages",
  method: "ACTION",
  data: { content: "hi" },
};

/** What a REPLY says that these tests look at. */
interface Reply {
  readonly req: number;
  readonly data: { readonly status: number; readonly data: { id: string } };
}

/** A plain connection of a client that names itself. */
class PlainConnection {
  readonly #socket: WebSocket;
  readonly #opened: Promise<unknown>;
  readonly #closed: Promise<unknown>;
  readonly #replies = new Map<number, PromiseWithResolvers<Reply>>();

  constructor(url: string, client: string) {
    const socket = new WebSocket(`${url.replace("http", "ws")}/rep`);
    this.#socket = socket;
    this.#opened = new Promise((done) => socket.onopen = done);
    this.#closed = new Promise((done) => socket.onclose = done);
    socket.onmessage = ({ data }) => {
      const reply: Reply = JSON.parse(data);
      this.#replyTo(reply.req).resolve(reply);
    };
    const data = { token: KEY, client };
    this.say({ target: "/_rep/auth", method: "ACTION", data, req: 0 });
  }

  async say(frame: object): Promise<void> {
    await this.#opened;
    this.#socket.send(JSON.stringify(frame));
  }

  /** The id that Discord gave what was asked for. */
  async idFor(req: number): Promise<string> {
    const { data } = await this.#replyTo(req).promise;
    assert.equal(data.status, 200);
    return data.data.id;
  }

  async close(): Promise<void> {
    await this.#opened;
    this.#socket.close();
    await this.#closed;
  }

  #replyTo(req: number): PromiseWithResolvers<Reply> {
    const reply = this.#replies.get(req) ?? Promise.withResolvers<Reply>();
    this.#replies.set(req, reply);
    return reply;
  }
}

/** Settles when the proxy knows that every connection is closed. */
async function noneOpen({ url }: TestProxy): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/metrics`, {
      headers: { authorization: KEY },
    });
    if ((await response.text()).includes("sluice_rep_connections 0\n")) return;
  }
}

for (const [client, ids] of [["bot", ["1"]], ["other", ["1", "2"]]] as const) {
  Deno.test(
    `C52: a write whose plain connection was closed is ${
      client === "bot" ? "" : "not "
    }handed to an equal one of the client ${client}`,
    async () => {
      await using discord = new GatedDiscord();
      await using proxy = await startTestProxy({
        env: { REST_UPSTREAM: discord.url },
      });
      const first = new PlainConnection(proxy.url, "bot");
      first.say({ ...MESSAGE, req: 1 });
      await discord.arrived(1);
      await first.close();
      await noneOpen(proxy);
      const second = new PlainConnection(proxy.url, client);
      second.say({ ...MESSAGE, req: 2 });
      discord.open();
      assert.equal(await second.idFor(2), ids.at(-1));
      assert.equal(discord.calls.length, ids.length);
      await second.close();
    },
  );
}

Deno.test("C52: a write whose plain connection was closed is handed to an equal one over HTTP, once", async () => {
  await using discord = new GatedDiscord();
  await using proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url },
  });
  const first = new PlainConnection(proxy.url, "bot");
  first.say({ ...MESSAGE, req: 1 });
  await discord.arrived(1);
  await first.close();
  await noneOpen(proxy);
  discord.open();
  const ids = [];
  for (let n = 0; n < 2; n++) {
    const response = await fetch(`${proxy.url}/api/v10/channels/9/messages`, {
      method: "POST",
      headers: {
        "authorization": KEY,
        "x-rest-client": "bot",
        "content-type": "application/json",
      },
      body: JSON.stringify(MESSAGE.data),
    });
    ids.push((await response.json()).id);
  }
  assert.deepEqual(ids, ["1", "2"]);
});

Deno.test("C33: equal frames of a plain connection that stays open are each executed, under one req too", async () => {
  await using discord = new GatedDiscord();
  await using proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url },
  });
  const connection = new PlainConnection(proxy.url, "bot");
  for (const req of [1, 2, 2]) connection.say({ ...MESSAGE, req });
  discord.open();
  assert.deepEqual(
    [await connection.idFor(1), await connection.idFor(2)],
    ["1", "2"],
  );
  await discord.arrived(3);
  await connection.close();
});
