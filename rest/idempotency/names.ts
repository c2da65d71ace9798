import { Refusal, type RefusalCode } from "../domain/refusal.ts";

/** A request that is remembered by its name. */
export interface Named {
  /** Tells the request from another one under the same name. */
  readonly fingerprint: string;
}

/** Requests by the names that their callers gave them: the same name is the same request, or refused. */
export class Names<N extends Named> extends Map<string, N> {
  readonly #reused: readonly [RefusalCode, string];

  /** `reused` is what a different request under a known name is told. */
  constructor(...reused: readonly [RefusalCode, string]) {
    super();
    this.#reused = reused;
  }

  /** The request of that name; refuses a different one. */
  find(name: string, fingerprint: string): N | undefined {
    const named = this.get(name);
    if (named === undefined || named.fingerprint === fingerprint) return named;
    const [code, message] = this.#reused;
    throw new Refusal(code, message);
  }

  /** Frees a name, unless another request has it by now. */
  free(name: string, named: N): void {
    if (this.get(name) === named) this.delete(name);
  }
}
