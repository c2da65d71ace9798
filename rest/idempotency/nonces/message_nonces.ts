import type { Entry, RestoredEntry } from "../../domain/entry.ts";
import type { MessageNonce } from "../../domain/message_nonce.ts";
import type { HandedOver } from "../../domain/owners.ts";
import { broughtNonce } from "./body_nonce.ts";
import { type Failed, NonceBook, type NonceBookDeps } from "./nonce_book.ts";

/**
 * The only route whose messages have a nonce: webhook execution knows none
 * (docs, "Create Message" and "Execute Webhook", read 2026-08-06; the author of
 * `enforce_nonce` in api-docs #6647: not for webhooks and interactions).
 */
const MESSAGE_CREATE = "POST /channels/{channel_id}/messages";

/** Discord takes a nonce of at most 25 characters (docs, "Create Message"): 150 bits of a digest. */
const NONCE_CHARS = 25;

const encoder = new TextEncoder();

/** What nonces are drawn with, and for whom. */
export interface MessageNoncesDeps extends NonceBookDeps {
  /** Every message gets one, as `REST_MESSAGE_NONCE=add` says, and not only those whose caller asks (`dedupe`). */
  readonly addsNonces: boolean;
  /** A name that nothing else has. */
  readonly drawName: () => string;
}

/** What counts of a request in the proxy's care. */
type Asked = Pick<Entry, "request" | "guarantee">;

type Waiting = Pick<Entry, "request" | "guarantee" | "nonce">;

/** Decides which messages Discord is to recognise should they come twice, and by what. */
export class MessageNonces {
  readonly #deps: MessageNoncesDeps;
  readonly #book: NonceBook;

  constructor(deps: MessageNoncesDeps) {
    this.#deps = deps;
    this.#book = new NonceBook(deps);
  }

  /** The nonce of a new request; undefined: it has none, and is not sent again where it may have arrived. */
  nonceFor(asked: Asked, nowMs: number): MessageNonce | undefined {
    const { request } = asked;
    const { route, dedupe } = request;
    const isWanted = this.#deps.addsNonces || dedupe !== undefined;
    if (!isWanted || route.label !== MESSAGE_CREATE) return undefined;
    const brought = broughtNonce(request);
    if (brought === "other") return undefined;
    if (brought === "enforced") {
      return { added: undefined, sentAtMs: undefined };
    }
    if (dedupe !== undefined) return this.#newNonce(dedupe);
    const known = isNamed(asked) ? undefined : this.#book.take(request, nowMs);
    return known ?? this.#newNonce(this.#deps.drawName());
  }

  /**
   * The nonce that a message is sent with. One that waited behind its equal, as
   * second tries do, is that one again if it failed meanwhile.
   */
  nonceToSend(entry: Waiting, nowMs: number): MessageNonce | undefined {
    const { request, nonce } = entry;
    const isFree = nonce?.added !== undefined &&
      nonce.sentAtMs === undefined && !isNamed(entry);
    return isFree ? this.#book.take(request, nowMs) ?? nonce : nonce;
  }

  /**
   * Keeps the nonce of a message that ended without a 2xx though it may have been
   * made. Says for how long, and works out its print; undefined: it is not kept.
   */
  ended(
    ended: Failed & Pick<Entry, "guarantee" | "mayHaveRun">,
    status: number | undefined,
    nowMs: number,
  ): number | undefined {
    const { nonce, mayHaveRun } = ended;
    if (nonce?.added === undefined || isNamed(ended)) return undefined;
    // A 2xx: it was made. Another answer than a 5xx: it was not, unless it was
    // sent before.
    const isCertain = status !== undefined && status < 500 &&
      (status < 300 || !mayHaveRun);
    return isCertain ? undefined : this.#book.keep(ended, nowMs);
  }

  /** Keeps what another process kept by `ended`; false: it was kept for something else. */
  restore(
    { entry, outcome }: Pick<RestoredEntry, "entry" | "outcome">,
    nonce: MessageNonce | undefined,
  ): boolean {
    const { print } = entry;
    // Of a message that was made its second try is told the answer.
    const hasFailed = outcome?.kind === "shortened" && outcome.status >= 300;
    if (!hasFailed || print === undefined || nonce === undefined) return false;
    this.#book.restore({ ...entry, print, nonce });
    return true;
  }

  expire(nowMs: number): void {
    this.#book.expire(nowMs);
  }

  /** Without a word: another process goes on with them. */
  release(handed: Pick<HandedOver, "hasRequest">): void {
    this.#book.release(handed);
  }

  #newNonce(name: string): MessageNonce {
    const digest = this.#deps.digest([encoder.encode(name)]);
    return { added: digest.slice(0, NONCE_CHARS), sentAtMs: undefined };
  }
}

/** A request that its caller named is only ever matched by that name, and so is no other's second try. */
function isNamed({ request, guarantee }: Asked): boolean {
  return guarantee !== undefined || request.dedupe !== undefined;
}
