/**
 * Programs for Node, kept as text: what they import exists only in the project
 * they are written into, so the checker here could not follow them.
 */
export const NODE_PROGRAMS: Readonly<Record<string, string>> = {
  "cut.mjs":
    `// Fifty messages over a wire that is cut meanwhile; prints what came back.
import { RepClient } from "sluice-client";
import WebSocket from "ws";

const client = new RepClient(process.argv[2], {
  token: "key",
  retryWaitMs: () => 1,
  webSocket: (url, { protocols, headers }) =>
    new WebSocket(url, protocols, { headers }),
});
const bytes = new Uint8Array(100_000);
const replies = await Promise.all(
  Array.from({ length: 50 }, (_, n) =>
    client.action("/channels/9/messages", {
      data: { content: \`message \${n}\` },
      files: n % 10 === 0 ? [{ name: "a.bin", bytes }] : [],
    })),
);
console.log(
  JSON.stringify(replies.map(({ content, files }) => [content, files])),
);
await client.close();
`,

  "reference.mjs":
    `// The protocol's reference server, asked in plain mode; prints what it said.
import reference from "rest-exchange-protocol";
import { RepClient } from "sluice-client";
import WebSocket from "ws";

const server = new reference.REPServer({ port: 0 });
server.get("/users/:id", ({ params, query }) => ({ id: params.id, query }));
server.get("/nothing", () => undefined);
server.create("/echo", ({ data }) => data);
server.update("/echo", ({ data }) => data);
server.action("/echo", ({ data }) => data);
server.delete("/gone", () => {
  throw new reference.WebError("Nope", 403);
});
await server.start();
const { port } = server.httpServer.server.address();

const client = new RepClient(\`ws://127.0.0.1:\${port}/\`, {
  ext: false,
  session: false,
  webSocket: (url, { protocols }) => new WebSocket(url, protocols),
});
const failureOf = (promise) =>
  promise.catch(({ name, status, error }) => [name, status, error]);
const said = await Promise.all([
  client.get("/users/5?a=1"),
  client.get("/nothing"),
  client.create("/echo", { data: [1] }),
  client.update("/echo", { data: "2" }),
  client.action("/echo", { data: { three: 3 } }),
  failureOf(client.delete("/gone")),
  failureOf(client.get("/nowhere")),
]);
console.log(JSON.stringify(said));
await client.close();
server.stop();
`,

  "idle.mjs":
    `// A lazy client that was asked nothing: the process must end by itself.
import { RepClient } from "sluice-client";
import WebSocket from "ws";

const client = new RepClient("ws://127.0.0.1:1/", {
  lazy: true,
  webSocket: (url, { protocols }) => new WebSocket(url, protocols),
});
console.log(client.state);
`,

  "typed.ts": `// Never run: compiled against the package's declarations.
import { RepClient, RepError, type Socket } from "sluice-client";
import { overRep } from "sluice-client/discordeno";

export async function use(socket: Socket): Promise<string> {
  const client = new RepClient(() => Promise.resolve("ws://proxy/rep"), {
    token: () => "key",
    session: "shard-0",
    webSocket: () => socket,
  });
  const off = client.on("close", (code, reason, willReconnect) => {
    const told: [number, string, boolean] = [code, reason, willReconnect];
    return told;
  });
  off();
  const user = await client.get<{ id: string }>("/users/@me");
  const raw = await client.request<{ id: string }>("PATCH", "/x", {
    raw: true,
  });
  const status: number = raw.status;
  for await (const { req } of client.missed) {
    if (req === status) break;
  }
  await client.close({ drainMs: 1 }).catch((error) => {
    if (error instanceof RepError) throw error;
  });
  return user.id + String(overRep.length);
}
`,

  "typed_sockets.ts":
    `// Never run: the platform's own class and npm's \`ws\` both fit without a cast.
import { RepClient } from "sluice-client";
import Ws from "ws";

export const clients = [
  new RepClient("ws://proxy/rep", {
    webSocket: (url, { protocols }) => new WebSocket(url, protocols),
  }),
  new RepClient("ws://proxy/rep", {
    webSocket: (url, { protocols, headers }) =>
      new Ws(url, protocols, { headers }),
  }),
];

export const answer = clients[0]?.get("/x", {
  signal: AbortSignal.timeout(1_000),
});
`,

  "without.mjs": `// Node 22 has a WebSocket, Node 20 has none.
delete globalThis.WebSocket;
const { RepClient } = await import("sluice-client");
try {
  new RepClient("ws://proxy/rep");
} catch (error) {
  console.log(String(error));
}
`,
};
