import type { Operator, OperatorCall } from "../../domain/ports.ts";
import { remoteHostOf } from "../caller_of.ts";
import type { Proof } from "../authorize.ts";
import { admitSelf, type Visit } from "./admit.ts";
import type { Desk } from "./desk.ts";

/** A visit as the operators' paths see it. */
export function operatorCallOf(
  visit: Visit,
  target: string,
  pathKey: string | undefined,
  { authorizer }: Desk,
): OperatorCall {
  const { request, fields, info } = visit;
  const address = remoteHostOf(info);
  return {
    method: request.method,
    target,
    headers: fields,
    address,
    shown: () => operatorOf(admitSelf(visit, pathKey, authorizer)),
  };
}

function operatorOf({ keyName, key }: Proof): Operator {
  return { keyName, isAdmin: key?.rights.isAdmin === true };
}
