/**
 * What the simulated Discord needs from outside: Node's modules, which Deno
 * has, too, and no package. So it starts fast, and runs under both.
 */

// Sockets that can be reset, TLS, and compressed answers.
export {
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from "node:net";
export { createServer as createTlsServer } from "node:tls";
export { gzipSync } from "node:zlib";

// Digests of bodies.
export { createHash } from "node:crypto";

// The command line.
export { readFileSync } from "node:fs";
export { default as process } from "node:process";
export { parseArgs } from "node:util";
