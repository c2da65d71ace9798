import type { Owners } from "../domain/owners.ts";

/** Tells when a scope's owner changes: one look-out for all who want to know, since each of its own would stay until then. */
export class Lookout {
  readonly #owners: Owners;
  /** Returns whether anybody still wants to know. */
  readonly #tell: (scope: string) => boolean;
  readonly #watched = new Set<string>();

  constructor(owners: Owners, tell: (scope: string) => boolean) {
    this.#owners = owners;
    this.#tell = tell;
  }

  watch(scope: string): void {
    if (this.#watched.has(scope)) return;
    this.#watched.add(scope);
    void this.#owners.whenChanged(scope).then(() => {
      this.#watched.delete(scope);
      if (this.#tell(scope)) this.watch(scope);
    });
  }
}
