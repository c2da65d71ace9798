import type { Answer } from "../domain/answer.ts";
import { keyNameOf } from "../domain/caller.ts";
import { Refusal } from "../domain/refusal.ts";
import { broughtIdentity } from "../listener/access/credentials.ts";
import type { MoveRequests } from "../listener/http/token_update.ts";
import { ownAnswer } from "../listener/own_answer.ts";
import { ask, type OwnPathsDeps, silentRefusal } from "./own_paths.ts";
import { type Move, MOVE_PATH, objectIn } from "./wire.ts";

/**
 * `POST /update-bearer-token` of a whole cluster. Bearer tokens have one owner,
 * whoever they are of (`scopeOfIdentity`), so what waits under the old token
 * waits there, and there the new one is at home as well.
 */

/** Moves what waits here, or at the proxy that owns it. */
export function movedAcross(
  here: MoveRequests,
  deps: OwnPathsDeps,
): MoveRequests {
  return async (which) => {
    const { owners } = deps;
    const owner = owners.ownerOf(owners.scopeOfIdentity(which.fromId));
    if (owner.kind === "self") return await here(which);
    if (owner.kind === "nobody") throw silentRefusal();
    const { fromId, to, keyName } = which;
    const authorization = to.authorization?.reveal() ?? "";
    const move: Move = { fromId, authorization, keyName };
    const first = await ask(owner.url, "POST", MOVE_PATH, { move }, deps);
    // A door without Redis asks a proxy that knows better.
    const isElsewhere = first.kind === "failed" && first.ownerUrl !== undefined;
    const attempt = isElsewhere
      ? await ask(first.ownerUrl, "POST", MOVE_PATH, { move }, deps)
      : first;
    if (attempt.kind === "refused") throw attempt.refusal;
    if (attempt.kind === "failed") throw silentRefusal();
    return movedIn(attempt.answer);
  };
}

/** Does what a door asks for. */
export async function answerMove(
  { fromId, authorization, keyName }: Move,
  here: MoveRequests,
): Promise<Answer> {
  const token = authorization.replace(/^Bearer +/i, "");
  const to = broughtIdentity(authorization, { scheme: "bearer", token });
  const isIncluded = (caller: string) => keyNameOf(caller) === keyName;
  const moved = await here({ fromId, to, keyName, isIncluded });
  // Signed as moved it would be taken for a refusal of a proxy that is the owner no more.
  return ownAnswer(200, { moved }, "queue");
}

function movedIn({ body }: Answer): number {
  const told = body instanceof Uint8Array
    ? objectIn(new TextDecoder().decode(body))?.["moved"]
    : undefined;
  if (typeof told === "number") return told;
  throw new Refusal("overloaded", "Cannot read how many requests were moved");
}
