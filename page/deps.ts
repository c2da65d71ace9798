/** Packages the operators' page is made of, one line each on what it is for; `deno task page` puts them into its bundle. */

// Elements, and markup without a compiler.
// @ts-types="./packages.d.ts"
export { h, render } from "npm:preact@11.2.0";
// @ts-types="./htm.d.ts"
export { default as htm } from "npm:htm@3.1.1";

// Values that elements follow.
// @ts-types="./packages.d.ts"
export { batch, computed, effect, signal } from "npm:@preact/signals@2.11.4";

// Charts with axes.
// @ts-types="./uplot.d.ts"
export { default as uPlot } from "npm:uplot@1.6.32";
