import { headerOf } from "../domain/headers.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { bodyFields } from "../routes/body_fields.ts";
import type { Ask } from "../scheduler/types.ts";
import type { Job } from "./job.ts";

/** Describes a request to the scheduler. */
export function askOf(
  { id, request, queuedAtMs, attempts }:
    & Pick<Job, "id" | "queuedAtMs" | "attempts">
    & { readonly request: Omit<ProxyRequest, "target"> },
): Ask {
  const { method, identity, body, leaveWithinMs, headers } = request;
  const { longestWaitMs } = request;
  return {
    id,
    identityId: identity.id,
    isOwnToken: identity.isOwn,
    method,
    route: request.route,
    caller: request.caller,
    urgency: request.urgency,
    isOrdered: request.isOrdered,
    fields: method === "PATCH"
      ? bodyFields(method, headerOf(headers, "content-type"), body)
      : undefined,
    bytes: body === undefined ? 0 : body.byteLength,
    // A request that was sent once has met its deadline; it may wait for another try.
    deadlineAtMs: leaveWithinMs === undefined || attempts > 0
      ? undefined
      : queuedAtMs + leaveWithinMs,
    longestWaitMs,
  };
}
