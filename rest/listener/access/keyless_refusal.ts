import type { OpenTokenRoutes } from "../../domain/access.ts";
import { applicationIdOf } from "../../domain/application_id.ts";
import { Refusal } from "../../domain/refusal.ts";
import { credentialsOf } from "./credentials.ts";

/** The refusal of a call that proved nothing, with what to do about it; `carriesToken` says what is known of its route. */
export function keylessRefusal(
  authorization: string | null,
  carriesToken: boolean | undefined,
  openTokenRoutes: OpenTokenRoutes,
): Refusal {
  return isForeignToken(authorization)
    ? foreignToken()
    : unauthorized(carriesToken === true, openTokenRoutes);
}

/** Whether `Authorization` is a bot's token by its form: one of ours would have been known. */
function isForeignToken(authorization: string | null): boolean {
  if (authorization === null) return false;
  const credentials = credentialsOf(authorization);
  return credentials?.scheme === "bot" &&
    credentials.token.split(".").length === 3 &&
    applicationIdOf(credentials.token) !== undefined;
}

/** Not 401: discord.js takes that for Discord's verdict on its token and drops it for good. */
function foreignToken(): Refusal {
  return new Refusal(
    "unknown_token",
    "Cannot accept the request: the bot's token in Authorization is not one of this proxy's. Set DISCORD_TOKEN (or DISCORD_TOKENS_FILE) of the proxy to it, or send the key in X-Rest-Authorization beside it",
  );
}

function unauthorized(
  carriesToken: boolean,
  openTokenRoutes: OpenTokenRoutes,
): Refusal {
  const where =
    "Send it in Authorization, or in X-Rest-Authorization beside a token of your own";
  const without = carriesToken ? `. ${HOW_OPEN[openTokenRoutes]}` : "";
  return new Refusal(
    "unauthorized",
    `Cannot accept the request: the key is missing or wrong. ${where}${without}`,
  );
}

/** How a path that carries a token is served without the key. */
const HOW_OPEN: Readonly<Record<OpenTokenRoutes, string>> = {
  known:
    "This path carries a token of its own: with REST_OPEN_TOKEN_ROUTES=known it needs no key from an address that has sent one, until it is silent for 30 days or the proxy restarts without a journal; with REST_OPEN_TOKEN_ROUTES=true from none",
  true: "",
  false:
    "This path carries a token of its own: REST_OPEN_TOKEN_ROUTES=known opens it to addresses that have sent the key",
};
