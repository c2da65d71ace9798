/** Packages only benches need, one line each on what it is for. */

// The other client we measure ourselves against; discordeno's is in the project's own deps.ts.
export { REST } from "npm:@discordjs/rest@2.6.3";

// The proxy made of it, another peer.
export { proxyRequests } from "npm:@discordjs/proxy@2.1.1";
export { createServer } from "node:http";
export { DatabaseSync } from "node:sqlite";
