import type { ProxyRequest } from "../domain/request.ts";
import { isShareableRead } from "./policies.ts";

/** Reads that have not left yet, for identical ones to share. */
export class SharedReads<R extends { readonly request: ProxyRequest }> {
  readonly #waiting = new Map<string, R>();
  readonly #keys = new Map<R, string>();

  /** The waiting read that would bring the same answer. */
  find(request: ProxyRequest): R | undefined {
    const key = keyOf(request);
    return key === undefined ? undefined : this.#waiting.get(key);
  }

  /** Lets others share this read until it leaves. */
  open(read: R): void {
    const key = keyOf(read.request);
    if (key === undefined) return;
    this.#waiting.set(key, read);
    this.#keys.set(read, key);
  }

  /** It leaves, or is over: what comes later might expect a later answer. */
  close(read: R): void {
    const key = this.#keys.get(read);
    if (key === undefined) return;
    this.#keys.delete(read);
    this.#waiting.delete(key);
  }
}

function keyOf(request: ProxyRequest): string | undefined {
  if (!isShareableRead(request)) return undefined;
  const { identity, target, headers } = request;
  const { version, path, query } = target;
  return JSON.stringify([identity.id, version, path, query, headers]);
}
