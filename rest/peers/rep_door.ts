import { NOBODY } from "../domain/identity.ts";
import type { Owners } from "../domain/owners.ts";
import type { Clock } from "../domain/ports.ts";
import type { Secret } from "../domain/secret.ts";
import type { Authorizer } from "../listener/access/authorize.ts";
import type { SocketListener } from "../listener/http/incoming_request.ts";
import type { AdmittedUpgrade } from "../listener/websocket/admit_upgrade.ts";
import type { ConnectionStart } from "../rep/connections/connection.ts";
import type { Principal } from "../rep/connections/principal.ts";
import { DoorSocket, type DoorSocketDeps } from "./door_socket.ts";
import { Lookout } from "./lookout.ts";
import { peerIdentityOf } from "./peer_call.ts";
import { type RepCall, writeRepCall } from "./rep_call.ts";

/** What the door for WebSockets is made with. */
export interface RepDoorDeps {
  readonly owners: Owners;
  readonly key: Secret;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly caCertificates: string | undefined;
}

/** How often a drain looks whether a relayed socket waits for nothing any more. */
const LOOK_MS = 50;

/**
 * The way in for WebSockets of several proxies: each is served where its bot is
 * owned, here or over a link to its owner, which sees the same frames.
 */
export class RepDoor {
  readonly #deps: RepDoorDeps;
  readonly #lookout: Lookout;
  readonly #sockets = new Set<DoorSocket>();

  constructor(deps: RepDoorDeps) {
    this.#deps = deps;
    this.#lookout = new Lookout(
      deps.owners,
      (scope) => this.#tellOwnerChanged(scope),
    );
  }

  /** Says who listens to a caller's socket; `here` does where its bot is ours. */
  enter(upgrade: AdmittedUpgrade, here: SocketListener): SocketListener {
    return this.#add(here, upgrade.start, {
      mayRelay: true,
      call: (keptBackMs) => this.#callOf(upgrade, keptBackMs),
    });
  }

  /** Says who listens to a socket that another door relays. */
  enterRelayed(start: ConnectionStart, here: SocketListener): SocketListener {
    return this.#add(here, start, { mayRelay: false, call: () => "" });
  }

  /** Closes relayed sockets as soon as nothing is under way on them, and all of them after `forMs`. */
  async drain(forMs: number): Promise<void> {
    const { clock } = this.#deps;
    const endAtMs = clock.nowMs() + forMs;
    for (;;) {
      const isOver = clock.nowMs() >= endAtMs;
      const relayed = [...this.#sockets].filter((one) => one.isRelayed);
      for (const one of relayed) if (isOver || one.isQuiet) one.restart();
      if (isOver || relayed.length === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.wakeAt(Math.min(clock.nowMs() + LOOK_MS, endAtMs), resolve);
      await promise;
    }
  }

  #add(
    here: SocketListener,
    start: ConnectionStart,
    way: Pick<DoorSocketDeps, "mayRelay" | "call">,
  ): SocketListener {
    const { owners, clock, key, caCertificates } = this.#deps;
    const socket: DoorSocket = new DoorSocket({
      owners,
      clock,
      key,
      caCertificates,
      here,
      start,
      ...way,
      scopeOf: (principal) => this.#scopeOf(principal),
      onScope: (scope) => this.#lookout.watch(scope),
      onEnd: () => this.#sockets.delete(socket),
    });
    this.#sockets.add(socket);
    return socket;
  }

  #tellOwnerChanged(scope: string): boolean {
    const those = [...this.#sockets].filter((one) => one.scope === scope);
    for (const one of those) one.ownerChanged();
    return those.length > 0;
  }

  /** Undefined: its requests need no bot, so it is served where it is. */
  #scopeOf(principal: Principal): string | undefined {
    const { identityId } = principal;
    return identityId === NOBODY.id
      ? undefined
      : this.#deps.owners.scopeOfIdentity(identityId);
  }

  #callOf(
    { start, evidence, clientName }: AdmittedUpgrade,
    keptBackMs: number | undefined,
  ): string {
    const proof = start.principal && this.#deps.authorizer.prove(evidence);
    const call: RepCall = {
      keyName: proof?.keyName,
      brought: proof?.brought && peerIdentityOf(proof.brought),
      botId: evidence.botId,
      clientName,
      address: evidence.address,
      hasOptedIn: start.hasOptedIn,
      origins: start.origins,
      keptBackMs,
    };
    return writeRepCall(call);
  }
}
