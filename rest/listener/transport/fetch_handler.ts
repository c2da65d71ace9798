import type { AnswerBody } from "../../domain/answer.ts";
import type {
  BodySink,
  HttpHandler,
  IncomingBody,
  IncomingRequest,
} from "../http/incoming_request.ts";

/** A handler as hosts of `export default { fetch }` call it. */
export type FetchHandler = (
  request: Request,
  info?: unknown,
) => Promise<Response>;

/**
 * The endpoint for hosts that have a server of their own. What such a host
 * does not tell stays unknown: a caller that leaves is noticed as far as
 * `request.signal` says so, and WebSockets cannot be opened.
 */
export function fetchHandlerOf(handle: HttpHandler): FetchHandler {
  return async (request, info) => {
    const { status, headers, body } = await handle(
      incomingOf(request, addressIn(info)),
    );
    const response = new Response(bodyOf(status, body), { status });
    for (const [name, value] of headers) response.headers.append(name, value);
    return response;
  };
}

function incomingOf(request: Request, remoteAddress: string): IncomingRequest {
  const { method, url, headers, signal } = request;
  const [, scheme = "", authority = "", target = ""] =
    /^([a-z+]+):\/\/([^/]*)(.*)$/s.exec(url) ?? [];
  const fields: Array<readonly [string, string]> = [];
  headers.forEach((value, name) => fields.push([name, value]));
  return {
    method,
    target,
    authority: headers.has("host") ? authority : undefined,
    isSecure: scheme === "https",
    fields,
    remoteAddress,
    body: request.body === null ? undefined : new FetchBody(request.body),
    callerGone: signal,
  };
}

/** Only a body that may be there may be given to a `Response`. */
function bodyOf(status: number, body: AnswerBody): BodyInit | null {
  return body === undefined || status === 204 || status === 304 ? null : body;
}

/** Where a host says that a request comes from, if it says so the way `Deno.serve` does. */
function addressIn(info: unknown): string {
  const { remoteAddr } = (info ?? {}) as { remoteAddr?: unknown };
  const { hostname } = (remoteAddr ?? {}) as { hostname?: unknown };
  return typeof hostname === "string" ? hostname : "unknown";
}

/** A body as a stream of the web gives it. */
class FetchBody implements IncomingBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #whenResumed: Promise<void> | undefined;
  #resume: () => void = ignore;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  read(sink: BodySink): void {
    sink.begun();
    void this.#pump(sink);
  }

  pause(): void {
    this.#whenResumed = new Promise((resolve) => this.#resume = resolve);
  }

  resume(): void {
    this.#whenResumed = undefined;
    this.#resume();
  }

  async #pump(sink: BodySink): Promise<void> {
    try {
      for (;;) {
        await this.#whenResumed;
        const { done, value } = await this.#reader.read();
        if (done) return sink.ended();
        sink.received(value);
      }
    } catch {
      sink.failed();
    }
  }
}

function ignore(): void {}
