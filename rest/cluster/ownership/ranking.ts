import { hashText } from "../../routes/hash_text.ts";

/**
 * Who should own a scope, best first: each proxy draws a number for it
 * (rendezvous hashing). When one joins or leaves, only what it gains or had
 * moves; the others keep what they have.
 */
export function rankingOf(
  scope: string,
  ids: Iterable<string>,
): readonly string[] {
  return [...ids]
    .map((id) => ({
      id,
      drawn: Number.parseInt(hashText(`${scope} ${id}`), 36),
    }))
    .sort((one, other) =>
      other.drawn - one.drawn || (one.id < other.id ? -1 : 1)
    )
    .map(({ id }) => id);
}
