/** What the main thread asks of the journal's worker thread. */
export type WorkerCall =
  & { readonly id: number; readonly path: string }
  & WorkerTask;

/** One thing to do to a file. */
export type WorkerTask =
  /** No file: whether it runs. */
  | { readonly kind: "begun" }
  /** The database: copies the log into it, as far as that disturbs nobody. */
  | { readonly kind: "copy" }
  /** The database, while nobody writes: copies the rest, and begins the log anew. */
  | { readonly kind: "restart" }
  /** The database: the thread lets go of it. */
  | { readonly kind: "close" }
  /** A body: makes its file, fills it, and makes it last. */
  | { readonly kind: "begin" | "finish" }
  | { readonly kind: "write"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "read" | "remove" };

/** What came of a call. */
export interface WorkerAnswer {
  readonly id: number;
  /** What was read. */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined;
  /** Why it failed. */
  readonly problem?: string;
}
