import {
  createRestManager,
  type RestManager,
  type SendRequestOptions,
} from "../../deps.ts";
import type { Identity } from "../domain/identity.ts";
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
  /** The bot it speaks for. */
  readonly identity: Identity;
  /** Where every call of the manager waits its turn. */
  readonly submitter: Submitter;
  readonly apiVersion: number;
  /** Where the requests go in the end, for those who ask the manager. */
  readonly baseUrl: string;
}

type ApiVersion = RestManager["version"];

/** Stands in where a token does not begin with its application's id: helpers that need one find nothing. */
const NO_APPLICATION = "0";

const BOT_ID = /^bot:(\d+)$/;

/** How discordeno puts a token in `Authorization`. */
const SCHEME = "Bot ";

/** The `User-Agent` of requests whose caller has none that Discord takes: discordeno's, and this program behind it. */
export const USER_AGENT = `${
  bareManager(NO_APPLICATION).createBaseHeaders()["user-agent"] ?? "DiscordBot"
} Sluice/${VERSION}`;

/**
 * Makes discordeno's manager with its typed helpers, whose every request goes
 * through our queue. Its own queue, its counters and their timers never start.
 */
export function createManager(deps: ManagerDeps): RestManager {
  const { identity, apiVersion, baseUrl } = deps;
  const manager = bareManager(BOT_ID.exec(identity.id)?.[1] ?? NO_APPLICATION);
  manager.version = apiVersion as ApiVersion;
  // Given as an option it would make discordeno call `fetch` by itself.
  manager.baseUrl = baseUrl;
  hideToken(manager, identity);

  const gate = new FormGate();
  const pass = (request: SendRequestOptions) =>
    forward(manager, deps, gate, request);
  manager.processRequest = pass;
  manager.sendRequest = pass;
  return manager;
}

/** With an application id discordeno does not decode the token, which can throw. */
function bareManager(applicationId: string): RestManager {
  return createRestManager({ token: "", applicationId });
}

/** Readable by who asks for it, invisible to who prints the manager. */
function hideToken(manager: RestManager, identity: Identity): void {
  Object.defineProperty(manager, "token", {
    enumerable: false,
    get: () => identity.authorization?.reveal().slice(SCHEME.length) ?? "",
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
