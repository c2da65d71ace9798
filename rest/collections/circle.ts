/** What a member of a circle carries: its neighbours, both undefined while outside. */
export interface CircleNode<N> {
  next: N | undefined;
  previous: N | undefined;
}

/**
 * Members in a circle, one of them the first; whoever joins, joins at the end,
 * which is just before the first. Every operation takes constant time, and
 * nothing is left of who has gone.
 */
export interface Circle<N> {
  first: N | undefined;
}

/** Puts `node` at the end. */
export function append<N extends CircleNode<N>>(
  circle: Circle<N>,
  node: N,
): void {
  const { first } = circle;
  if (first === undefined) {
    node.next = node;
    node.previous = node;
    circle.first = node;
  } else {
    insertBefore(first, node);
  }
}

/** Puts `node` right before `mark`; who is first does not change. */
export function insertBefore<N extends CircleNode<N>>(mark: N, node: N): void {
  const { previous } = mark;
  node.next = mark;
  node.previous = previous;
  if (previous !== undefined) previous.next = node;
  mark.previous = node;
}

/** Takes `node` out; if it was the first, the one after it is that now. */
export function unlink<N extends CircleNode<N>>(
  circle: Circle<N>,
  node: N,
): void {
  const { next, previous } = node;
  if (next === node) {
    circle.first = undefined;
  } else {
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    if (circle.first === node) circle.first = next;
  }
  node.next = undefined;
  node.previous = undefined;
}

/** Sends the first to the end. */
export function turn<N extends CircleNode<N>>(circle: Circle<N>): void {
  circle.first = circle.first?.next;
}
