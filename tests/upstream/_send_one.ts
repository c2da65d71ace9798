/** A program that sends one request to the base URL it is given and prints the status. */
import { requestOf, upstreamOf } from "./_builders.ts";

const upstream = upstreamOf(Deno.args[0] ?? "");
const { status } = await upstream.send(requestOf());
await Deno.stdout.write(new TextEncoder().encode(`${status}\n`));
await upstream.close();
