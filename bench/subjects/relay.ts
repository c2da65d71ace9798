/**
 * The least a proxy can do: check the key, filter headers, hold the body, send
 * it with the same upstream client as ours. No limits, no queue, no order. Where
 * it is told a journal, it writes each request down before it sends it.
 */
import { createHttpServer, type IncomingMessage, Pool } from "../../deps.ts";
import { openBareJournal } from "./_bare_journal.ts";
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
const journal = options.journalPath === undefined
  ? undefined
  : openBareJournal(options.journalPath);
const pool = new Pool(upstream.origin, {
  connections: 256,
  pipelining: 1,
  allowH2: false,
  headersTimeout: 0,
  bodyTimeout: 0,
});

const server = createHttpServer(async (request, response) => {
  if (request.headers.authorization !== options.key) {
    response.writeHead(401).end();
    return;
  }
  const body = await bodyOf(request);
  const slot = journal?.put(request.url ?? "/", body);
  const answer = await pool.request({
    method: request.method as "GET",
    path: request.url ?? "/",
    headers: [
      ...crossing(request.rawHeaders),
      "authorization",
      `Bot ${options.token}`,
    ],
    body,
  });
  const headers: string[] = [];
  for (const [name, value] of Object.entries(answer.headers)) {
    if (STAYS.has(name) || value === undefined) continue;
    for (const one of [value].flat()) headers.push(name, one);
  }
  const bytes = new Uint8Array(await answer.body.arrayBuffer());
  if (slot !== undefined) journal?.free(slot);
  headers.push("content-length", String(bytes.length));
  response.writeHead(answer.statusCode, headers);
  response.end(bytes);
});

// As in the proxy: a timer for each request took a third of a bare server's work.
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  // The line the bench waits for.
  // deno-lint-ignore no-console
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});

function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("error", reject);
    request.on("end", () => {
      const [first, ...more] = chunks;
      if (first === undefined) return resolve(null);
      resolve(more.length === 0 ? first : concat(chunks));
    });
  });
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    chunks.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function crossing(raw: readonly string[]): string[] {
  const headers: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    if (!STAYS.has(name.toLowerCase())) headers.push(name, raw[at + 1] ?? "");
  }
  return headers;
}
