import { NOBODY } from "../../domain/identity.ts";
import type { Principal } from "../../rep/connections/principal.ts";
import type { Authorizer, Evidence, Proof } from "../access/authorize.ts";
import { callerOf } from "../access/caller_of.ts";

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
  const identityId = authorizer.ownIdentityOf(proof)?.id ?? NOBODY.id;
  return {
    owner: `${proof.keyName} ${identityId}`,
    identityId,
    callerName: callerOf(proof.keyName, clientName, address),
    identityFor: (route) => authorizer.identityFor(proof, route),
  };
}
