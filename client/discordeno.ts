/**
 * Lets a discordeno 21 `RestManager` send over REP. Its typed helpers, files,
 * reasons and errors stay as they are.
 *
 * @module
 */
import type {
  BlobFile,
  QueuedRequest,
  RestFailure,
  RestManagerLike,
  RestOptions,
} from "./api/discordeno_types.ts";
import { RepError, RepLimitError } from "./api/errors.ts";
import type { RepClient } from "./rep_client.ts";
import type { FileInput, Method, RequestOptions } from "./api/options.ts";
import type { RawReply } from "./api/replies.ts";

export type * from "./api/discordeno_types.ts";
export type { RepClient } from "./rep_client.ts";

/** The status discordeno's users know for "there was no answer". */
const NO_ANSWER_STATUS = 999;

/**
 * Makes a manager send its requests over `client` instead of discordeno's own
 * queue, and returns the manager.
 *
 * Requests that no frame can carry (forms, a token of their own, files above
 * the frame limit) go over HTTP to the same proxy if the manager was made with
 * the `proxy` option; without it they fail and say so.
 *
 * @example
 * ```ts
 * const manager = overRep(
 *   createRestManager({ token: "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y" }),
 *   client,
 * );
 * const message = await manager.sendMessage("9", { content: "hi" });
 * console.log(message.id);
 * ```
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
    // Made here, where the stack still contains the caller.
    const failure = new Error(`Could not finish ${method} ${route}`);
    try {
      // Discordeno returns undefined where there is no content.
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

/** Sends what a manager would have put into its own queue. */
class Transport {
  readonly #manager: RestManagerLike;
  readonly #client: RepClient;
  readonly #files = new OrderedFileReader();

  constructor(manager: RestManagerLike, client: RepClient) {
    this.#manager = manager;
    this.#client = client;
  }

  /**
   * Sends a request over REP. Without files to wait for, the request is in the
   * client's queue before this returns: messages stay in the order of the calls.
   */
  async ask(
    method: string,
    route: string,
    options: RestOptions,
    overrides: RequestOptions = {},
  ): Promise<unknown> {
    const target = `/v${this.#manager.version}${route}`;
    const reason = unsupportedReasonOf(options);
    if (reason !== undefined) throw new UnsupportedRequestError(reason);
    const request = { ...this.#frameOptionsOf(options), ...overrides };
    const reading = this.#files.read(options.files ?? []);
    if (reading === undefined) {
      return await this.#client.request(method as Method, target, request);
    }
    let files: readonly FileInput[];
    try {
      files = await reading;
    } finally {
      this.#files.submitted(reading);
    }
    return await this.#client.request(method as Method, target, {
      ...request,
      files,
    });
  }

  /** Sends a request that was meant for discordeno's queue, and settles it. */
  async settle(request: QueuedRequest): Promise<void> {
    const { method, route, requestBodyOptions = {} } = request;
    try {
      const overrides = { raw: true };
      const reply = await this.ask(
        method,
        route,
        requestBodyOptions,
        overrides,
      );
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

/** No frame can carry the request. */
class UnsupportedRequestError extends Error {}

/** Why no frame can carry a request; undefined when one can. */
function unsupportedReasonOf(
  { body, headers = {} }: RestOptions,
): string | undefined {
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
  return thrown instanceof UnsupportedRequestError ||
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
  const error = thrown instanceof UnsupportedRequestError
    ? `${said}: give createRestManager \`proxy: { baseUrl, authorization }\` and it goes over HTTP`
    : said;
  return { ok: false, status: NO_ANSWER_STATUS, error };
}

/**
 * Reads files without changing the order of requests: a request that comes
 * while another's files are being read waits for those, too.
 */
class OrderedFileReader {
  #last: Promise<unknown> | undefined;

  /** The files, or undefined when there is nothing to wait for. */
  read(files: readonly BlobFile[]): Promise<FileInput[]> | undefined {
    if (files.length === 0 && this.#last === undefined) return undefined;
    const reading = this.#readAfter(this.#last, files);
    this.#last = reading;
    return reading;
  }

  /** The request of these files has been submitted: the next one need not wait for it. */
  submitted(reading: Promise<FileInput[]>): void {
    if (this.#last === reading) this.#last = undefined;
  }

  async #readAfter(
    before: Promise<unknown> | undefined,
    files: readonly BlobFile[],
  ): Promise<FileInput[]> {
    // That another request's file cannot be read is no reason to fail this one.
    await before?.catch(() => {});
    return await Promise.all(files.map(async ({ name, blob }) => ({
      name,
      ...(blob.type === "" ? {} : { type: blob.type }),
      bytes: new Uint8Array(await blob.arrayBuffer()),
    })));
  }
}
