/** What a file says of the members of types, classes and constant objects. */
export interface Members {
  readonly declared: Member[];
  /** Names of members whose value somebody asks for. */
  readonly read: Set<string>;
  /** Constants that are used as a whole: any of their members may be meant. */
  readonly usedWhole: Set<string>;
}

/** A member and what it belongs to. */
export interface Member {
  readonly owner: string;
  readonly name: string;
  /** Set for a member of a constant object. */
  readonly isOfConstant: boolean;
}

type Node = Deno.lint.Node;

/** Nothing has been read yet. */
export function newMembers(): Members {
  return { declared: [], read: new Set(), usedWhole: new Set() };
}

/** Notes every member that a file declares or reads. Names are all it knows: it sees no types. */
export function memberVisitor(members: Members): Deno.lint.LintVisitor {
  return { ...declarations(members), ...readings(members) };
}

function declarations({ declared }: Members): Deno.lint.LintVisitor {
  const declare = (node: Node & { key: Node; computed: boolean }) => {
    const name = node.computed ? undefined : nameOf(node.key);
    if (name === undefined) return;
    declared.push({ owner: ownerOf(node), name, isOfConstant: false });
  };
  return {
    TSPropertySignature: declare,
    TSMethodSignature: declare,
    PropertyDefinition: declare,
    MethodDefinition(node) {
      if (node.kind !== "constructor") declare(node);
    },
    VariableDeclarator({ id, init, parent }) {
      const object = init === null ? undefined : objectIn(init);
      if (object === undefined || id.type !== "Identifier") return;
      const { type } = parent.parent;
      if (type !== "Program" && type !== "ExportNamedDeclaration") return;
      for (const property of object.properties) {
        if (property.type !== "Property" || property.computed) continue;
        const name = nameOf(property.key);
        if (name === undefined) continue;
        declared.push({ owner: id.name, name, isOfConstant: true });
      }
    },
  };
}

function readings({ read, usedWhole }: Members): Deno.lint.LintVisitor {
  return {
    MemberExpression(node) {
      if (isOnlyWritten(node)) return;
      const { property, computed } = node;
      const name = computed && property.type !== "Literal"
        ? undefined
        : nameOf(property);
      if (name !== undefined) read.add(name);
    },
    Property({ key, computed, parent }) {
      const name = computed ? undefined : nameOf(key);
      if (parent.type === "ObjectPattern" && name !== undefined) read.add(name);
    },
    BinaryExpression({ operator, left }) {
      const name = operator === "in" ? nameOf(left) : undefined;
      if (name !== undefined) read.add(name);
    },
    Identifier(node) {
      if (isWholeUse(node)) usedWhole.add(node.name);
    },
  };
}

/** `x.name = 1` and a lone `x.name++` ask for nothing. */
function isOnlyWritten(node: Deno.lint.MemberExpression): boolean {
  const { parent } = node;
  const isLone = parentOf(parent)?.type === "ExpressionStatement";
  if (parent.type === "UpdateExpression") return isLone;
  if (parent.type !== "AssignmentExpression") return false;
  if (!isSame(parent.left, node)) return false;
  const { operator } = parent;
  const isShort = operator === "??=" || operator === "||=" ||
    operator === "&&=";
  return operator === "=" || isLone && !isShort;
}

function isWholeUse(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  switch (parent.type) {
    case "VariableDeclarator":
      return !isSame(parent.id, node);
    case "MemberExpression":
      if (isSame(parent.object, node)) return parent.computed;
      return parent.computed;
    case "ImportSpecifier":
    case "PropertyDefinition":
    case "TSPropertySignature":
      return false;
    default:
      return true;
  }
}

function objectIn(node: Node): Deno.lint.ObjectExpression | undefined {
  if (node.type === "ObjectExpression") return node;
  const isWrapped = node.type === "TSAsExpression" ||
    node.type === "TSSatisfiesExpression";
  return isWrapped ? objectIn(node.expression) : undefined;
}

/** The name of the type, class or constant around a member. */
function ownerOf(node: Node): string {
  for (let at: Node | undefined = node; at !== undefined; at = parentOf(at)) {
    switch (at.type) {
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
      case "ClassDeclaration":
      case "FunctionDeclaration":
      case "VariableDeclarator":
        return at.id === null ? "" : nameOf(at.id) ?? "";
    }
  }
  return "";
}

function parentOf(node: Node): Node | undefined {
  return "parent" in node ? node.parent as Node ?? undefined : undefined;
}

function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "PrivateIdentifier":
      return `#${node.name}`;
    case "Literal":
      return typeof node.value === "string" ? node.value : undefined;
    default:
      return undefined;
  }
}

function isSame(one: Node, other: Node): boolean {
  return one.range[0] === other.range[0] && one.range[1] === other.range[1];
}
