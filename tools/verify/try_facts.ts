import { limitIn } from "./probe.ts";
import { idIn, type Trial } from "./trial.ts";
import type { Reply } from "./visit.ts";

/** More than any message limit that was ever reported. */
const BURST_MAX = 10;

/** Two messages more than the bucket holds, at once: what a 429 looks like, and whom it is about. */
export async function tryBurst(
  trial: Trial,
  channel: string,
  other: string,
): Promise<void> {
  const route = "POST /channels/{id}/messages";
  const { limit } = trial.routes.find((each) => each.route === route) ?? {};
  if (limit === undefined || limit.limit >= BURST_MAX) return;
  const replies = await Promise.all(
    Array.from(
      { length: limit.limit + 2 },
      (_, n) =>
        trial.post(`/channels/${channel}/messages`, {
          content: `burst ${n}`,
        }),
    ),
  );
  const passed = replies.filter(({ status }) => status < 300).length;
  // One token may come back while they are on their way.
  const isLimit = passed === limit.limit || passed === limit.limit + 1;
  trial.facts.set(
    "messages at once before a 429",
    isLimit ? "as many as the limit says" : String(passed),
  );
  const refused = replies.find(({ status }) => status === 429);
  if (refused !== undefined) look429(trial, refused, limit.resetAfterMs);
  const elsewhere = await trial.post(`/channels/${other}/messages`, {
    content: "elsewhere",
  });
  trial.facts.set(
    "a message to another channel meanwhile",
    elsewhere.status < 300 ? "passes" : "does not pass",
  );
}

function look429(
  trial: Trial,
  refused: Reply,
  intervalMs = 0,
): void {
  const { headers, body } = refused;
  const retryAfterMs = Number(body["retry_after"]) * 1_000;
  const isInterval = retryAfterMs > 0 && retryAfterMs <= intervalMs * 1.2;
  const header = headers.get("retry-after") ?? "";
  trial.facts.set(
    "scope of that 429",
    wordOf(headers.get("x-ratelimit-scope"), ["user", "shared", "global"]),
  );
  trial.facts.set(
    "its Retry-After",
    /^\d+$/.test(header) ? "whole seconds" : "no whole number",
  );
  trial.facts.set(
    "its retry_after",
    isInterval ? "at most one token's time" : "longer than one token's time",
  );
  trial.facts.set(
    "its X-RateLimit-Remaining",
    limitIn(refused)?.remaining === 0 ? "0" : "not 0",
  );
}

/** What a nonce is good for, with `enforce_nonce` and without (docs: Create Message). */
export async function tryNonces(
  trial: Trial,
  channel: string,
): Promise<void> {
  const messages = `/channels/${channel}/messages`;
  // Another one each time: Discord remembers them for minutes.
  const nonce = crypto.randomUUID().slice(0, 25);
  for (
    const [what, body] of [
      ["one nonce twice, enforced", { nonce, enforce_nonce: true }],
      ["one nonce twice, not enforced", { nonce: nonce.slice(1) }],
    ] as const
  ) {
    const replies: Reply[] = [];
    for (let n = 0; n < 2; n++) {
      const reply = await trial.post(messages, { content: what, ...body });
      replies.push(reply);
    }
    const ids = replies.map(idIn);
    if (ids.includes(undefined)) continue;
    const count = new Set(ids).size;
    trial.facts.set(what, count === 1 ? "one message" : "two messages");
  }
}

/** No header announces this limit (api-docs#1900, #2190). */
export async function tryRenames(
  trial: Trial,
  channel: string,
): Promise<void> {
  let last: Reply | undefined;
  for (const name of ["one", "two", "three"]) {
    last = await trial.visit.ask("PATCH", `/channels/${channel}`, {
      body: { name: `sluice-verify-${name}` },
    });
    if (last.status >= 400) break;
  }
  if (last === undefined) return;
  const hasTokens = (limitIn(last)?.remaining ?? 0) > 0;
  trial.facts.set(
    "three names of a channel in a row",
    last.status !== 429
      ? "all pass"
      : hasTokens
      ? "429 with tokens left"
      : "429 with none left",
  );
}

/** Of an interaction that does not exist: real ones come over the gateway. */
export async function tryCallback(
  trial: Trial,
): Promise<void> {
  const path = `/interactions/${trial.ground.guild}/verify/callback`;
  const reply = await trial.visit.ask("POST", path, {
    body: { type: 1 },
    isOpen: true,
  });
  trial.facts.set(
    "the answer to an interaction callback",
    limitIn(reply) === undefined
      ? "no rate-limit headers"
      : "rate-limit headers",
  );
}

/** Nothing that an answer says goes into a report but words that are known. */
function wordOf(word: string | null, known: readonly string[]): string {
  return known.find((each) => each === word) ?? "none of the known ones";
}
