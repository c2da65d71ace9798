/** What the supervisor needs from outside: Node's modules and no package. */

// Processes, their signals, and the socket that they are given.
export { type ChildProcess, spawn } from "node:child_process";
export { default as net } from "node:net";
export { default as process } from "node:process";

// Finding Deno, the settings, and what has changed.
export { createHash } from "node:crypto";
export { lookup } from "node:dns/promises";
export { existsSync, readFileSync } from "node:fs";
export { createRequire } from "node:module";
export { dirname, join } from "node:path";
export { fileURLToPath } from "node:url";
export { parseEnv } from "node:util";
