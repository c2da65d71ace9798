import { NOBODY } from "../../domain/identity.ts";
import type { Principal } from "../../rep/connections/principal.ts";
import type { Authorizer, Evidence } from "../access/authorize.ts";
import { callerOf } from "../access/caller_of.ts";

/** Who a connection speaks for, by the same rules as an HTTP request (A1, A3). */
export function principalOf(
  authorizer: Authorizer,
  evidence: Evidence,
  clientName: string | null,
): Principal | undefined {
  const proof = authorizer.prove(evidence);
  if (proof === undefined) return undefined;
  const identityId = authorizer.ownIdentityOf(proof)?.id ?? NOBODY.id;
  return {
    owner: `${proof.keyName} ${identityId}`,
    identityId,
    callerName: callerOf(proof.keyName, clientName, evidence.address),
    identityFor: (route) => authorizer.identityFor(proof, route),
  };
}
