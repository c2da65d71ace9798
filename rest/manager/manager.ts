import {
  createRestManager,
  type RestManager,
  type SendRequestOptions,
} from "../../deps.ts";
import { NO_APPLICATION_ID } from "../domain/application_id.ts";
import type { Submitter } from "../domain/ports.ts";
import { VERSION } from "../domain/version.ts";
import { FormGate } from "./form_gate.ts";
import { reject, resolve } from "./outcome.ts";
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
  hideToken(manager);
  const gate = new FormGate();
  const pass = (request: SendRequestOptions) =>
    forward(manager, deps, gate, request);
  manager.processRequest = pass;
  manager.sendRequest = pass;
}

/** Readable by who asks for it, invisible to who prints the manager; another one would not be that of our queue. */
function hideToken(manager: RestManager): void {
  const value = manager.token;
  Object.defineProperty(manager, "token", {
    value,
    enumerable: false,
    writable: false,
  });
}

/** Never throws: discordeno calls it where nobody would catch that. */
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
    await resolve(request, answer);
  } catch (error) {
    reject(request, error);
  }
}
