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

/** Writes an outcome down. */
export function encodeOutcome(outcome: StoredOutcome): RowOutcome {
  switch (outcome.kind) {
    case "answer": {
      const { status, headers, body } = outcome.answer;
      return rowOf(
        {
          answer: status,
          headers,
          ...body === undefined ? {} : { hasBody: true },
        },
        body,
      );
    }
    case "refusal": {
      const { code, message, status, sent, retryAfterMs } = outcome.refusal;
      return rowOf({
        refusal: code,
        message,
        status,
        sent,
        ...retryAfterMs === undefined ? {} : { retryAfterMs },
      });
    }
    case "shortened":
      return rowOf({ shortened: outcome.status });
  }
}

function rowOf(
  head: OutcomeHead,
  body?: Uint8Array<ArrayBuffer> | undefined,
): RowOutcome {
  return { head: JSON.stringify(head), body };
}

/** Reads an outcome again; throws where it was not written by `encodeOutcome`. */
export function decodeOutcome({ head: text, body }: RowOutcome): StoredOutcome {
  const head: Partial<AnswerHead & RefusalHead & ShortenedHead> = JSON.parse(
    text,
  );
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
