import assert from "node:assert/strict";
import {
  append,
  type Circle,
  type CircleNode,
  insertBefore,
  turn,
  unlink,
} from "../../rest/collections/circle.ts";

interface Node extends CircleNode<Node> {
  readonly name: string;
}

function circleOf(names: string): { circle: Circle<Node>; nodes: Node[] } {
  const circle: Circle<Node> = { first: undefined };
  const nodes = [...names].map((name) => ({
    name,
    next: undefined,
    previous: undefined,
  }));
  for (const node of nodes) append(circle, node);
  return { circle, nodes };
}

/** The names from the first on, walked forwards; backwards must give the same. */
function namesOf({ first }: Circle<Node>): string {
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

Deno.test("a circle keeps the order of joining, and its first goes to the end at a turn", () => {
  const { circle } = circleOf("abc");
  assert.equal(namesOf(circle), "abc");
  turn(circle);
  assert.equal(namesOf(circle), "bca");
});

Deno.test("a circle whose first leaves goes on with the next, until nobody is left", () => {
  const { circle, nodes: [a, b, c] } = circleOf("abc");
  const removed = [a, c, b].map((node) => {
    if (node !== undefined) unlink(circle, node);
    return namesOf(circle);
  });
  assert.deepEqual(removed, ["bc", "b", ""]);
});

Deno.test("a circle takes one in before another", () => {
  const { circle, nodes: [, b] } = circleOf("ab");
  const { nodes: [x] } = circleOf("x");
  if (b !== undefined && x !== undefined) insertBefore(b, x);
  assert.equal(namesOf(circle), "axb");
});
