/** @discordjs/proxy as its container runs it. */
import { createServer, proxyRequests, REST } from "../deps.ts";
import type { PeerOptions } from "./_serve.ts";

const { upstream, globalLimit }: PeerOptions = JSON.parse(Deno.args[0] ?? "{}");

const rest = new REST({
  api: upstream,
  version: "10",
  globalRequestsPerSecond: globalLimit,
  // The container's own two options.
  rejectOnRateLimit: () => true,
  retries: 0,
});
const server = createServer(proxyRequests(rest));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  // The line the bench waits for.
  // deno-lint-ignore no-console
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});
