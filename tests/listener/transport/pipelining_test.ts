import { startListener } from "../../../rest/listener/transport/listen.ts";
import type { Place } from "./_pipeline.ts";
import { PIPELINING_CLAIMS } from "./_pipelining_claims.ts";

const hostname = "127.0.0.1";

const overTcp: Place = async (serving) => {
  const listener = await startListener({ ...serving, host: hostname, port: 0 });
  const { port } = listener.address;
  const connection = await Deno.connect({ hostname, port });
  return { connection, shutdown: () => listener.shutdown() };
};

for (const [name, check] of PIPELINING_CLAIMS) {
  Deno.test(name, () => check(overTcp));
}
