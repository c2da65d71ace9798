// deno-lint-ignore-file no-console -- A program says what it does.
/**
 * A worker that talks to Sluice over one WebSocket: requests side by side, each
 * with a promise, and a session that outlives the connection.
 *
 *     REST_AUTHORIZATION=… deno run --allow-net --allow-env examples/rep_client.ts <channel>
 */
import { RepClient, RepError } from "../client/mod.ts";

const url = Deno.env.get("SLUICE_URL") ?? "http://127.0.0.1:8000";
const [channel = "0"] = Deno.args;

const client = new RepClient(`${url.replace("http", "ws")}/rep`, {
  token: Deno.env.get("REST_AUTHORIZATION") ?? "",
  // Who comes back under this name gets the replies that its predecessor missed.
  session: "worker-1",
});

client.on(
  "reconnecting",
  (delayMs, { code, reason }) =>
    console.error(
      `No connection (${code} ${reason}), next try in ${delayMs} ms`,
    ),
);

// All at once: the proxy sends each as soon as Discord's limits allow.
const numbers = [1, 2, 3, 4, 5];
const messages = await Promise.all(
  numbers.map((number) =>
    client.action<{ id: string }>(`/channels/${channel}/messages`, {
      data: { content: `message ${number}` },
    })
  ),
);
console.log(`${messages.length} messages are out`);

try {
  await client.get("/channels/0/no-such-thing");
} catch (error) {
  if (!(error instanceof RepError)) throw error;
  console.log(`Refused with ${error.status}`);
}

await client.close();
