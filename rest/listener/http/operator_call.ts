import type { Operator, OperatorCall } from "../../domain/ports.ts";
import type { Proof } from "../access/authorize.ts";
import { admitSelf, type RequestContext } from "./admit.ts";
import { readBody } from "./body.ts";
import type { HandlerContext } from "./handler_context.ts";

/** A form with a key, or what an operator wants done: a few words. */
const BODY_BYTES_MAX = 16 * 1024;

/** A request as the operators' paths see it. */
export function operatorCallOf(
  context: RequestContext,
  target: string,
  pathKey: string | undefined,
  { authorizer, operatorBodies }: HandlerContext,
): OperatorCall {
  const { method, fields, remoteAddress } = context.request;
  return {
    method,
    target,
    headers: fields,
    address: remoteAddress,
    isEncrypted: context.request.isSecure,
    shown: () => operatorOf(admitSelf(context, pathKey, authorizer)),
    holderOf(key) {
      const nothing = { authorization: null, pathKey: undefined, botId: null };
      const proof = authorizer.prove({
        ...nothing,
        restAuthorization: key,
        address: remoteAddress,
      });
      return proof && operatorOf(proof);
    },
    async readBody() {
      const bodyLimitBytes = Math.min(
        BODY_BYTES_MAX,
        operatorBodies.bodyLimitBytes,
      );
      const owner = { isCallback: false, holder: remoteAddress };
      const body = await readBody(context.request, owner, {
        ...operatorBodies,
        bodyLimitBytes,
      });
      body.release();
      return body.bytes;
    },
  };
}

function operatorOf({ keyName, key }: Proof): Operator {
  return { keyName, isAdmin: key?.rights.isAdmin === true };
}
