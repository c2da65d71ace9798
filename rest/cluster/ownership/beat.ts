import { type Member, readMember } from "./records.ts";

/** What a proxy asks of Redis in one go, and all of it happens at one moment. */
export interface Beat {
  /** `gone` takes us off the list of members. */
  readonly presence: "here" | "leaving" | "gone";
  /** As far as we know; where it is not so any more, nothing is taken. */
  readonly joined: number;
  /** The version of the members we know. */
  readonly knows: number;
  readonly renew: readonly Held[];
  readonly release: readonly Held[];
  readonly take: readonly Take[];
}

/** A scope that we have, or had, by this epoch. */
export interface Held {
  readonly scope: string;
  readonly epoch: number;
}

/** A scope that we would have, if its record is still the one we saw. */
export interface Take {
  readonly scope: string;
  /** The record's text; "" for none. */
  readonly seen: string;
  /** The new epoch is higher than this. */
  readonly aboveEpoch: number;
  /** Only if its last owner knew of us. */
  readonly mustBeKnown: boolean;
}

/** What Redis said, all of one moment. */
export interface BeatReply {
  /** Redis' clock. */
  readonly redisMs: number;
  readonly version: number;
  readonly joined: number;
  readonly members: readonly Member[];
  /** Texts of records, by scope. */
  readonly records: ReadonlyMap<string, string>;
  /** What this very beat took. */
  readonly taken: readonly Held[];
}

/** The words of the script that carries a beat out. */
export function beatWords(id: string, url: string, beat: Beat): string[] {
  const { presence, joined, knows, renew, release, take } = beat;
  const held = (list: readonly Held[]) => [
    list.length,
    ...list.flatMap(({ scope, epoch }) => [scope, epoch]),
  ];
  const words = [
    id,
    url,
    presence,
    joined,
    knows,
    ...held(renew),
    ...held(release),
    take.length,
    ...take.flatMap(({ scope, seen, aboveEpoch, mustBeKnown }) => [
      scope,
      seen,
      aboveEpoch,
      mustBeKnown ? 1 : 0,
    ]),
  ];
  return words.map(String);
}

/** Reads what the script gave back; undefined where it is none of ours. Members that are none are left out. */
export function readBeatReply(
  reply: unknown,
  isMember: (member: Member) => boolean = () => true,
): BeatReply | undefined {
  if (!Array.isArray(reply) || reply.length !== 6) return undefined;
  const [redisMs, version, joined, members, records, taken] = reply;
  return {
    redisMs: Number(redisMs),
    version: Number(version),
    joined: Number(joined),
    members: pairsOf(members).flatMap(([id, text]) => {
      const member = readMember(id, text);
      return member === undefined || !isMember(member) ? [] : [member];
    }),
    records: new Map(pairsOf(records)),
    taken: pairsOf(taken).map(([scope, epoch]) => ({
      scope,
      epoch: Number(epoch),
    })),
  };
}

function pairsOf(flat: unknown): [string, string][] {
  if (!Array.isArray(flat)) return [];
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    pairs.push([String(flat[at]), String(flat[at + 1])]);
  }
  return pairs;
}
