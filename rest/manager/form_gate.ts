/**
 * Keeps calls to one route in the order in which they were made: writing a
 * body with files takes a moment, writing other bodies does not.
 */
export class FormGate {
  /** The last body with files of each route that is still being written. */
  readonly #forms = new Map<string, Promise<unknown>>();

  /** Runs `queue`, which writes the body and submits the request, once all earlier forms of this route are submitted. */
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
