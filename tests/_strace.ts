import { mayTrace } from "../tools/chaos/strace.ts";

/** True where system calls of a process can be made to fail; says so on stderr where not, so that nobody takes a run for a full one. */
export async function hasStrace(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "run" });
  if (state !== "granted") return false;
  const has = await mayTrace();
  if (!has) await Deno.stderr.write(new TextEncoder().encode(PASSED_OVER));
  return has;
}

const PASSED_OVER =
  "strace is not installed or may not trace: tests of failing disks are passed over\n";
