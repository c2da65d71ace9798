import { h, htm } from "./deps.ts";

/** Markup: `` html`<p>${text}</p>` ``. */
export const html = htm.bind(h);
