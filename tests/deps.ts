/** Packages only tests need, one line each on what it is for. */

// Random inputs with seeds and shrinking.
export { default as fc } from "npm:fast-check@4.10.2";

// Every path of Discord's official OpenAPI document.
export { pathsList } from "npm:discord-api-spec@10.0.266135";

// Hashes, without loading `deps.ts` and so the upstream client: tests of pure modules run without permissions.
export { createHash } from "node:crypto";

// The garbage collector, called for: what is dead can be told from what is held.
export { setFlagsFromString } from "node:v8";
export { runInNewContext } from "node:vm";

// Answers in every coding.
export {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
