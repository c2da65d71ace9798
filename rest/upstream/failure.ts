import { UpstreamFailure } from "../domain/ports.ts";

/** Time-outs of connecting: ours, and the kernel's if that is shorter. */
const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  "CONNECT_TIMEOUT",
  "ETIMEDOUT",
]);

/** A code or a class name, never a sentence: sentences hold addresses. */
const CODE = /^\w{1,60}$/;

/** Reduces a foreign error to its code; its message and causes may hold a URL with a token in it. */
export function failureOf(
  error: unknown,
  { mayHaveArrived }: { readonly mayHaveArrived: boolean },
): UpstreamFailure {
  const code = codeOf(error);
  return new UpstreamFailure(code, {
    isTimeout: TIMEOUT_CODES.has(code),
    mayHaveArrived,
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  const told = "code" in error ? error.code : undefined;
  if (typeof told === "string" && CODE.test(told)) return told;
  return CODE.test(error.name) ? error.name : "UNKNOWN";
}
