import type { TlsPair } from "../../rest/domain/tls_pair.ts";
import { NODE_CALLER } from "./_node_caller.ts";

const FIXTURES = new URL("../fixtures/tls/", import.meta.url);

/** The authority that signed both certificates. */
export const CA = textOf("ca.pem");

/** For `localhost` and 127.0.0.1. */
export const PAIR: TlsPair = {
  cert: textOf("cert.pem"),
  key: textOf("key.pem"),
};

/** For `elsewhere.example`. */
export const OTHER_PAIR: TlsPair = {
  cert: textOf("elsewhere_cert.pem"),
  key: textOf("elsewhere_key.pem"),
};

export function fixturePath(name: string): string {
  return new URL(name, FIXTURES).pathname;
}

function textOf(name: string): string {
  return Deno.readTextFileSync(new URL(name, FIXTURES));
}

/** What a request of Node's comes to: an answer, or the code of its error. */
export interface NodeResult {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** One character per byte. */
  readonly text?: string;
  readonly error?: string;
}

export interface NodeRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Makes requests from a process of Node's, over one connection of HTTP/2 or over HTTPS. */
export async function callFromNode(
  port: number,
  way: "h2" | "https",
  requests: readonly NodeRequest[],
  options: { readonly isAtOnce?: boolean } = {},
): Promise<NodeResult[]> {
  const ca = fixturePath("ca.pem");
  const told = JSON.stringify({ port, ca, way, requests, ...options });
  const { stdout, stderr } = await new Deno.Command("node", {
    args: ["--input-type=module", "--eval", NODE_CALLER, told],
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (text === "") throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

/** A connection with TLS to this machine, by whatever name. */
export async function connectTls(
  port: number,
  alpnProtocols: string[] = ["http/1.1"],
  hostname = "localhost",
): Promise<Deno.TlsConn> {
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  const options = { hostname, caCerts: [CA], alpnProtocols };
  const connection = await Deno.startTls(tcp, options);
  try {
    await connection.handshake();
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

/** Whose certificate new connections are shown. */
export async function certificateOn(
  port: number,
): Promise<"localhost" | "elsewhere.example"> {
  for (const name of ["localhost", "elsewhere.example"] as const) {
    const connection = await connectTls(port, [], name).catch(() => undefined);
    connection?.close();
    if (connection !== undefined) return name;
  }
  throw new Error("neither certificate is shown");
}
