/** Restarts behind a socket that a parent holds, under load, seen by callers that never try twice. */
import assert from "node:assert/strict";
import { callSteadily, postInOrder } from "./_callers.ts";
import { hasPython, startProcesses } from "./_held_socket.ts";

const RESTARTS = 3;

/** Discord, which writes down what came to each channel in which order. */
class WritingDiscord implements AsyncDisposable {
  readonly url: string;
  readonly messages = new Map<string, number[]>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/api`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { content } = await request.json();
    const { pathname } = new URL(request.url);
    const there = this.messages.get(pathname) ?? [];
    this.messages.set(pathname, [...there, Number(content.split(" ").at(-1))]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return Response.json({ id: "1" });
  }
}

Deno.test({
  name:
    "a caller with one call every 50 ms and no retries does not notice three restarts under load, nor do the callers of eight busy channels, whose order holds",
  ignore: !hasPython(),
  async fn() {
    await using discord = new WritingDiscord();
    await using processes = await startProcesses(discord.url);
    const { address } = processes;
    const over = new AbortController();
    const callers = [
      callSteadily(address, over.signal),
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((channel) =>
        postInOrder(address, channel, over.signal)
      ),
    ];
    for (let count = 0; count < RESTARTS; count++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await processes.restart();
    }
    over.abort();
    const outcomes = (await Promise.all(callers)).flat();
    const failures = outcomes.filter((outcome) => outcome !== "answered");
    assert.deepEqual(failures, []);
    assert.ok(outcomes.length >= 100, `${outcomes.length} calls`);
    for (const [channel, came] of discord.messages) {
      const inOrder = Array.from(came, (_, at) => came[0] === 1 ? at + 1 : NaN);
      if (came.length > 1) assert.deepEqual(came, inOrder, channel);
    }
  },
});
