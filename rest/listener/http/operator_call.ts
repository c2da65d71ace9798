import type { Operator, OperatorCall } from "../../domain/ports.ts";
import { remoteHostOf } from "../caller_of.ts";
import type { Proof } from "../authorize.ts";
import { admitSelf, type Visit } from "./admit.ts";
import { readBody } from "./body.ts";
import type { Desk } from "./desk.ts";

/** A form with a key, or what an operator wants done: a few words. */
const BODY_BYTES_MAX = 16 * 1024;

/** A visit as the operators' paths see it. */
export function operatorCallOf(
  visit: Visit,
  target: string,
  pathKey: string | undefined,
  { authorizer, bodies }: Desk,
): OperatorCall {
  const { request, fields, info } = visit;
  const address = remoteHostOf(info);
  return {
    method: request.method,
    target,
    headers: fields,
    address,
    isEncrypted: request.url.startsWith("https:"),
    shown: () => operatorOf(admitSelf(visit, pathKey, authorizer)),
    holderOf(key) {
      const nothing = { authorization: null, pathKey: undefined, botId: null };
      const proof = authorizer.prove({
        ...nothing,
        restAuthorization: key,
        address,
      });
      return proof && operatorOf(proof);
    },
    async readBody() {
      const bodyLimitBytes = Math.min(BODY_BYTES_MAX, bodies.bodyLimitBytes);
      const body = await readBody(request, fields, {
        ...bodies,
        bodyLimitBytes,
      });
      bodies.held.give(body.heldBytes);
      return body.bytes;
    },
  };
}

function operatorOf({ keyName, key }: Proof): Operator {
  return { keyName, isAdmin: key?.rights.isAdmin === true };
}
