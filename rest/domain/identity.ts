import type { Secret } from "./secret.ts";

/** How Discord identifies a caller. It limits `none` by IP address. */
export type IdentityKind = "bot" | "bearer" | "basic" | "none";

/** Whose limits a request counts against. All limits of Discord's are kept per identity. */
export interface Identity {
  /**
   * Names the limits without telling the token: `bot:<applicationId>`,
   * `bearer:<hash>`, `basic:<hash>` or `none`.
   */
  readonly id: string;
  readonly kind: IdentityKind;
  /** The value of `Authorization` upstream; undefined for `none`. */
  readonly authorization: Secret | undefined;
  /** True for the proxy's own `DISCORD_TOKEN` (and further tokens it was configured with). */
  readonly isOwn: boolean;
  /** How the operator calls the bot it was configured as; undefined for what callers bring. Safe to log. */
  readonly bot?: string;
}

/** How facts and figures call whose request it is: few names, whatever callers bring. */
export function botOf({ bot, kind }: Identity): string {
  return bot ?? (kind === "none" ? "none" : "brought");
}

/** The identity of requests without a token: interaction callbacks, token webhooks, public routes. */
export const NOBODY: Identity = {
  id: "none",
  kind: "none",
  authorization: undefined,
  isOwn: false,
};
