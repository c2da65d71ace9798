/** One member of an object, or one element of an array (then without a name), as it was spelt. */
export interface JsonChild {
  readonly name: string | undefined;
  readonly text: string;
}

/**
 * Children looked at. A frame has eight members and no query this many
 * parameters; millions of them would cost gigabytes before anything is refused.
 */
const CHILDREN_MAX = 10_000;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * Finds where the children of a JSON object or array stand in its text, so
 * that a value can go on as it was spelt, integers beyond 2^53 digit for digit.
 *
 * Undefined when the text nests deeper than `depthMax` or has too many children.
 * It may be called before anybody knows that the text is JSON: then the result
 * means nothing, but it ends.
 */
export function jsonChildren(
  text: string,
  depthMax: number,
): JsonChild[] | undefined {
  const children: JsonChild[] = [];
  let depth = 0;
  let start = 0;
  let name: string | undefined;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = stringEnd(text, index);
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > depthMax) return undefined;
      if (depth === 1) start = index + 1;
    } else if (depth === 1) {
      if (code === COLON) {
        name = text.slice(start, index);
        start = index + 1;
      } else if (
        code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET
      ) {
        const child = text.slice(start, index).trim();
        if (children.length === CHILDREN_MAX) return undefined;
        if (child !== "") children.push({ name: nameOf(name), text: child });
        name = undefined;
        start = index + 1;
        if (code !== COMMA) depth--;
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth--;
    }
  }
  return children;
}

/** Index of the quote that ends the string beginning at `from`; the text's end where none does. */
function stringEnd(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, quoteAt: number): boolean {
  let first = quoteAt;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (quoteAt - first) % 2 === 1;
}

/** A name may be spelt with escapes; what is no JSON string names nothing. */
function nameOf(spelt: string | undefined): string | undefined {
  if (spelt === undefined) return undefined;
  const trimmed = spelt.trim();
  if (!trimmed.includes("\\")) return trimmed.slice(1, -1);
  try {
    return String(JSON.parse(trimmed));
  } catch {
    return undefined;
  }
}

/** The last child of that name: where a name is repeated, the last one counts. */
export function childText(
  children: readonly JsonChild[],
  name: string,
): string | undefined {
  for (let index = children.length - 1; index >= 0; index--) {
    const child = children[index];
    if (child?.name === name) return child.text;
  }
  return undefined;
}
