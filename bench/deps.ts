/** Packages only benches need, one line each on what it is for. */

// The other client we measure ourselves against; discordeno's is in the project's own deps.ts.
export { REST } from "npm:@discordjs/rest@2.6.3";
