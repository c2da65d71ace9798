import { Refusal } from "./refusal.ts";

/** Refuses what arrives after a drain, and what the drain leaves undone. */
export function drainingRefusal(sent: false | null = false): Refusal {
  const message = sent === false
    ? "Cannot take the request: the proxy is shutting down; ask again"
    : "Cannot tell how the request ended: the proxy is shutting down and cut it off";
  return new Refusal("draining", message, { sent });
}

/** Refuses what another proxy goes on with, so that its callers ask there. */
export function movedRefusal(sent: false | null): Refusal {
  return new Refusal(
    "moved",
    "Cannot go on with the request: another proxy sends for this bot now; ask again",
    { sent },
  );
}

/** Refuses a request whose caller left or took it back. */
export function cancelledRefusal(
  { sent }: { readonly sent: false | true | null },
): Refusal {
  const message = sent === false
    ? "Request was taken back before it was sent"
    : "Nobody waits for the answer to this request any more";
  return new Refusal("cancelled", message, { sent });
}

/** For whoever asks again for an answer whose body was given up. */
export function shortenedRefusal(status: number): Refusal {
  return new Refusal(
    "outcome_unknown",
    `Cannot show the answer again: Discord answered ${status}, and its body was given up to make room`,
    { sent: true },
  );
}

/** Refuses what a broken promise of our own code left without an answer. */
export function internalRefusal(sent: false | null): Refusal {
  return new Refusal(
    "internal",
    "Cannot answer: the proxy has a fault of its own, named in its log",
    { sent },
  );
}
