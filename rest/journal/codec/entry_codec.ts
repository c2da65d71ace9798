import type { Entry, FrameGuarantee, Guarantee } from "../../domain/entry.ts";
import type { Identity } from "../../domain/identity.ts";
import type { JournalRow, RowState } from "../../domain/journal_store.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import {
  decodeRequest,
  encodeRequest,
  type StoredRequest,
} from "./request_codec.ts";
import { targetWithoutToken } from "./token_holders.ts";

/** A request's row in JSON. */
interface EntryHead {
  /** The version of this form; readers take their own and the one before. */
  readonly v: 1;
  readonly request: StoredRequest;
  readonly acceptedWallMs: number;
  /** From then on it is refused instead of sent. */
  readonly expiresWallMs: number;
  readonly guarantee?: Guarantee;
  readonly nonce?: StoredNonce;
  /** What it said is not written down, only that there was one of its name. */
  readonly isNameOnly?: true;
}

/** By what Discord would recognise a message, and since when it would. */
export interface StoredNonce {
  /** Left out: the body brings both members. */
  readonly added?: string;
  /** Left out: it was not sent yet. */
  readonly sentWallMs?: number;
}

/** What a row says of a request, beside its id, scope and state. */
export interface EntryFacts {
  readonly acceptedWallMs: number;
  readonly expiresWallMs: number;
  readonly nonce?: StoredNonce | undefined;
  readonly isNameOnly?: boolean;
}

/** What was read of a request's row. */
export interface StoredEntry extends EntryFacts {
  readonly entryId: string;
  readonly request: ProxyRequest;
  readonly guarantee: Guarantee | undefined;
  /** Tells a write without a name from all that are not its second try; undefined where its outcome is kept for nobody. */
  readonly print?: string | undefined;
}

/** Makes the row of a request. */
export function encodeEntry(
  { entryId, request, guarantee }: Pick<
    Entry,
    "entryId" | "request" | "guarantee"
  >,
  state: RowState,
  { acceptedWallMs, expiresWallMs, nonce, isNameOnly }: EntryFacts,
): JournalRow {
  const { head: stored, body } = encodeRequest(
    isNameOnly === true ? nameless(request) : request,
    acceptedWallMs,
  );
  const head: EntryHead = {
    v: 1,
    request: stored,
    acceptedWallMs,
    expiresWallMs,
    ...guarantee === undefined
      ? {}
      : { guarantee: isNameOnly === true ? pathless(guarantee) : guarantee },
    ...nonce === undefined ? {} : { nonce },
    ...isNameOnly === true ? { isNameOnly } : {},
  };
  return {
    id: entryId,
    scope: request.identity.id,
    kind: "request",
    state,
    head: JSON.stringify(head),
    body,
    outcome: undefined,
    untilWallMs: undefined,
  };
}

/**
 * Reads the row of a request. Its waits count from its acceptance, as they did.
 * Throws where the row is of another make.
 */
export function decodeEntry(
  { id, head: text, body }: JournalRow,
  identity: Identity,
): StoredEntry {
  const head: EntryHead = JSON.parse(text);
  if (head.v !== 1) {
    throw new Error(
      `Cannot read request ${id} of the journal: its form ${head.v} is unknown`,
    );
  }
  const { acceptedWallMs, expiresWallMs, nonce, isNameOnly = false } = head;
  const { guarantee } = head;
  return {
    entryId: id,
    request: decodeRequest(
      { head: head.request, body },
      { identity, nowWallMs: acceptedWallMs },
    ),
    guarantee: guarantee && guaranteeOf(guarantee),
    acceptedWallMs,
    expiresWallMs,
    nonce,
    isNameOnly,
  };
}

/** What may be written of a request that holds a token, or needs one that is not ours: its route, and whose it is. */
function nameless(request: ProxyRequest): ProxyRequest {
  const { target, route: { label } } = request;
  const path = label.slice(label.indexOf("/"));
  return {
    ...request,
    target: { version: target.version, path, query: "" },
    headers: [],
    body: undefined,
  };
}

/** What callers were promised, without the token that the target of a frame may hold. */
function pathless({ frame, ...rest }: Guarantee): Guarantee {
  if (frame === undefined) return rest;
  const targetText = targetWithoutToken(frame.targetText);
  return { ...rest, frame: { ...frame, targetText } };
}

/** JSON leaves out what is undefined. */
function guaranteeOf({ owner, ...rest }: Guarantee): Guarantee {
  const { idempotencyKey, asyncId, frame, fingerprint } = rest;
  return {
    owner,
    idempotencyKey,
    asyncId,
    frame: frame && frameOf(frame),
    fingerprint,
  };
}

function frameOf(frame: FrameGuarantee): FrameGuarantee {
  const { session, reqKey, reqText, verb, targetText, wantsHeaders } = frame;
  return { session, reqKey, reqText, verb, targetText, wantsHeaders };
}
