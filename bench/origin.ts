/**
 * The cheapest upstream there is: every request gets the same answer, dressed
 * like Discord's, with a limit that never binds. One JSON argument, `{ tls? }`.
 */
const { tls } = JSON.parse(Deno.args[0] ?? "{}") as {
  readonly tls?: { readonly cert: string; readonly key: string };
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** As large as a short message comes back from Discord. */
const BODY = JSON.stringify({
  id: "1200000000000000000",
  content: "x".repeat(400),
  attachments: [],
  embeds: [],
});

const HEAD_END = encoder.encode("\r\n\r\n");

const hostname = "127.0.0.1";
const listener = tls === undefined
  ? Deno.listen({ hostname, port: 0 })
  : Deno.listenTls({ hostname, port: 0, ...tls });

const scheme = tls === undefined ? "http" : "https";
// The line the bench waits for.
// deno-lint-ignore no-console
console.log(`${scheme}://${hostname}:${listener.addr.port}/api`);

let madeAtMs = -Infinity;
let made = new Uint8Array();

for await (const connection of listener) void serve(connection);

async function serve(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let filled = 0;
  try {
    while (true) {
      const count = await connection.read(buffer.subarray(filled));
      if (count === null) break;
      filled += count;
      const end = requestEnd(buffer.subarray(0, filled));
      if (end === undefined || filled < end) continue;
      buffer.copyWithin(0, end, filled);
      filled -= end;
      await connection.write(answer());
    }
    connection.close();
  } catch {
    // The caller disconnected; nothing here depends on it.
  }
}

/** Where the first request in `bytes` ends; undefined until its head is whole. */
function requestEnd(bytes: Uint8Array): number | undefined {
  const end = headEndIn(bytes);
  if (end === undefined) return undefined;
  const head = decoder.decode(bytes.subarray(0, end)).toLowerCase();
  return end + Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
}

function headEndIn(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(13); at >= 0; at = bytes.indexOf(13, at + 1)) {
    if (HEAD_END.every((byte, offset) => bytes[at + offset] === byte)) {
      return at + HEAD_END.length;
    }
  }
  return undefined;
}

/** Made anew each millisecond, as exactly as Reset counts: an older one would contradict the clock of every other answer. */
function answer(): Uint8Array {
  const nowMs = Date.now();
  if (nowMs === madeAtMs) return made;
  madeAtMs = nowMs;
  const head = [
    "HTTP/1.1 200 OK",
    `date: ${new Date(nowMs).toUTCString()}`,
    "content-type: application/json",
    `content-length: ${BODY.length}`,
    "via: 1.1 google",
    "server: cloudflare",
    "cf-cache-status: DYNAMIC",
    "x-ratelimit-bucket: 0123456789abcdef0123456789abcdef",
    "x-ratelimit-limit: 1000000",
    "x-ratelimit-remaining: 999999",
    `x-ratelimit-reset: ${((nowMs + 1_000) / 1_000).toFixed(3)}`,
    "x-ratelimit-reset-after: 1.000",
  ];
  made = encoder.encode(`${head.join("\r\n")}\r\n\r\n${BODY}`);
  return made;
}
