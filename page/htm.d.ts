import type { h, Html } from "./packages.d.ts";

declare const htm: { bind(make: typeof h): Html };
export default htm;
