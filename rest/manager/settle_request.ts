import type { SendRequestOptions } from "../../deps.ts";
import type { Answer } from "../domain/answer.ts";
import { Refusal } from "../domain/refusal.ts";
import { refusalBody } from "../domain/refusal_body.ts";

/** Hands Discord's answer to discordeno the way its own sender does. */
export async function resolveRequest(
  request: SendRequestOptions,
  answer: Answer,
): Promise<void> {
  const { status } = answer;
  const text = await new Response(answer.body ?? null).text();
  if (status < 200 || status >= 400) {
    return request.reject({ ok: false, status, body: text });
  }
  // discordeno parses whatever is not a 204; an empty text would throw there.
  request.resolve({
    ok: true,
    status,
    ...(text === "" ? {} : { body: text }),
  });
}

/** Hands a failure to discordeno: a refusal with the body an HTTP caller would get. */
export function rejectRequest(
  request: SendRequestOptions,
  error: unknown,
): void {
  if (!(error instanceof Refusal)) {
    const reason = error instanceof Error ? error.message : typeof error;
    return request.reject({
      ok: false,
      status: 500,
      error: `Cannot make request or read its answer: ${reason}`,
    });
  }
  const { status, message } = error;
  const body = JSON.stringify(refusalBody(error));
  request.reject({ ok: false, status, body, error: message });
}
