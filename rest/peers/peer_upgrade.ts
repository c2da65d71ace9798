import type { FactSink } from "../domain/fact.ts";
import type { Secret } from "../domain/secret.ts";
import type { Authorizer } from "../listener/access/authorize.ts";
import type { KeyRing } from "../listener/access/key_ring.ts";
import { fieldOf } from "../listener/http/fields.ts";
import type { UpgradeHandler } from "../listener/http/incoming_request.ts";
import type { WebSocketEndpoint } from "../listener/websocket/endpoint.ts";
import type { Identities } from "./peer_call.ts";
import {
  noCallRefusal,
  peerCheck,
  refused,
  strangerRefusal,
} from "./peer_refusals.ts";
import { readRepCall, startOf } from "./rep_call.ts";
import type { RepDoor } from "./rep_door.ts";
import { PEER_CALL_HEADER } from "./wire.ts";

/** What WebSockets of doors are let in with. */
export interface PeerUpgradeDeps {
  readonly key: Secret;
  readonly facts: FactSink;
  readonly keys: KeyRing;
  readonly identities: Identities;
  readonly authorizer: Authorizer;
  readonly sockets: Pick<WebSocketEndpoint, "accept">;
  readonly door: RepDoor;
}

/** Lets a door's WebSocket in, whose frames are those of the caller behind it. */
export function createPeerUpgrade(
  deps: PeerUpgradeDeps,
): UpgradeHandler {
  const isPeer = peerCheck(deps.key);
  return (request) => {
    try {
      if (!isPeer(request)) throw strangerRefusal();
      const call = readRepCall(fieldOf(request.fields, PEER_CALL_HEADER));
      if (call === undefined) throw noCallRefusal();
      const start = startOf(call, deps);
      const here = deps.sockets.accept(start);
      return {
        protocol: undefined,
        listener: deps.door.enterRelayed(start, here),
      };
    } catch (error) {
      return refused(error, "", request, deps.facts);
    }
  };
}
