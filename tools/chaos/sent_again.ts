import type { NotedFrame, NotedReply } from "./reply_log.ts";

/** What a bot knows of the order it sent its messages in. */
export interface Sender {
  readonly name: string;
  readonly replies: readonly NotedReply[];
  /** What its processes saw on their sockets, in order; none of a bot that sends one message after the other's answer. */
  readonly frames?: readonly NotedFrame[];
}

/**
 * Of the messages that Discord made after a later one, those that had to be:
 * each was refused unsent, which its bot saw, and is behind nothing but what
 * the bot had sent before it sent that one again. Whatever else is out of order
 * is the proxy's fault, and so is what nobody can tell.
 */
export function sentAgainBehind(
  senders: readonly Sender[],
  reordered: readonly string[],
): ReadonlySet<string> {
  const byName = new Map(senders.map((sender) => [sender.name, sender]));
  return new Set(reordered.filter((mark) => {
    // The auditor names the channel first.
    const [, name = "", number] = /(\S+) (\d+)$/.exec(mark) ?? [];
    const sender = byName.get(name);
    return sender !== undefined && hadToBeBehind(sender, Number(number));
  }));
}

function hadToBeBehind(sender: Sender, number: number): boolean {
  const { replies, frames = [] } = sender;
  const wasRefused = frames.some((one) =>
    one.frame === "refused" && one.number === number
  );
  const id = replies.find((one) => one.number === number)?.id ?? null;
  if (!wasRefused || id === null) return false;
  // Discord numbers messages as they come. What nobody knows of may have come before it.
  const before = replies.filter((one) =>
    one.number > number && (one.id === null || BigInt(one.id) < BigInt(id))
  );
  const places = placesOf(frames);
  return before.some((one) => one.id !== null) &&
    before.every((one) => isSentBefore(places, one.number, number));
}

/** By the number of a message, which frame gave it its place. */
export type Places = ReadonlyMap<number, number>;

/** A message has its place from its first frame on, or from the first since it was refused last. */
export function placesOf(frames: readonly NotedFrame[]): Places {
  const places = new Map<number, number>();
  for (const [at, { frame, number }] of frames.entries()) {
    if (frame === "refused") places.delete(number);
    else if (!places.has(number)) places.set(number, at);
  }
  return places;
}

/** Whether one message had its place before another one had. */
export function isSentBefore(
  places: Places,
  one: number,
  other: number,
): boolean {
  return (places.get(one) ?? Infinity) < (places.get(other) ?? -Infinity);
}
