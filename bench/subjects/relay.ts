/**
 * The least a proxy can do: check the key, filter headers, hold the body, send
 * it with the same upstream client as ours. No limits, no queue, no order.
 */
import { Pool } from "../../deps.ts";
import type { PeerOptions } from "./_serve.ts";

/** Headers of one connection, of this proxy, or made anew by the client. */
const STAYS = new Set([
  "authorization",
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const options: PeerOptions = JSON.parse(Deno.args[0] ?? "{}");
const upstream = new URL(options.upstream);
const pool = new Pool(upstream.origin, {
  connections: 256,
  pipelining: 1,
  allowH2: false,
  headersTimeout: 0,
  bodyTimeout: 0,
});

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen({ hostname, port }) {
    // The line the bench waits for.
    // deno-lint-ignore no-console
    console.log(JSON.stringify({ url: `http://${hostname}:${port}` }));
  },
}, relay);

async function relay(request: Request): Promise<Response> {
  if (request.headers.get("authorization") !== options.key) {
    return new Response(null, { status: 401 });
  }
  const { pathname, search } = new URL(request.url);
  const body = await request.bytes();
  const answer = await pool.request({
    method: request.method as "GET",
    path: pathname + search,
    headers: [...crossing(request.headers), "authorization", options.token],
    body: body.length === 0 ? null : body,
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (STAYS.has(name) || value === undefined) continue;
    for (const one of [value].flat()) headers.append(name, one);
  }
  const bytes = await answer.body.arrayBuffer();
  return new Response(bytes, { status: answer.statusCode, headers });
}

function crossing(headers: Headers): string[] {
  return [...headers].filter(([name]) => !STAYS.has(name)).flat();
}
