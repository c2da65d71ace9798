/** An upstream that answers when the test says so, and not before. */
export class GatedDiscord implements AsyncDisposable {
  /** Ends in `/api`: the value of a base URL. */
  readonly url: string;
  readonly #calls: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #gate = Promise.withResolvers<void>();
  #news = Promise.withResolvers<void>();

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/api`;
  }

  /** Everything that arrived, as `POST /api/v10/x {"a":1}`, oldest first. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  /** Settles once so many requests have arrived. */
  async arrived(count: number): Promise<void> {
    while (this.#calls.length < count) await this.#news.promise;
  }

  /** Lets all answers go, those to come as well. */
  open(): void {
    this.#gate.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = await request.text();
    const call = `${request.method} ${pathname} ${body}`.trimEnd();
    const number = this.#calls.push(call);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
    await this.#gate.promise;
    return Response.json({ id: String(number), call });
  }
}
