import type { HeaderList } from "../../domain/headers.ts";
import type { RowOutcome } from "../../domain/journal_store.ts";
import { Refusal, type RefusalCode, REFUSALS } from "../../domain/refusal.ts";

/** An answer that is held whole, to be handed out later. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** What became of a request, as far as somebody may ask for it. */
export type StoredOutcome =
  | { readonly kind: "answer"; readonly answer: StoredAnswer }
  | { readonly kind: "refusal"; readonly refusal: Refusal }
  /** It was executed; its body was given up, or holds a token. */
  | { readonly kind: "shortened"; readonly status: number };

interface AnswerHead {
  readonly answer: number;
  readonly headers: HeaderList;
  readonly hasBody?: true;
}

interface RefusalHead {
  readonly refusal: RefusalCode;
  readonly message: string;
  readonly status: number;
  readonly sent: false | true | null;
  readonly retryAfterMs?: number;
}

interface ShortenedHead {
  readonly shortened: number;
}

type OutcomeHead = AnswerHead | RefusalHead | ShortenedHead;

/** Writes an outcome down; `print` tells a write without a name from all that are not its second try. */
export function encodeOutcome(outcome: StoredOutcome, print = ""): RowOutcome {
  const { head, body } = encoded(outcome);
  const whole = print === "" ? head : { ...head, print };
  return { head: JSON.stringify(whole), body };
}

interface Encoded {
  readonly head: OutcomeHead;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

function encoded(outcome: StoredOutcome): Encoded {
  switch (outcome.kind) {
    case "answer": {
      const { status, headers, body } = outcome.answer;
      const hasBody = body === undefined ? {} : { hasBody: true } as const;
      return { head: { answer: status, headers, ...hasBody }, body };
    }
    case "refusal": {
      const { code, message, status, sent, retryAfterMs } = outcome.refusal;
      const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
      return { head: { refusal: code, message, status, sent, ...retry } };
    }
    case "shortened":
      return { head: { shortened: outcome.status } };
  }
}

/** What was read of an outcome. */
interface Decoded {
  readonly outcome: StoredOutcome;
  /** Of the write that had it; undefined where that had a name. */
  readonly print: string | undefined;
}

type AnyHead = Partial<AnswerHead & RefusalHead & ShortenedHead>;

/** Reads an outcome again; throws where it was not written by `encodeOutcome`. */
export function decodeOutcome({ head: text, body }: RowOutcome): Decoded {
  const { print, ...head }: AnyHead & { print?: unknown } = JSON.parse(text);
  return {
    outcome: outcomeIn(head, body),
    print: typeof print === "string" ? print : undefined,
  };
}

function outcomeIn(head: AnyHead, body: RowOutcome["body"]): StoredOutcome {
  if (head.answer !== undefined) {
    const { answer: status, headers = [], hasBody } = head;
    return {
      kind: "answer",
      answer: {
        status,
        headers,
        body: hasBody === true ? body ?? new Uint8Array() : undefined,
      },
    };
  }
  if (head.shortened !== undefined) {
    return { kind: "shortened", status: head.shortened };
  }
  const { refusal, message, status, sent, retryAfterMs } = head;
  if (
    refusal === undefined || REFUSALS[refusal] === undefined ||
    message === undefined || status === undefined || sent === undefined
  ) {
    throw new Error("Cannot read an outcome of the journal: it is damaged");
  }
  return {
    kind: "refusal",
    refusal: new Refusal(refusal, message, {
      status,
      sent,
      ...retryAfterMs === undefined ? {} : { retryAfterMs },
    }),
  };
}
