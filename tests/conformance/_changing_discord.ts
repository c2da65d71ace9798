import type { Random } from "../../sim/model/random.ts";

/** An upstream with a memory: messages are added, roles and topics replaced, some answers are slow, some POSTs fail undone. */
export class ChangingDiscord implements AsyncDisposable {
  /** Ends in `/api`: the value of a base URL. */
  readonly url: string;
  /** How often each message was made, by path and content. */
  readonly messages = new Map<string, number>();
  /** The present value of everything that can be replaced, by path. */
  readonly values = new Map<string, string>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
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
    const { pathname } = new URL(request.url);
    const body = await request.text();
    const isFailing = request.method === "POST" && this.#random() < 0.1;
    if (!isFailing) this.#execute(request.method, pathname, body);
    const isSlow = this.#random() < 0.3;
    const waitMs = isSlow
      ? 300 + this.#random() * 300
      : 5 + this.#random() * 40;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (isFailing) return Response.json({ code: 0 }, { status: 500 });
    return Response.json({ id: "1" });
  }

  #execute(method: string, path: string, body: string): void {
    if (method === "POST") {
      const name = `${path} ${body}`;
      this.messages.set(name, (this.messages.get(name) ?? 0) + 1);
    } else {this.values.set(
        path,
        method === "DELETE" ? "" : `${method} ${body}`,
      );}
  }
}
