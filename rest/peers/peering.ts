import type { FactSink } from "../domain/fact.ts";
import type { DoorFigures, Owners } from "../domain/owners.ts";
import type { Clock, Submitter } from "../domain/ports.ts";
import type { Secret } from "../domain/secret.ts";
import type { Authorizer } from "../listener/access/authorize.ts";
import type { KeyRing } from "../listener/access/key_ring.ts";
import { type BotRing, identityOf } from "../listener/access/bot_ring.ts";
import type { HttpEndpoint } from "../listener/http/endpoint.ts";
import type { HttpEndpointDeps } from "../listener/http/handler_context.ts";
import { createTargetReader } from "../listener/http/request_target.ts";
import type { MoveRequests } from "../listener/http/token_update.ts";
import type { NamedRequests } from "../listener/http/named_requests.ts";
import { fieldOf } from "../listener/http/fields.ts";
import type { Endpoint } from "../listener/http/incoming_request.ts";
import type { WebSocketEndpoint } from "../listener/websocket/endpoint.ts";
import { fixedOwner, type FixedOwners } from "./fixed_owner.ts";
import { Forwarder } from "./forwarder.ts";
import {
  namedAcross,
  type OwnPathsDeps,
  showQueueAcross,
} from "./own_paths.ts";
import { movedAcross } from "./move_requests.ts";
import { createPeerClient, type PeerClient } from "./peer_client.ts";
import { createPeerHandler } from "./peer_endpoint.ts";
import { createPeerUpgrade } from "./peer_upgrade.ts";
import type { Identities } from "./peer_call.ts";
import { RepDoor } from "./rep_door.ts";

/** What makes a proxy one of several. */
export interface PeerParts {
  readonly owners: Owners & Partial<Pick<FixedOwners, "learn">>;
  /** What all of them share (`REST_PEER_KEY`). */
  readonly key: Secret;
  /** Whether a new owner finds what the one before kept. */
  readonly isJournalShared?: boolean;
  /** Certificates of theirs to trust besides the runtime's, in PEM. */
  readonly caCertificates?: string | undefined;
}

/** What the settings say of other proxies; undefined: nothing. */
export function peersIn(
  { peerKey, peerUrl, ownerUrl }: {
    readonly peerKey: Secret | undefined;
    readonly peerUrl: string | undefined;
    readonly ownerUrl: string | undefined;
  },
  caCertificates: string | undefined,
): PeerParts | undefined {
  if (peerKey === undefined || (peerUrl ?? ownerUrl) === undefined) {
    return undefined;
  }
  return { owners: fixedOwner(ownerUrl), key: peerKey, caCertificates };
}

/** What the traffic between proxies is put together with. */
export interface PeeringDeps {
  readonly settings: {
    readonly maxWaitMs: number;
    readonly upstreamTimeoutMs: number;
    readonly connectionLimit: number;
    readonly queueLimit: number;
    readonly apiVersion: number;
  };
  /** Our own queue. */
  readonly gate: Submitter;
  /** Gives waiting requests of this process another token. */
  readonly moveRequests: MoveRequests;
  readonly bots: BotRing;
  readonly keys: KeyRing;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly facts: FactSink;
}

/** The traffic between proxies: what we hand on, and what is handed to us. */
export interface Peering {
  /** Stands before our own queue. */
  readonly forwarder: Forwarder;
  readonly doorFigures: () => DoorFigures;
  /** Stands before the conversations of this process. */
  readonly door: RepDoor;
  /** What the port for peers serves. */
  endpoint(
    http: HttpEndpoint,
    named: NamedRequests,
    sockets: WebSocketEndpoint,
  ): Endpoint;
  /** Stands before the kept requests of this process. */
  named(here: NamedRequests): NamedRequests;
  /** Gives what waits under a bearer token another one, wherever it waits. */
  readonly moveRequests: MoveRequests;
  /** Shows the queue of whoever owns what is asked about. */
  readonly showQueue: HttpEndpointDeps["showQueue"];
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** Where the bots of the settings and brought tokens become identities again. */
function identitiesOf(bots: BotRing): Identities {
  return {
    own: (id) => bots.all.find(({ identity }) => identity.id === id)?.identity,
    brought: (authorization) => identityOf(authorization, bots),
  };
}

function haveOwners({ all }: BotRing, owners: Owners): boolean {
  return all.every(({ identity }) =>
    owners.ownerOf(owners.scopeOfIdentity(identity.id)).kind !== "nobody"
  );
}

function clientOf(
  parts: PeerParts,
  { maxWaitMs, upstreamTimeoutMs, connectionLimit }: PeeringDeps["settings"],
): PeerClient {
  return createPeerClient({
    ...parts,
    // Waiting, being sent, and once more in the air when the wait ends.
    answerTimeoutMs: maxWaitMs + 2 * upstreamTimeoutMs,
    connectionsMax: connectionLimit,
  });
}

/** Puts it together; undefined where there is no other proxy. */
export function openPeering(
  parts: PeerParts | undefined,
  deps: PeeringDeps,
): Peering | undefined {
  if (parts === undefined) return undefined;
  const { settings, bots, gate: local } = deps;
  const { owners, key } = parts;
  const client = clientOf(parts, settings);
  const forwarder = new Forwarder({
    ...deps,
    ...settings,
    local,
    owners,
    isJournalShared: parts.isJournalShared === true,
    learn: owners.learn?.bind(owners),
    peers: client,
    openMax: settings.queueLimit,
  });
  const door = new RepDoor({
    ...deps,
    owners,
    key,
    caCertificates: parts.caCertificates,
  });
  const isSettled = () => haveOwners(bots, owners);
  const asking: OwnPathsDeps = {
    ...deps,
    isSettled,
    owners,
    client,
    forwarder,
    targetOf: createTargetReader({ ...settings, hasUpgrade: true }),
  };
  return {
    forwarder,
    doorFigures: () => forwarder.figures(),
    door,
    named: (here) => namedAcross(here, asking),
    moveRequests: movedAcross(deps.moveRequests, asking),
    showQueue: (target, proof, here) =>
      showQueueAcross(target, proof, here, asking),
    endpoint(http, named, sockets) {
      const identities = identitiesOf(bots);
      const own = { local, owners, key, isSettled };
      const shared = { ...deps, ...own, http, named, identities };
      return {
        handle: createPeerHandler(shared),
        isUpgrade: ({ target, fields }) =>
          target === "/rep" &&
          fieldOf(fields, "upgrade")?.toLowerCase() === "websocket",
        upgrade: createPeerUpgrade({ ...shared, sockets, door }),
      };
    },
    async close() {
      forwarder.end();
      await client.close();
    },
  };
}
