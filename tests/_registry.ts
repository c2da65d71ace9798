/** True where npm reaches the registry that it is set up for: what installs packages anew is passed over without it. */
export function reachesRegistry(): boolean {
  try {
    return new Deno.Command("npm", {
      args: ["ping", "--fetch-timeout=5000", "--fetch-retries=0"],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false;
  }
}
