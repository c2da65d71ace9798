/** Where a member of a JSON object stands in its text. */
export interface JsonMember {
  readonly name: string;
  /** Where its value begins, white space before it included, and ends. */
  readonly start: number;
  readonly end: number;
}

/** The members of the object that `text` is, which must be valid JSON. */
export function membersOf(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  let depth = 0;
  let nameAt = 0;
  let colonAt = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = stringEnd(text, at);
        break;
      case "{":
      case "[":
        if (++depth === 1) nameAt = at + 1;
        break;
      case ":":
        if (depth === 1) colonAt = at;
        break;
      case "}":
      case "]":
      case ",": {
        const isMember = depth === 1 && colonAt > nameAt;
        if (isMember) {
          const name = JSON.parse(text.slice(nameAt, colonAt)) as string;
          members.push({ name, start: colonAt + 1, end: at });
        }
        if (depth === 1) nameAt = at + 1;
        if (text[at] !== ",") depth--;
      }
    }
  }
  return members;
}

/** Index of the quote that ends the string which begins at `from`. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
