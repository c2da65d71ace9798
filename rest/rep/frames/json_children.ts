/** A member of a JSON object, or an element of an array (without a name), as it was spelt. */
export interface JsonChild {
  readonly name: string | undefined;
  readonly text: string;
}

/**
 * Most children of one value. A frame has eight members, and no query has this
 * many parameters; millions of them would cost gigabytes.
 */
const CHILDREN_MAX = 10_000;

/**
 * Most values in all that stand behind a comma. Discord's largest bodies have
 * some thousands; to parse the millions that fit into a frame held every other
 * caller up for a third of a second.
 */
const COMMAS_MAX = 100_000;

/** What texts are cut at. The search of the engine passes over the rest several times as fast as a loop over characters. */
const STRUCTURE = /["{}[\],:]/g;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * Finds the texts of the children of a JSON object or array, so that values can
 * be passed on as they were spelt, integers beyond 2^53 digit for digit.
 *
 * Undefined if the text nests deeper than `depthMax` or has too many children
 * or values.
 * The text may be invalid JSON: then the function ends, too, but its result has
 * no meaning.
 */
export function jsonChildren(
  text: string,
  depthMax: number,
): JsonChild[] | undefined {
  const children: JsonChild[] = [];
  let depth = 0;
  let commas = 0;
  let start = 0;
  let name: string | undefined;
  STRUCTURE.lastIndex = 0;
  while (STRUCTURE.test(text)) {
    let index = STRUCTURE.lastIndex - 1;
    const code = text.charCodeAt(index);
    if (code === COMMA && ++commas > COMMAS_MAX) return undefined;
    if (code === QUOTE) {
      index = stringEnd(text, index);
      STRUCTURE.lastIndex = index + 1;
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

/** Index of the closing quote of the string that begins at `from`, or the end of the text. */
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

/** Reads a name, which may have escapes; undefined if it is not a JSON string. */
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

/** The text of the last child of that name: if a name is repeated, the last one counts. */
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
