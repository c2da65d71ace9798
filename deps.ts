/**
 * Every package from outside, one line each on what it is for. Nothing else
 * in the tree names a package; the lint plugin holds that.
 *
 * `std/http` is succeeded by the runtime's own `Deno.serve`.
 * `std/dotenv` is succeeded by the runtime's own `--env-file`.
 */

// The bot's identity and the typed helpers that wait in our queue.
export * from "npm:@discordeno/rest@21.0.0";
// discordeno's name for it up to version 18, and in its guide.
export { DISCORD_API_URL as BASE_URL } from "npm:@discordeno/rest@21.0.0";

// The upstream client: sends nothing twice by itself, names its errors, keeps bytes raw.
export { Client, Pool } from "npm:undici@8.12.4";
export type {
  buildConnector as undiciConnector,
  Dispatcher as UndiciDispatcher,
} from "npm:undici@8.12.4";

// Its connections: opened to one host, whatever is asked for.
export { connect as connectTcp, isIP } from "node:net";
export { connect as connectTls } from "node:tls";

// Log lines for people and for machines.
export {
  ansiColorFormatter,
  defaultTextFormatter,
  jsonLinesFormatter,
  type LogRecord,
} from "npm:@logtape/logtape@2.4.2";

// Counters, histograms and their text for Prometheus.
export { Counter, Gauge, Histogram, Registry } from "npm:prom-client@15.1.3";

// Processor time, for the figures.
export { cpuUsage } from "node:process";

// Constant-time comparison, hashes with a key and without, and random ids.
export {
  createHash,
  createHmac,
  randomUUID,
  timingSafeEqual,
} from "node:crypto";

// Reading what a compressed answer says.
export {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";

// Servers that stand in tests and tools for Discord: sockets that can be reset, TLS, compressed answers.
export { createServer as createTcpServer, type Socket } from "node:net";
export { createServer as createTlsServer } from "node:tls";
export { gzipSync } from "node:zlib";

// The way in: HTTP/1.1 and HTTP/2 servers that tell who left, and what goes with them.
export {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
export {
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
export { BlockList } from "node:net";
export { createSecureContext, TLSSocket as TlsStream } from "node:tls";
export { Duplex } from "node:stream";

// WebSockets over these, with a bound on frames before they are in memory.
export { WebSocket as WebSocketClient, WebSocketServer } from "npm:ws@8.23.0";

// The debugger that SIGUSR1 opens, shut again.
export { close as closeInspector } from "node:inspector";
