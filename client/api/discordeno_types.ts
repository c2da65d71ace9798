/** The parts of discordeno's types that the transport uses, written out here: discordeno is never imported. */

/** A `Blob`, as far as it is read. */
export interface BlobLike {
  /** Media type, "" when unknown. */
  readonly type: string;
  /** Reads the content. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A file as discordeno's helpers pass it. */
export interface BlobFile {
  /** The file name that Discord shows. */
  readonly name: string;
  /** The content. */
  readonly blob: BlobLike;
}

/** What discordeno's helpers pass to `makeRequest`. */
export interface RestOptions {
  /** Headers for Discord. */
  headers?: Record<string, string>;
  /** The body, in discordeno's spelling. */
  body?: unknown;
  /** True: without the bot's token. */
  unauthorized?: boolean;
  /** Audit log reason. */
  reason?: string;
  /** Files to upload. */
  files?: BlobFile[];
}

/** The `cause` of a failed request, as discordeno's users know it. */
export interface RestFailure {
  /** Always false. */
  ok: false;
  /** HTTP status; 999, as discordeno has it, where there was no answer. */
  status: number;
  /** The body of the answer, as JSON text. */
  body?: string;
  /** What went wrong, where there was no answer. */
  error?: string;
}

/** A request as discordeno's own queue takes it. */
export interface QueuedRequest {
  /** HTTP method. */
  method: string;
  /** Path without the version. */
  route: string;
  /** Body, headers and files. */
  requestBodyOptions?: RestOptions;
  /** Takes the answer. */
  resolve(answer: { ok: boolean; status: number; body?: string }): void;
  /** Takes the failure. */
  reject(failure: RestFailure): void;
}

/** The members of a `RestManager` that are used or replaced. */
export interface RestManagerLike {
  /** Version of Discord's API. */
  readonly version: number;
  /** True when the manager was made with the `proxy` option. */
  readonly isProxied: boolean;
  /** Turns a body into Discord's spelling. */
  changeToDiscordFormat(value: unknown): unknown;
  /** Sends a request; every helper calls it. */
  makeRequest<T = unknown>(
    method: string,
    route: string,
    options?: RestOptions,
  ): Promise<T>;
  /** Takes a request into discordeno's queue. */
  processRequest(request: QueuedRequest): Promise<void>;
  /** Sends a request of discordeno's queue. */
  sendRequest(request: QueuedRequest): Promise<void>;
}
