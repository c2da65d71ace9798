/** The options that `bench/subjects.ts` gives to a subject. */
export interface PeerOptions {
  readonly upstream: string;
  readonly globalLimit: number;
  readonly key: string;
  readonly token: string;
  /** The relay only: writes requests down there, in the barest way. */
  readonly journalPath?: string;
}

/** A request without its transport: what a stock client's own method takes. */
export interface PeerRequest {
  readonly method: string;
  /** Below the API version. */
  readonly route: string;
  readonly body: string | undefined;
  readonly isInteraction: boolean;
}

/** A stock client behind a listener that checks the key and nothing else. */
export function servePeer(
  createSend: (
    options: PeerOptions,
  ) => (request: PeerRequest) => Promise<Response>,
): void {
  const options: PeerOptions = JSON.parse(Deno.args[0] ?? "{}");
  const send = createSend(options);
  Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen({ hostname, port }) {
      // The line the bench waits for.
      // deno-lint-ignore no-console
      console.log(JSON.stringify({ url: `http://${hostname}:${port}` }));
    },
  }, async (request) => {
    if (request.headers.get("authorization") !== options.key) {
      return new Response(null, { status: 401 });
    }
    const route = new URL(request.url).pathname.replace(/^\/api\/v\d+/, "");
    const text = await request.text();
    return await send({
      method: request.method,
      route,
      body: text === "" ? undefined : text,
      isInteraction: route.startsWith("/interactions/"),
    });
  });
}
