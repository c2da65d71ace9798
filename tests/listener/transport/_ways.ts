import { startTlsListener } from "../../../rest/listener/transport/listen_tls.ts";
import { connectTls, PAIR } from "../../tls/_callers.ts";
import { type Bench, startBench } from "../_bench.ts";
import { servingOf } from "../_serve.ts";

type Options = Parameters<typeof startBench>[0];

/** A bench and how raw connections to it are made. */
export interface Way extends AsyncDisposable {
  readonly bench: Bench;
  /** Over TLS a protocol may be named; HTTP/1.1 where none is. */
  connect(protocol?: "h2"): Promise<Deno.Conn>;
}

/** Opens a bench behind one transport. */
export type OpenWay = (options?: Options) => Promise<Way>;

/** HTTP/1.1 over each transport whose port a test may open. */
export const WAYS: Readonly<Record<string, OpenWay>> = {
  async tcp(options) {
    const bench = await startBench(options);
    return {
      bench,
      connect: () => Deno.connect({ hostname: "127.0.0.1", port: bench.port }),
      [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
    };
  },
  async tls(options) {
    const bench = await startBench(options);
    const listener = startTlsListener({
      ...servingOf(bench.endpoint),
      host: "127.0.0.1",
      port: 0,
      pair: PAIR,
    });
    return {
      bench,
      connect: (protocol) =>
        connectTls(listener.address.port, [protocol ?? "http/1.1"]),
      async [Symbol.asyncDispose]() {
        await listener.shutdown();
        await bench[Symbol.asyncDispose]();
      },
    };
  },
};
