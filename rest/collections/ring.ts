/** What a member of a ring carries: its neighbours, both undefined while outside. */
export interface RingNode<N> {
  next: N | undefined;
  previous: N | undefined;
}

/**
 * Members in a ring, one of them the first; whoever joins, joins at the end,
 * which is just before the first. Every operation takes constant time, and
 * nothing is left of who has gone.
 */
export interface Ring<N> {
  first: N | undefined;
}

/** Puts `node` at the end. */
export function append<N extends RingNode<N>>(
  ring: Ring<N>,
  node: N,
): void {
  const { first } = ring;
  if (first === undefined) {
    node.next = node;
    node.previous = node;
    ring.first = node;
  } else {
    insertBefore(first, node);
  }
}

/** Puts `node` right before `mark`; who is first does not change. */
export function insertBefore<N extends RingNode<N>>(mark: N, node: N): void {
  const { previous } = mark;
  node.next = mark;
  node.previous = previous;
  if (previous !== undefined) previous.next = node;
  mark.previous = node;
}

/** Takes `node` out; if it was the first, the one after it is that now. */
export function unlink<N extends RingNode<N>>(
  ring: Ring<N>,
  node: N,
): void {
  const { next, previous } = node;
  if (next === node) {
    ring.first = undefined;
  } else {
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    if (ring.first === node) ring.first = next;
  }
  node.next = undefined;
  node.previous = undefined;
}

/** Sends the first to the end. */
export function rotate<N extends RingNode<N>>(ring: Ring<N>): void {
  ring.first = ring.first?.next;
}
