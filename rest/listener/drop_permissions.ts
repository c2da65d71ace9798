/** What the process will do again after its start. */
export interface Remaining {
  /** A file that a setting names is read anew on SIGHUP. */
  readonly isReadingAgain: boolean;
  /** A Unix socket that the runtime gave up is put in its place once more. */
  readonly hasSocket: boolean;
}

/**
 * Gives back the permissions that nothing needs after the start: reading where
 * no file is read again, writing and the umask where there is no socket. In
 * most set-ups that leaves a process that can only talk to the network.
 */
export function dropPermissions(
  { isReadingAgain, hasSocket }: Remaining,
): void {
  if (hasSocket) return;
  Deno.permissions.revokeSync({ name: "write" });
  Deno.permissions.revokeSync({ name: "sys" });
  if (!isReadingAgain) Deno.permissions.revokeSync({ name: "read" });
}
