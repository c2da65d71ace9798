import type { Owner, Peer } from "../domain/owners.ts";
import type { AskPeer } from "./ask_peer.ts";
import type { Asked, Question } from "./ownership/questions.ts";
import type { Member } from "./ownership/records.ts";
import type { PeerAddress } from "./ownership/state.ts";
import type { SignedAddresses } from "./secrets.ts";

/** What a book is made with. */
export interface PeerBookDeps {
  readonly addresses: SignedAddresses;
  readonly ask: AskPeer;
  /** The other proxies, their addresses as they stand in Redis. */
  readonly signed: () => readonly Peer[];
}

/** Where the other proxies are: whose address is not signed is none of them, and the key of the peers does not go there. */
export class PeerBook {
  readonly #deps: PeerBookDeps;

  constructor(deps: PeerBookDeps) {
    this.#deps = deps;
  }

  readonly isMember = ({ id, url }: Pick<Member, "id" | "url">): boolean =>
    this.#deps.addresses.open(id, url) !== undefined;

  readonly peers = (): Peer[] =>
    this.#deps.signed().flatMap((peer) => {
      const url = this.#deps.addresses.open(peer.id, peer.url);
      return url === undefined ? [] : [{ ...peer, url }];
    });

  /** The same with an address that can be reached; undefined: it is nobody's. */
  opened(owner: Extract<Owner, { kind: "peer" }>): Owner | undefined {
    const url = this.#deps.addresses.open(owner.id, owner.url);
    return url === undefined ? undefined : { ...owner, url };
  }

  async ask({ id, url }: PeerAddress, question: Question): Promise<Asked> {
    const opened = this.#deps.addresses.open(id, url);
    if (opened === undefined) return "silent";
    return await this.#deps.ask({ id, url: opened }, question);
  }

  /** What has changed in Redis is seen at once, and not only at their next beat. */
  letLook(): void {
    for (const peer of this.#deps.signed()) {
      void this.ask(peer, { kind: "look" });
    }
  }
}
