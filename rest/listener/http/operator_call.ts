import type { Operator, OperatorCall } from "../../domain/ports.ts";
import type { Proof } from "../authorize.ts";
import { admitSelf, type RequestContext } from "./admit.ts";
import type { HandlerContext } from "./handler_context.ts";

/** A request as the operators' paths see it. */
export function operatorCallOf(
  context: RequestContext,
  target: string,
  pathKey: string | undefined,
  { authorizer }: HandlerContext,
): OperatorCall {
  const { method, fields, remoteAddress } = context.request;
  return {
    method,
    target,
    headers: fields,
    address: remoteAddress,
    shown: () => operatorOf(admitSelf(context, pathKey, authorizer)),
  };
}

function operatorOf({ keyName, key }: Proof): Operator {
  return { keyName, isAdmin: key?.rights.isAdmin === true };
}
