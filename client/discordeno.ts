/**
 * Lets a discordeno 21 `RestManager` speak REP: its typed helpers, files,
 * reasons and errors stay as they are, only the way out changes.
 */
import type {
  QueuedRequest,
  RestFailure,
  RestManagerLike,
  RestOptions,
} from "./api/discordeno_types.ts";
import { RepError, RepLimitError } from "./api/errors.ts";
import { FileReader } from "./file_reader.ts";
import type { RepClient } from "./rep_client.ts";
import type {
  FileInput,
  Method,
  RawReply,
  RequestOptions,
} from "./api/types.ts";

export type * from "./api/discordeno_types.ts";

/** Discordeno's own number for "there was no answer". */
const NO_ANSWER_STATUS = 999;

/**
 * Sends everything this manager does over `client`, past discordeno's own
 * queue, and returns the manager. What no frame can carry (forms, a token of
 * its own per request, files above the frame limit) goes over HTTP to the same
 * proxy if the manager has its `proxy` option; without it such a request fails
 * and says so.
 */
export function overRep<Manager extends RestManagerLike>(
  manager: Manager,
  client: RepClient,
): Manager {
  const overHttp = manager.makeRequest.bind(manager);
  const transport = new Transport(manager, client);
  manager.makeRequest = async <T>(
    method: string,
    route: string,
    options: RestOptions = {},
  ): Promise<T> => {
    // Made here, where the stack still shows who asked.
    const failure = new Error(`Could not finish ${method} ${route}`);
    try {
      // Discordeno says undefined where there is no content.
      return (await transport.ask(method, route, options) ?? undefined) as T;
    } catch (thrown) {
      if (mustGoOverHttp(thrown) && manager.isProxied) {
        return overHttp(method, route, options);
      }
      failure.cause = failureOf(thrown);
      throw failure;
    }
  };
  manager.processRequest = (request) => transport.settle(request);
  manager.sendRequest = (request) => transport.settle(request);
  return manager;
}

class Transport {
  readonly #manager: RestManagerLike;
  readonly #client: RepClient;
  readonly #reader = new FileReader();

  constructor(manager: RestManagerLike, client: RepClient) {
    this.#manager = manager;
    this.#client = client;
  }

  /**
   * Asks over REP. Without files to wait for, the request is in the client's
   * line before this returns: messages stay in the order of the calls.
   */
  async ask(
    method: string,
    route: string,
    options: RestOptions,
    how: RequestOptions = {},
  ): Promise<unknown> {
    const target = `/v${this.#manager.version}${route}`;
    const obstacle = obstacleOf(options);
    if (obstacle !== undefined) throw new ObstacleError(obstacle);
    const request = { ...this.#frameOptionsOf(options), ...how };
    const reading = this.#reader.read(options.files ?? []);
    if (reading === undefined) {
      return await this.#client.request(method as Method, target, request);
    }
    let files: readonly FileInput[];
    try {
      files = await reading;
    } finally {
      this.#reader.handedOn(reading);
    }
    return await this.#client.request(method as Method, target, {
      ...request,
      files,
    });
  }

  /** The same for what was meant for discordeno's queue. */
  async settle(request: QueuedRequest): Promise<void> {
    const { method, route, requestBodyOptions = {} } = request;
    try {
      const how = { raw: true };
      const reply = await this.ask(method, route, requestBodyOptions, how);
      settleQueued(request, reply as RawReply);
    } catch (thrown) {
      request.reject(failureOf(thrown));
    }
  }

  #frameOptionsOf(options: RestOptions): RequestOptions {
    const { body, files, reason } = options;
    const data = files === undefined
      ? body
      : { ...body as Record<string, unknown>, files: undefined };
    const headers = { ...options.headers };
    delete headers["content-type"];
    return {
      ...(data === undefined
        ? {}
        : { data: this.#manager.changeToDiscordFormat(data) }),
      ...(reason === undefined || reason === "" ? {} : { reason }),
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
    };
  }
}

/** The request cannot be put into a frame. */
class ObstacleError extends Error {}

/** Why a request cannot go as a frame, or undefined when it can. */
function obstacleOf({ body, headers = {} }: RestOptions): string | undefined {
  if (headers["authorization"] !== undefined) {
    return "a token of its own needs a connection of its own";
  }
  if (headers["content-type"] === "application/x-www-form-urlencoded") {
    return "a frame carries no form";
  }
  const isForm = typeof (body as { getAll?: unknown } | undefined)?.getAll ===
    "function";
  return isForm ? "a frame carries no multipart form" : undefined;
}

function mustGoOverHttp(thrown: unknown): boolean {
  return thrown instanceof ObstacleError ||
    thrown instanceof RepLimitError && thrown.code === "too_large";
}

function settleQueued(request: QueuedRequest, reply: RawReply): void {
  const { status } = reply;
  if (!("data" in reply)) {
    const body = JSON.stringify(reply.error);
    return request.reject({ ok: false, status, body });
  }
  const isEmpty = status === 204;
  const answer = { ok: true, status };
  request.resolve(
    isEmpty ? answer : { ...answer, body: JSON.stringify(reply.data) },
  );
}

function failureOf(thrown: unknown): RestFailure {
  if (thrown instanceof RepError) {
    const { status, error } = thrown;
    return { ok: false, status, body: JSON.stringify(error) };
  }
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  const error = thrown instanceof ObstacleError
    ? `${said}: give createRestManager \`proxy: { baseUrl, authorization }\` and it goes over HTTP`
    : said;
  return { ok: false, status: NO_ANSWER_STATUS, error };
}
