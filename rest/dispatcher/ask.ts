import { headerOf } from "../domain/headers.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { bodyFields } from "../routes/body_fields.ts";
import type { Ask, Terms } from "../scheduler/types.ts";
import type { Job } from "./job.ts";

/** Describes a request to the scheduler. */
export function askOf(
  job:
    & Pick<Job, "id" | "sinceMs" | "attempts">
    & {
      readonly request: Omit<ProxyRequest, "target">;
      readonly isPromised?: boolean;
      readonly outlivesProxy?: boolean;
    },
): Ask {
  const { id, request, isPromised, outlivesProxy } = job;
  const { method, identity, body, headers } = request;
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
    isPromised,
    outlivesProxy,
    ...termsOf(job),
  };
}

/** How long a request may wait, counted from when its present caller came. */
export function termsOf(
  { request, sinceMs, attempts }: Pick<Job, "sinceMs" | "attempts"> & {
    readonly request: Pick<ProxyRequest, "leaveWithinMs" | "longestWaitMs">;
  },
): Terms {
  const { leaveWithinMs, longestWaitMs } = request;
  return {
    sinceMs,
    // A request that was sent once has met its deadline; it may wait for another try.
    deadlineAtMs: leaveWithinMs === undefined || attempts > 0
      ? undefined
      : sinceMs + leaveWithinMs,
    longestWaitMs,
  };
}
