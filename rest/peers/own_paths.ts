import type { Answer } from "../domain/answer.ts";
import type { Owners } from "../domain/owners.ts";
import type { Clock } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Authorizer, Proof } from "../listener/access/authorize.ts";
import type { KeyRing } from "../listener/access/key_ring.ts";
import type { TargetReader } from "../listener/http/request_target.ts";
import type { NamedRequests } from "../listener/http/named_requests.ts";
import { type Attempt, outcomeOf } from "./attempt.ts";
import type { Forwarder } from "./forwarder.ts";
import {
  type Identities,
  identityIn,
  type PeerIdentity,
  peerIdentityOf,
} from "./peer_call.ts";
import type { PeerClient } from "./peer_client.ts";
import { OF_BOT } from "./rep_call.ts";
import { headerJson, type Move, objectIn, PEER_CALL_HEADER } from "./wire.ts";

/** What is asked of other proxies about what they hold. */
export interface OwnPathsDeps {
  readonly owners: Owners;
  readonly client: PeerClient;
  readonly forwarder: Forwarder;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly targetOf: TargetReader;
  /** Whether every bot has an owner: while one has none, what is not found may be found later. */
  readonly isSettled: () => boolean;
}

/** A proxy that says nothing for this long is taken for one that is gone: what is asked is at hand. */
const ASK_MS = 2_000;

/** Kept requests of a whole cluster: each lives with the owner of its scope, and is found from every door. */
export function namedAcross(
  here: NamedRequests,
  deps: OwnPathsDeps,
): NamedRequests {
  const { forwarder } = deps;
  return {
    restore: (restored, ticket) => here.restore(restored, ticket),
    handle: (request, wish, owner) =>
      forwarder.keep(
        request,
        { wish, owner },
        () => here.handle(request, wish, owner),
      ),
    answerAt(method, target, owner) {
      const own = here.answerAt(method, target, owner);
      const found = own?.catch((error) => {
        if (!isUnknown(error)) throw error;
        return askAll(method, target, { owner }, error, deps);
      });
      return found && unlessUnsettled(found, deps.isSettled);
    },
  };
}

/** Nothing is unknown for certain while somebody takes over what another proxy left. */
export async function unlessUnsettled(
  answer: Promise<Answer>,
  isSettled: () => boolean,
): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw isUnknown(error) && !isSettled() ? silentRefusal() : error;
  }
}

/** Asks all other proxies for something that one of them may know. */
async function askAll(
  method: string,
  path: string,
  call: OwnCall,
  unknown: Refusal,
  deps: OwnPathsDeps,
): Promise<Answer> {
  const bySeen = [...deps.owners.peers()].sort((one, other) =>
    other.lastSeenMs - one.lastSeenMs
  );
  const attempts = await Promise.all(
    bySeen.map(({ url }) => ask(url, method, path, call, deps)),
  );
  const known = attempts.find((attempt) =>
    attempt.kind === "answer" ||
    (attempt.kind === "refused" && !isUnknown(attempt.refusal))
  );
  if (known?.kind === "answer") return known.answer;
  if (known?.kind === "refused") throw known.refusal;
  const isSilent = attempts.some(({ kind }) => kind === "failed");
  throw isSilent ? silentRefusal() : unknown;
}

/** Asks one of them; what takes too long counts as silence. */
export async function ask(
  url: string,
  method: string,
  path: string,
  call: OwnCall,
  { client, clock }: OwnPathsDeps,
): Promise<Attempt> {
  const headers = [[PEER_CALL_HEADER, headerJson(call)]] as const;
  const request = { url, method, path, headers, body: undefined };
  const exchange = client.send(request);
  const callOff = clock.wakeAt(
    clock.nowMs() + ASK_MS,
    () => exchange.abort(),
  );
  const attempt = await outcomeOf(exchange.answer);
  callOff();
  return attempt;
}

/** Shows the queue of the proxy that owns what is asked about: the caller's bot, or a target. */
export async function showQueueAcross(
  target: string,
  proof: Proof,
  here: () => Promise<Answer>,
  deps: OwnPathsDeps,
): Promise<Answer> {
  const scope = scopeOfView(target, proof, deps);
  const owner = scope === undefined ? undefined : deps.owners.ownerOf(scope);
  if (owner === undefined || owner.kind === "self") return await here();
  if (owner.kind === "nobody") throw silentRefusal();
  const attempt = await ask(
    owner.url,
    "GET",
    target,
    { proof: shown(proof) },
    deps,
  );
  if (attempt.kind === "answer") return attempt.answer;
  throw attempt.kind === "refused" ? attempt.refusal : silentRefusal();
}

/** Undefined: whatever is wrong with it is told here. */
function scopeOfView(
  target: string,
  proof: Proof,
  { owners, authorizer, targetOf, clock }: OwnPathsDeps,
): string | undefined {
  const { searchParams } = new URL(target, "http://proxy.invalid");
  const about = searchParams.get("target");
  const method = searchParams.get("method") ?? "GET";
  const place = about === null
    ? { route: OF_BOT }
    : targetOf(method, about, clock.wallMs());
  if (place instanceof Refusal) return undefined;
  const { route } = place;
  try {
    const identity = authorizer.identityFor(proof, route);
    return owners.scopeOf({ identity, route });
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Who asks for something that another proxy holds. */
export interface OwnCall {
  /** Of a kept request: its caller's key and token. */
  readonly owner?: string;
  readonly proof?: ShownProof;
  readonly move?: Move;
}

interface ShownProof {
  readonly keyName: string;
  readonly brought: PeerIdentity | undefined;
  readonly botId: string | null;
}

function shown({ keyName, brought, botId }: Proof): ShownProof {
  return { keyName, brought: brought && peerIdentityOf(brought), botId };
}

/** Reads the header of such a call; empty where it is none of ours. */
export function readOwnCall(text: string | null): OwnCall {
  return objectIn(text) ?? {};
}

/** What a door's caller has proved, as far as this proxy knows its key. */
export function proofOf(
  { keyName, brought, botId }: ShownProof,
  keys: KeyRing,
  identities: Identities,
): Proof {
  return {
    keyName,
    key: keys.keyNamed(keyName),
    brought: brought && identityIn({ identity: brought }, identities),
    botId,
  };
}

function isUnknown(error: unknown): error is Refusal {
  return error instanceof Refusal && error.code === "no_such_target";
}

/** Nobody who knows can be asked. */
export function silentRefusal(): Refusal {
  return new Refusal(
    "overloaded",
    "Cannot tell: the proxy that may know does not answer, or is being replaced; ask again",
  );
}
