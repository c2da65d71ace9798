import type { FactSink } from "../domain/fact.ts";
import { internalRefusal } from "../domain/own_refusals.ts";
import { PEER_KEY_HEADER } from "../domain/owners.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Secret } from "../domain/secret.ts";
import { digestOf, isSameDigest } from "../listener/access/digest.ts";
import { tellFault } from "../listener/fault_of.ts";
import { fieldOf } from "../listener/http/fields.ts";
import type {
  HttpAnswer,
  IncomingRequest,
} from "../listener/http/incoming_request.ts";
import { refusalAnswer } from "../listener/http/refusal_answer.ts";
import { headerJson, PEER_NOTE_HEADER, type PeerNote } from "./wire.ts";

/** Whether a request shows the key that all proxies of a cluster share; compared in constant time. */
type IsPeer = (request: Pick<IncomingRequest, "fields">) => boolean;

/** Makes the check of the key. */
export function peerCheck(key: Secret): IsPeer {
  const digest = digestOf(key.reveal());
  return ({ fields }) => {
    const shown = fieldOf(fields, PEER_KEY_HEADER);
    return shown !== null && isSameDigest(digestOf(shown), digest);
  };
}

/** An answer, and what is said of it. */
export function noted(answer: HttpAnswer, note: PeerNote): HttpAnswer {
  const field = [PEER_NOTE_HEADER, headerJson(note)] as const;
  return { ...answer, headers: [...answer.headers, field] };
}

/** What a peer, or who is none, is told of what was thrown. */
export function refused(
  error: unknown,
  label: string,
  request: IncomingRequest,
  facts: FactSink,
): HttpAnswer {
  if (error instanceof Refusal) {
    if (error.code === "unauthorized") {
      const caller = request.remoteAddress;
      facts({ kind: "refused", code: error.code, label: "(peer)", caller });
    }
    const { timing } = error;
    return noted(
      refusalAnswer(error, label),
      timing === undefined ? {} : { timing },
    );
  }
  tellFault(facts, error);
  return refusalAnswer(internalRefusal(null));
}

/** For whoever shows no key of the peers. */
export function strangerRefusal(): Refusal {
  return new Refusal(
    "unauthorized",
    "Cannot accept the request: this port is for the other proxies of the cluster, which share REST_PEER_KEY. Callers go to REST_PORT",
  );
}

/** Every proxy was given the same address, its own machine's for instance. */
export function mirrorRefusal(): Refusal {
  return new Refusal(
    "unreachable",
    "Cannot hand the request on: the REST_PEER_URL of the proxy that owns its bot leads back to this one; each proxy needs its own",
  );
}

/** For a peer of another version. */
export function noCallRefusal(): Refusal {
  return new Refusal(
    "bad_request",
    "Cannot read the request: it is none that a proxy of this version hands on",
  );
}
