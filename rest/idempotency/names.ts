import { Refusal, type RefusalCode } from "../domain/refusal.ts";

/** A request that is remembered by its name. */
export interface Named {
  /** Tells the request from another one under the same name. */
  readonly fingerprint: string;
}

/** Requests by the names that their callers gave them: the same name is the same request, or refused. */
export class Names<N extends Named> {
  readonly #byName = new Map<string, N>();
  readonly #reused: readonly [RefusalCode, string];

  /** `reused` is what a different request under a known name is told. */
  constructor(...reused: readonly [RefusalCode, string]) {
    this.#reused = reused;
  }

  get(name: string): N | undefined {
    return this.#byName.get(name);
  }

  /** The request of that name; refuses a different one. */
  find(name: string, fingerprint: string): N | undefined {
    const named = this.#byName.get(name);
    if (named === undefined || named.fingerprint === fingerprint) return named;
    const [code, message] = this.#reused;
    throw new Refusal(code, message);
  }

  set(name: string, named: N): void {
    this.#byName.set(name, named);
  }

  /** Frees a name, unless another request has it by now. */
  free(name: string, named: N): void {
    if (this.#byName.get(name) === named) this.#byName.delete(name);
  }
}
