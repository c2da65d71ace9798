import { type Members, memberVisitor, newMembers } from "./_members.ts";

/** A source file of ours as the linter's own parser reads it. */
export interface SourceFile {
  readonly place: string;
  /** Places of ours it names, and which of their exports; `*` is all of them. */
  readonly imports: readonly Imported[];
  readonly exports: readonly Exported[];
  /** How often each word stands in it, its own declaration included. */
  readonly words: ReadonlyMap<string, number>;
  readonly members: Members;
}

/** One name that a file exports. */
export interface Exported {
  readonly name: string;
  readonly isType: boolean;
}

interface Imported extends Exported {
  readonly place: string;
}

interface Draft {
  readonly imports: Imported[];
  readonly exports: Exported[];
  readonly words: Map<string, number>;
  readonly members: Members;
}

const EVERYTHING: Exported = { name: "*", isType: false };
const NOTHING: Exported = { name: "", isType: false };

/** Made by tasks, not written. */
const IGNORED = new Set(["node_modules", "dist", "coverage"]);

const ROOT = new URL("../../", import.meta.url);

/** Every TypeScript file of the project, as a place: `rest/routes/route_of.ts`. */
export function allPlaces(folder = ""): string[] {
  const places: string[] = [];
  for (const entry of Deno.readDirSync(new URL(folder || ".", ROOT))) {
    if (entry.name.startsWith(".") || IGNORED.has(entry.name)) continue;
    const place = folder + entry.name;
    if (entry.isDirectory) places.push(...allPlaces(`${place}/`));
    else if (place.endsWith(".ts")) places.push(place);
  }
  return places.sort();
}

/** Reads the text of a file of the project. */
export function textOf(place: string): string {
  return Deno.readTextFileSync(new URL(place, ROOT));
}

/** True when the project has this file or folder. */
export function isThere(place: string): boolean {
  try {
    Deno.statSync(new URL(place, ROOT));
    return true;
  } catch {
    return false;
  }
}

/** Reads what a file imports and exports. */
export function readSource(place: string, source = textOf(place)): SourceFile {
  const members = newMembers();
  const draft: Draft = { imports: [], exports: [], words: new Map(), members };
  const rules = {
    names: { create: () => visitorOf(place, draft) },
    members: { create: () => memberVisitor(members) },
  };
  Deno.lint.runPlugin({ name: "reader", rules }, place, source);
  return { place, ...draft };
}

function visitorOf(place: string, draft: Draft): Deno.lint.LintVisitor {
  const take = (specifier: string, { name, isType }: Exported) => {
    if (!specifier.startsWith(".")) return;
    const target = new URL(specifier, `file:///${place}`).pathname.slice(1);
    draft.imports.push({ place: target, name, isType });
  };
  return {
    Identifier({ name }) {
      draft.words.set(name, (draft.words.get(name) ?? 0) + 1);
    },
    ImportDeclaration({ source, specifiers, importKind }) {
      if (specifiers.length === 0) take(source.value, NOTHING);
      for (const specifier of specifiers) {
        const kind = specifier.type === "ImportSpecifier"
          ? specifier.importKind
          : "value";
        const isType = importKind === "type" || kind === "type";
        take(source.value, { name: importedName(specifier), isType });
      }
    },
    ExportAllDeclaration: ({ source }) => take(source.value, EVERYTHING),
    ExportNamedDeclaration(node) {
      for (const { local, exported, exportKind } of node.specifiers) {
        const isType = node.exportKind === "type" || exportKind === "type";
        const name = textIn(local);
        if (node.source !== null) take(node.source.value, { name, isType });
        draft.exports.push({ name: textIn(exported), isType });
      }
      if (node.declaration !== null) {
        draft.exports.push(...declared(node.declaration));
      }
    },
    ImportExpression({ source }) {
      if (source.type === "Literal") take(String(source.value), EVERYTHING);
    },
    TSImportType({ argument, qualifier }) {
      if (argument.type !== "TSLiteralType") return;
      if (argument.literal.type !== "Literal") return;
      const name = qualifier?.type === "Identifier" ? qualifier.name : "*";
      take(String(argument.literal.value), { name, isType: true });
    },
  };
}

function importedName(
  specifier: Deno.lint.ImportDeclaration["specifiers"][number],
): string {
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  return textIn(specifier.imported);
}

function declared(
  node: NonNullable<Deno.lint.ExportNamedDeclaration["declaration"]>,
): Exported[] {
  switch (node.type) {
    case "VariableDeclaration":
      return node.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [{ name: id.name, isType: false }] : []
      );
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return [{ name: node.id.name, isType: true }];
    case "ClassDeclaration":
    case "FunctionDeclaration":
      return node.id === null ? [] : [{ name: node.id.name, isType: false }];
    default:
      return [];
  }
}

function textIn(node: Deno.lint.Identifier | Deno.lint.StringLiteral): string {
  return node.type === "Identifier" ? node.name : node.value;
}
