import manifest from "../../deno.json" with { type: "json" };

/** Which Sluice this is; `deno.json` is where a release changes it. */
export const VERSION: string = manifest.version;
