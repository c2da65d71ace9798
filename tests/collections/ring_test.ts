import assert from "node:assert/strict";
import {
  append,
  insertBefore,
  type Ring,
  type RingNode,
  rotate,
  unlink,
} from "../../rest/collections/ring.ts";

interface Node extends RingNode<Node> {
  readonly name: string;
}

function ringOf(names: string): { ring: Ring<Node>; nodes: Node[] } {
  const ring: Ring<Node> = { first: undefined };
  const nodes = [...names].map((name) => ({
    name,
    next: undefined,
    previous: undefined,
  }));
  for (const node of nodes) append(ring, node);
  return { ring, nodes };
}

/** The names from the first on, walked forwards; backwards must give the same. */
function namesOf({ first }: Ring<Node>): string {
  if (first === undefined) return "";
  let names = "";
  let node: Node | undefined = first;
  do {
    names += node?.name;
    assert.equal(node?.next?.previous, node);
    node = node?.next;
  } while (node !== first);
  return names;
}

Deno.test("a ring keeps the order of joining, and its first goes to the end at a rotate", () => {
  const { ring } = ringOf("abc");
  assert.equal(namesOf(ring), "abc");
  rotate(ring);
  assert.equal(namesOf(ring), "bca");
});

Deno.test("a ring whose first leaves goes on with the next, until nobody is left", () => {
  const { ring, nodes: [a, b, c] } = ringOf("abc");
  const removed = [a, c, b].map((node) => {
    if (node !== undefined) unlink(ring, node);
    return namesOf(ring);
  });
  assert.deepEqual(removed, ["bc", "b", ""]);
});

Deno.test("a ring takes one in before another", () => {
  const { ring, nodes: [, b] } = ringOf("ab");
  const { nodes: [x] } = ringOf("x");
  if (b !== undefined && x !== undefined) insertBefore(b, x);
  assert.equal(namesOf(ring), "axb");
});
