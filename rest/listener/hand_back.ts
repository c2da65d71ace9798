/**
 * Gives back what only the start needs: writing (to put a socket in its place)
 * and the umask, and reading where no file will be read again. Whoever breaks
 * in later finds a process that can do nothing but talk to the network.
 */
export function handBackPermissions(
  { isReadingAgain }: { readonly isReadingAgain: boolean },
): void {
  Deno.permissions.revokeSync({ name: "write" });
  Deno.permissions.revokeSync({ name: "sys" });
  if (!isReadingAgain) Deno.permissions.revokeSync({ name: "read" });
}
