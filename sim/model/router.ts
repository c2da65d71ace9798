import { type Operation, OPERATIONS } from "./operations.ts";

/** What a path means: its template, and the resource at its top. */
export interface Route {
  /** Method and template with `{}` for every parameter: what rules are matched with. */
  readonly key: string;
  readonly template: string;
  readonly operation: Operation | undefined;
  /** Values of the parameters, raw, in order. */
  readonly params: readonly string[];
  /** Channel, guild, webhook (id, or id and token) when it stands at the top; "" otherwise. */
  readonly major: string;
  readonly lane: Lane;
}

/** Which traffic a path belongs to: interactions are outside a bot's global limit. */
export type Lane = "bot" | "interaction" | "webhook";

interface Node {
  readonly literals: Map<string, Node>;
  param: Node | undefined;
  operation: Operation | undefined;
}

/** Base64 of "interaction:", with which every interaction token begins. */
const INTERACTION_TOKEN = /^aW50ZXJhY3Rpb246/;

const PARAM = /^\{[^}]*\}$/;

/** A template with its parameters' names taken away. */
export function bare(template: string): string {
  return template.split("/").map((part) => PARAM.test(part) ? "{}" : part)
    .join("/");
}

const ROOTS = buildRoots();

function buildRoots(): Map<string, Node> {
  const roots = new Map<string, Node>();
  for (const operation of OPERATIONS) {
    let node = roots.get(operation.method);
    if (node === undefined) roots.set(operation.method, node = newNode());
    for (const part of operation.template.slice(1).split("/")) {
      node = PARAM.test(part)
        ? (node.param ??= newNode())
        : literal(node, part);
    }
    node.operation = operation;
  }
  return roots;
}

function newNode(): Node {
  return { literals: new Map(), param: undefined, operation: undefined };
}

function literal(node: Node, part: string): Node {
  let next = node.literals.get(part);
  if (next === undefined) node.literals.set(part, next = newNode());
  return next;
}

/** Names the route of a raw path that begins after the version. */
export function routeOf(method: string, path: string): Route {
  const parts = path.split("/").slice(1);
  const params: string[] = [];
  const root = ROOTS.get(method);
  const operation = root && walk(root, parts, 0, params);
  const template = operation === undefined
    ? genericTemplate(parts, params)
    : bare(operation.template);
  return {
    key: `${method} ${template}`,
    template,
    operation,
    params,
    ...resourceOf(parts),
  };
}

/** Literal segments win over parameters; a dead end goes back one step. */
function walk(
  node: Node,
  parts: readonly string[],
  index: number,
  params: string[],
): Operation | undefined {
  const part = parts[index];
  if (part === undefined) return node.operation;
  const exact = node.literals.get(part);
  const found = exact && walk(exact, parts, index + 1, params);
  if (found !== undefined) return found;
  if (node.param === undefined || part === "") return undefined;
  params.push(part);
  const deeper = walk(node.param, parts, index + 1, params);
  if (deeper === undefined) params.pop();
  return deeper;
}

const TOP_RESOURCES = new Set(["channels", "guilds", "webhooks"]);

/** An unknown path keeps its words; what looks like an id becomes a parameter. */
function genericTemplate(parts: readonly string[], params: string[]): string {
  return parts.reduce((template, part, index) => {
    const isTop = index === 1 && TOP_RESOURCES.has(parts[0] ?? "");
    const isToken = index === 2 && parts[0] === "webhooks";
    if (!isTop && !isToken && !/^\d{15,20}$/.test(part)) {
      return `${template}/${part}`;
    }
    params.push(part);
    return `${template}/{}`;
  }, "");
}

function resourceOf(parts: readonly string[]): { major: string; lane: Lane } {
  const [top, id = "", token] = parts;
  if (top === "interactions") return { major: id, lane: "interaction" };
  if (top === "webhooks" && token !== undefined && token !== "") {
    // Follow-ups are counted per interaction, not per application (#2701).
    return INTERACTION_TOKEN.test(token)
      ? { major: token, lane: "interaction" }
      : { major: `${id}/${token}`, lane: "webhook" };
  }
  const isTop = top !== undefined && TOP_RESOURCES.has(top);
  return { major: isTop ? id : "", lane: "bot" };
}
