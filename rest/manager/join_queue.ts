import {
  createRestManager,
  type RestManager,
  type SendRequestOptions,
} from "../../deps.ts";
import {
  applicationIdOf,
  NO_APPLICATION_ID,
} from "../domain/application_id.ts";
import type { Submitter } from "../domain/ports.ts";
import { VERSION } from "../domain/version.ts";
import { rejectRequest, resolveRequest } from "./settle_request.ts";
import {
  hasForm,
  type RequestRules,
  toProxyRequest,
} from "./to_proxy_request.ts";

/** What a manager is made with. */
export interface ManagerDeps extends RequestRules {
  /** Where every call of the manager waits its turn. */
  readonly submitter: Submitter;
  readonly apiVersion: number;
}

type ApiVersion = RestManager["version"];

/** The `User-Agent` of requests whose caller has none that Discord takes: discordeno's, and this program behind it. */
export const USER_AGENT = `${
  createRestManager({ token: "", applicationId: NO_APPLICATION_ID })
    .createBaseHeaders()["user-agent"] ?? "DiscordBot"
} Sluice/${VERSION}`;

/**
 * Lets every request of discordeno's manager and its typed helpers go through
 * our queue, with the manager's token, to the manager's base URL. Its own
 * queue, its counters and their timers never start.
 */
export function joinQueue(manager: RestManager, deps: ManagerDeps): void {
  manager.version = deps.apiVersion as ApiVersion;
  hideToken(manager, manager.token);
  const gate = new FormGate();
  const pass = (request: SendRequestOptions) =>
    forward(manager, deps, gate, request);
  manager.processRequest = pass;
  manager.sendRequest = pass;
}

/** Gives a manager that has joined the queue another token. */
export function renewManager(manager: RestManager, token: string): void {
  hideToken(manager, token);
  manager.applicationId = BigInt(applicationIdOf(token) ?? NO_APPLICATION_ID);
}

/** Keeps the token readable but out of every print, and read-only: the queue would not know of another one. */
function hideToken(manager: RestManager, value: string): void {
  Object.defineProperty(manager, "token", {
    value,
    enumerable: false,
    writable: false,
    configurable: true,
  });
}

/** Submits one request and settles it. Never throws: discordeno would not catch it. */
async function forward(
  manager: RestManager,
  deps: ManagerDeps,
  gate: FormGate,
  request: SendRequestOptions,
): Promise<void> {
  try {
    const { submitter } = deps;
    const ticket = await gate.pass(
      request.route,
      hasForm(request),
      async () =>
        submitter.submit(await toProxyRequest(manager, deps, request)),
    );
    const answer = await ticket.answer;
    await resolveRequest(request, answer);
  } catch (error) {
    rejectRequest(request, error);
  }
}

/**
 * Keeps calls to one route in the order in which they were made: writing a
 * body with files takes a moment, writing other bodies does not.
 */
class FormGate {
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
