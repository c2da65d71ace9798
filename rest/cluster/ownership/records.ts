/** Who owns a scope, as it stands in Redis. */
export interface OwnerRecord {
  /** The id of a proxy; undefined: it was given up, and nobody has taken it. */
  readonly ownerId: string | undefined;
  /** Grows with each owner: what bears an older one is refused. */
  readonly epoch: number;
  /** When the lease ends, on Redis' clock. The record itself stays. */
  readonly untilMs: number;
  /** Members that joined up to this version are known to the owner: it goes on without Redis only if all of them consent. */
  readonly knows: number;
  readonly url: string;
}

/** A proxy that takes part, as it stands in Redis. */
export interface Member {
  readonly id: string;
  readonly url: string;
  /** The version at which it joined. */
  readonly joined: number;
  /** On Redis' clock. */
  readonly seenMs: number;
  /** It hands over what it has, and takes nothing. */
  readonly isLeaving: boolean;
}

/** Host and port of an address, without what proves whose it is. */
export function placeOf(address: string): string {
  return address.split("#", 1)[0] ?? "";
}

/** Stands in a record in place of an owner. */
const NOBODY = "-";

/** Reads a record; undefined where it is none of ours. */
export function readRecord(text: string): OwnerRecord | undefined {
  const [owner, epoch, until, knows, url] = text.split(" ");
  if (owner === undefined || url === undefined) return undefined;
  return {
    ownerId: owner === NOBODY ? undefined : owner,
    epoch: Number(epoch),
    untilMs: Number(until),
    knows: Number(knows),
    url,
  };
}

/** Reads what stands of a member; undefined where it is none of ours. */
export function readMember(id: string, text: string): Member | undefined {
  const [url, joined, seen, leaving] = text.split(" ");
  if (url === undefined || leaving === undefined) return undefined;
  return {
    id,
    url,
    joined: Number(joined),
    seenMs: Number(seen),
    isLeaving: leaving === "1",
  };
}
