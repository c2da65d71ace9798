import type { Answer } from "../../domain/answer.ts";
import { keyNameOf } from "../../domain/caller.ts";
import type { Identity } from "../../domain/identity.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Proof } from "../access/authorize.ts";
import { broughtIdentity } from "../access/credentials.ts";
import { ownAnswer } from "../own_answer.ts";
import { type BodyRules, readBody } from "./body.ts";
import type { IncomingRequest } from "./incoming_request.ts";

/** Gives waiting requests another token; the queue's part. */
export type MoveRequests = (which: {
  readonly fromId: string;
  readonly to: Identity;
  /** Whose requests they are, by the name of their key. */
  readonly keyName: string;
  readonly isIncluded: (caller: string) => boolean;
}) => number | Promise<number>;

const PATH = /^\/update-bearer-token(?:\?|$)/;

/** Two tokens; Discord's have some thirty letters. */
const BODY_BYTES_MAX = 16 * 1024;

/** What can stand in a header. */
const TOKEN = /^(?:Bearer +)?([!-~]{1,4096})$/i;

/** Whether a target is the one that takes a new token. */
export function isTokenUpdate(target: string): boolean {
  return PATH.test(target);
}

/**
 * Answers discordeno's `updateTokenQueues`: what its caller's key has waiting
 * under the old bearer token goes on under the new one. Of another key nobody
 * can move anything, whatever tokens they know.
 */
export async function updateToken(
  request: IncomingRequest,
  { keyName }: Proof,
  bodies: BodyRules,
  move: MoveRequests,
): Promise<Answer> {
  if (request.method !== "POST") {
    throw new Refusal(
      "bad_method",
      `Cannot ${
        request.method.slice(0, 20)
      } tokens: POST oldToken and newToken`,
    );
  }
  const bodyLimitBytes = Math.min(BODY_BYTES_MAX, bodies.bodyLimitBytes);
  const owner = { isCallback: false, holder: undefined };
  const body = await readBody(request, owner, { ...bodies, bodyLimitBytes });
  body.release();
  const { oldToken, newToken } = tokensIn(body.bytes);
  const moved = await move({
    fromId: bearerOf(oldToken).id,
    to: bearerOf(newToken),
    keyName,
    isIncluded: (caller) => keyNameOf(caller) === keyName,
  });
  return ownAnswer(200, { moved }, "moved");
}

function tokensIn(
  bytes: Uint8Array<ArrayBuffer> | undefined,
): { readonly oldToken: string; readonly newToken: string } {
  const value = valueIn(bytes);
  const oldToken = tokenIn(value?.["oldToken"]);
  const newToken = tokenIn(value?.["newToken"]);
  if (oldToken !== undefined && newToken !== undefined) {
    return { oldToken, newToken };
  }
  throw new Refusal(
    "bad_request",
    "Cannot read the tokens: a JSON object with oldToken and newToken is wanted, two bearer tokens",
  );
}

function valueIn(
  bytes: Uint8Array<ArrayBuffer> | undefined,
): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined; // Its message would quote a token.
  }
}

function tokenIn(value: unknown): string | undefined {
  return typeof value === "string" ? TOKEN.exec(value)?.[1] : undefined;
}

function bearerOf(token: string): Identity {
  return broughtIdentity(`Bearer ${token}`, { scheme: "bearer", token });
}
