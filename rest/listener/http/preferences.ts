import { Refusal } from "../../domain/refusal.ts";
import { type LaneName, LANES } from "../../domain/lane.ts";
import type { Urgency } from "../../domain/urgency.ts";

/** The member `u` of RFC 9218's dictionary. */
const URGENCY = /(?:^|,)[ \t]*u=([0-7])[ \t]*(?=[,;]|$)/;

/** Reads `Priority`. What cannot be read counts as not said, as RFC 9218 wants it. */
export function urgencyOf(priority: string | null, lane: LaneName): Urgency {
  const said = priority === null ? undefined : URGENCY.exec(priority)?.[1];
  if (said !== undefined) return Number(said) as Urgency;
  return LANES[lane].defaultUrgency;
}

/** Whole seconds (RFC 7240); nine digits are 31 years and still an exact number of ms. */
const SECONDS = /^(?:([0-9]{1,9})|"([0-9]{1,9})")$/;

/** Reads `wait` out of `Prefer`; other preferences are not ours to judge. */
export function leaveWithinMsOf(prefer: string | null): number | undefined {
  if (prefer === null) return undefined;
  for (const preference of prefer.split(",")) {
    const [name = "", ...rest] = (preference.split(";", 1)[0] ?? "").split("=");
    if (name.trim().toLowerCase() !== "wait") continue;
    const seconds = SECONDS.exec(rest.join("=").trim());
    if (seconds === null) {
      throw new Refusal(
        "bad_request",
        "Cannot read Prefer: wait takes whole seconds, as in wait=10",
      );
    }
    return Number(seconds[1] ?? seconds[2]) * 1_000;
  }
  return undefined;
}

/** Reads `X-Rest-Order`: false where the caller wants no order among its writes. */
export function isOrderedBy(order: string | null): boolean {
  if (order === null) return true;
  if (order.trim().toLowerCase() === "none") return false;
  throw new Refusal(
    "bad_request",
    "Cannot read X-Rest-Order: none is the only value it takes",
  );
}
