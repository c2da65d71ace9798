/** Packages only tools need, one line each on what it is for. */

// The client that most bots use, for the demo to compare with.
export { REST } from "npm:@discordjs/rest@2.6.3";

// Writes the JavaScript and the declarations of the npm package.
export { default as ts } from "npm:typescript@6.0.3";
