import type { Principal } from "../../rep/connections/principal.ts";
import type { Authorizer, Evidence, Proof } from "../access/authorize.ts";
import { callerOf } from "../access/caller_of.ts";

/** The token in whose name a caller without one of its own speaks. */
const OWN = "own";

/** Who a connection speaks for, by the same rules as an HTTP request (A1, A3). */
export function principalOf(
  authorizer: Authorizer,
  evidence: Evidence,
  clientName: string | null,
): Principal | undefined {
  const proof = authorizer.prove(evidence);
  return proof &&
    principalWith(authorizer, proof, clientName, evidence.address);
}

/** Who a connection speaks for that has proved this. */
export function principalWith(
  authorizer: Authorizer,
  proof: Proof,
  clientName: string | null,
  address: string,
): Principal {
  return {
    owner: `${proof.keyName} ${proof.brought?.id ?? OWN}`,
    callerName: callerOf(proof.keyName, clientName, address),
    identityFor: (route) => authorizer.identityFor(proof, route),
  };
}
