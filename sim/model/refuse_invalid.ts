import type { Arrival } from "./arrival.ts";
import { undone, type Verdict } from "./outcome.ts";
import { errorResponse } from "./response.ts";
import type { AccountSettings, AnswerSettings } from "./settings.ts";

/** Refuses requests that no limit counts: wrong path, body, token or webhook. */
export function refuseInvalid(
  arrival: Arrival,
  accounts: AccountSettings,
  answers: AnswerSettings,
): Verdict | undefined {
  if (arrival.path === "") return refuse(404, 0, "404: Not Found");
  if (arrival.request.bodyBytes > answers.bodyLimitBytes) {
    return refuse(413, 40005, "Request entity too large");
  }
  return arrival.route.lane === "bot"
    ? refuseToken(arrival, accounts)
    : refuseWebhook(arrival, accounts);
}

function refuseWebhook(
  { route }: Arrival,
  { goneWebhooks, badWebhookTokens }: AccountSettings,
): Verdict | undefined {
  const [id = "", token = ""] = route.params;
  if (goneWebhooks.includes(id)) return refuse(404, 10015, "Unknown Webhook");
  if (badWebhookTokens.includes(token)) {
    return refuse(401, 50027, "Invalid Webhook Token");
  }
  return undefined;
}

function refuseToken(
  { route, caller }: Arrival,
  { goodTokens, badTokens }: AccountSettings,
): Verdict | undefined {
  if (route.operation?.isOpen && caller.kind === "none") return undefined;
  const isKnown = (caller.kind === "bot" || caller.kind === "bearer") &&
    !badTokens.includes(caller.token) &&
    (goodTokens === undefined || goodTokens.includes(caller.token));
  return isKnown ? undefined : refuse(401, 0, "401: Unauthorized");
}

function refuse(status: number, code: number, message: string): Verdict {
  return undone(errorResponse(status, code, message));
}
