import type { Fault } from "./fault.ts";

type Kind = Fault["kind"];

type MemberType = "number" | "string" | "boolean" | "list";

interface MembersOf {
  readonly needed: Readonly<Record<string, MemberType>>;
  readonly may: Readonly<Record<string, MemberType>>;
}

const EXECUTED = { isExecuted: "boolean" } as const;

/** What each kind of fault is made of. */
export const FAULT_MEMBERS: Readonly<Record<Kind, MembersOf>> = {
  status: { needed: { status: "number" }, may: EXECUTED },
  answer: {
    needed: { status: "number" },
    may: { headers: "list", body: "string", ...EXECUTED },
  },
  limited: {
    needed: { scope: "string" },
    may: {
      retryAfterMs: "number",
      retryAfterHeaderS: "number",
      code: "number",
      message: "string",
    },
  },
  block: {
    needed: {},
    may: { shape: "string", forMs: "number", hasRetryAfter: "boolean" },
  },
  reset: { needed: {}, may: EXECUTED },
  close: { needed: {}, may: { ...EXECUTED, onlyReused: "boolean" } },
  silence: { needed: {}, may: EXECUTED },
  "slow_body": { needed: { overMs: "number" }, may: {} },
  "cut_body": { needed: {}, may: {} },
  nonsense: { needed: {}, may: EXECUTED },
};

/** Throws one sentence on a fault that nobody would notice is none: a misspelt kind, a member it does not have. */
export function checkFault(fault: unknown): void {
  const { kind, ...members } = Object(fault) as Record<string, unknown>;
  const found = Object.entries(FAULT_MEMBERS).find(([name]) => name === kind);
  if (found === undefined) {
    const kinds = Object.keys(FAULT_MEMBERS).join(", ");
    throw new TypeError(
      `Cannot plan a fault of kind ${
        JSON.stringify(kind)
      }: want one of ${kinds}`,
    );
  }
  const [name, { needed, may }] = found;
  for (const member of Object.keys(needed)) {
    if (!Object.hasOwn(members, member)) {
      throw new TypeError(`Cannot plan a fault ${name}: want "${member}"`);
    }
  }
  const types = { ...needed, ...may };
  for (const [member, value] of Object.entries(members)) {
    const type = Object.entries(types).find(([each]) => each === member)?.[1];
    if (type === undefined) {
      throw new TypeError(`Cannot plan a fault ${name}: no "${member}" in it`);
    }
    if (typeOf(value) !== type) {
      throw new TypeError(
        `Cannot plan a fault ${name}: want a ${type} as "${member}"`,
      );
    }
  }
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "list" : typeof value;
}
