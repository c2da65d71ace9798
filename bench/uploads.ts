/**
 * `deno task bench:uploads`: 50 uploads of 25 MiB at once through a proxy that
 * may hold 512 MiB of bodies, and the most memory it took.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { startDiscord } from "./discord.ts";
import { processUse } from "./process_use.ts";
import { KEY, startSluice } from "./subjects.ts";

const UPLOADS = 50;
const MIB = 1024 * 1024;
const BODY = new Uint8Array(25 * MIB).fill(120);

await using discord = await startDiscord();
await using sluice = await startSluice({
  upstream: discord.url,
  globalLimit: 50,
});

const startMs = performance.now();
const statuses = await Promise.all(
  Array.from({ length: UPLOADS }, (_, n) => upload(n)),
);
const tookS = (performance.now() - startMs) / 1_000;
const { residentPeakBytes } = await processUse(sluice.pid);
const fine = statuses.filter((status) => status < 300).length;
console.log(
  `${fine} of ${UPLOADS} uploads of 25 MiB were answered 2xx in ` +
    `${tookS.toFixed(1)} s; the proxy took ${
      (residentPeakBytes / MIB).toFixed(0)
    } MiB at most`,
);
Deno.exitCode = fine === UPLOADS ? 0 : 1;

async function upload(n: number): Promise<number> {
  const id = String(1_400_000_000_000_000_000n + BigInt(n));
  const response = await fetch(
    new URL(`/api/v10/channels/${id}/messages`, sluice.url),
    {
      method: "POST",
      headers: {
        authorization: KEY,
        "content-type": "multipart/form-data; boundary=b",
      },
      body: BODY,
    },
  );
  await response.body?.cancel();
  return response.status;
}
