/**
 * Keeps calls to one route in the order they were made, although a body with
 * files takes a moment to be written and others take none.
 */
export class FormGate {
  /** Bodies that are being queued, the last one of each route. */
  readonly #forms = new Map<string, Promise<unknown>>();

  /** Runs `queue` (write the body, hand it in) when every form of this route that came before is in. */
  async pass<T>(
    route: string,
    isForm: boolean,
    queue: () => Promise<T>,
  ): Promise<T> {
    const before = this.#forms.get(route);
    const queued = before === undefined ? queue() : before.then(queue, queue);
    if (!isForm) return await queued;
    this.#forms.set(route, queued);
    try {
      return await queued;
    } finally {
      if (this.#forms.get(route) === queued) this.#forms.delete(route);
    }
  }
}
