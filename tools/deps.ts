/** Packages only tools need, one line each on what it is for. */

// Writes the JavaScript and the declarations of the npm package.
export { default as ts } from "npm:typescript@6.0.3";
