/** What of discordeno's types the transport touches, told structurally: discordeno is never imported. */

/** A `Blob`, as far as it is read. */
export interface BlobLike {
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A file as discordeno's helpers pass it. */
export interface BlobFile {
  readonly name: string;
  readonly blob: BlobLike;
}

/** What discordeno's helpers hand to `makeRequest`. */
export interface RestOptions {
  headers?: Record<string, string>;
  body?: unknown;
  unauthorized?: boolean;
  reason?: string;
  files?: BlobFile[];
}

/** The `cause` of a failed request, as discordeno's users know it. */
export interface RestFailure {
  ok: false;
  /** 999, discordeno's own number, where there was no answer. */
  status: number;
  body?: string;
  error?: string;
}

/** What discordeno's own queue would take. */
export interface QueuedRequest {
  method: string;
  route: string;
  requestBodyOptions?: RestOptions;
  resolve(answer: { ok: boolean; status: number; body?: string }): void;
  reject(failure: RestFailure): void;
}

/** The part of a `RestManager` that is used or replaced. */
export interface RestManagerLike {
  readonly version: number;
  readonly isProxied: boolean;
  changeToDiscordFormat(value: unknown): unknown;
  makeRequest<T = unknown>(
    method: string,
    route: string,
    options?: RestOptions,
  ): Promise<T>;
  processRequest(request: QueuedRequest): Promise<void>;
  sendRequest(request: QueuedRequest): Promise<void>;
}
