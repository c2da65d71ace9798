import assert from "node:assert/strict";

/** The key of every proxy of these tests. */
export const KEY = "key-of-the-start-tests";

/** A caller with the key, and a token of its own. */
export const HEADERS = {
  "authorization": "Bot MTIzNDU2Nzg5MDEyMzQ1Njc4.a.b",
  "x-rest-authorization": KEY,
};

/** An upstream that answers nothing until it is released. */
export interface HeldUpstream extends AsyncDisposable {
  /** Settings of a proxy before it. */
  readonly env: Readonly<Record<string, string>>;
  /** Settles when a request is here; an answer before that fails the test. */
  reachedBy(call: Promise<Response>): Promise<void>;
  release(): void;
}

export function startHeldUpstream(): HeldUpstream {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      await request.body?.cancel();
      reached.resolve();
      await released.promise;
      return Response.json({ id: "1" });
    },
  );
  return {
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_UPSTREAM: `http://127.0.0.1:${server.addr.port}/api`,
    },
    reachedBy: (call) =>
      Promise.race([
        reached.promise,
        call.then((early) => assert.fail(`answered ${early.status} at once`)),
      ]),
    release: () => released.resolve(),
    async [Symbol.asyncDispose]() {
      released.resolve();
      await server.shutdown();
    },
  };
}
