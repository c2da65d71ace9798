import { isWithin, placeOf } from "./place.ts";

type Comment = Deno.lint.LineComment | Deno.lint.BlockComment;

/** A sentence begins with a capital, a digit or a name in backticks, and ends with a stop. */
const SENTENCE = /^["“(]?[\p{Lu}\d`_][^]*?[.:!?…][)”"]?(?:\s|$)/u;

/** Every export of `rest/` and `client/` says in a sentence what it is for. */
export const docstrings: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (!isWithin(place, "rest") && !isWithin(place, "client")) return {};
    // The first overload speaks for all of them.
    const seen = new Set<string>();
    return {
      ExportNamedDeclaration(node) {
        for (const name of namesOf(node)) {
          if (seen.has(name)) continue;
          seen.add(name);
          if (hasSentence(commentAbove(node, context.sourceCode))) continue;
          context.report({
            node,
            message: `${name} is exported without a sentence on what it is for`,
            hint: "Put a docstring above it: what it is for, units, errors",
          });
        }
      },
    };
  },
};

/** The comment right above a node; directives to the linter may stand between. */
function commentAbove(
  node: Deno.lint.Node,
  source: Deno.lint.SourceCode,
): Comment | undefined {
  const text = source.getText();
  let [top] = node.range;
  for (const comment of source.getCommentsBefore(node).reverse()) {
    // Comments further up belong to other nodes.
    if (text.slice(comment.range[1], top).trim() !== "") return undefined;
    if (!comment.value.trimStart().startsWith("deno-lint-")) return comment;
    top = comment.range[0];
  }
  return undefined;
}

/** What a declaration is called; re-exports have their sentence where they are declared. */
function namesOf(
  { declaration }: Deno.lint.ExportNamedDeclaration,
): string[] {
  switch (declaration?.type) {
    case "FunctionDeclaration":
    case "TSDeclareFunction":
    case "ClassDeclaration":
      return declaration.id === null ? [] : [declaration.id.name];
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      return [declaration.id.name];
    case "VariableDeclaration":
      return declaration.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [id.name] : []
      );
    default:
      return [];
  }
}

/** Only a docstring counts, two stars at its beginning: editors and `deno doc` show nothing else. */
function hasSentence(comment: Comment | undefined): boolean {
  if (comment?.type !== "Block" || !comment.value.startsWith("*")) return false;
  const text = comment.value.replaceAll(/^\s*\*+ ?/gm, "").trim();
  return SENTENCE.test(text.split(/^@/m)[0] ?? "");
}
