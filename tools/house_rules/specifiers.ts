/** Called with every file or package that a file names: static or dynamic, for values or types. */
export type OnSpecifier = (specifier: string, node: Deno.lint.Node) => void;

/** Visits every way to name another file; `onComputed` gets dynamic imports of a computed name. */
export function specifierVisitor(
  onSpecifier: OnSpecifier,
  onComputed?: (node: Deno.lint.Node) => void,
): Deno.lint.LintVisitor {
  const ofSource = (source: Deno.lint.StringLiteral | null) => {
    if (source !== null) onSpecifier(source.value, source);
  };
  return {
    ImportDeclaration: (node) => ofSource(node.source),
    ExportNamedDeclaration: (node) => ofSource(node.source),
    ExportAllDeclaration: (node) => ofSource(node.source),
    ImportExpression(node) {
      const text = stringOf(node.source);
      if (text === undefined) onComputed?.(node);
      else onSpecifier(text, node);
    },
    TSImportType(node) {
      if (node.argument.type !== "TSLiteralType") return;
      const text = stringOf(node.argument.literal);
      if (text !== undefined) onSpecifier(text, node);
    },
  };
}

function stringOf(node: Deno.lint.Node): string | undefined {
  if (node.type !== "Literal" || typeof node.value !== "string") return;
  return node.value;
}
