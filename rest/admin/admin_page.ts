import type { Answer } from "../domain/answer.ts";
import type { FactSink } from "../domain/fact.ts";
import { headerOf } from "../domain/headers.ts";
import type { Clock, Operator, OperatorCall } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { RequestRow } from "../domain/request_row.ts";
import type { PageFigures } from "../metrics/types.ts";
import { act, type QueueActions } from "./actions.ts";
import { AdminSessions } from "./admin_sessions.ts";
import { FigureStreams } from "./figure_stream.ts";
import {
  emptyAnswer,
  jsonAnswer,
  pageFile,
  streamAnswer,
  usedLinkAnswer,
} from "./page_files.ts";
import { WrongKeys } from "./wrong_keys.ts";

/** What the page shows and does. */
export interface AdminPageDeps {
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly newId: () => string;
  readonly figures: (afterMs: number) => PageFigures;
  readonly requests: (lineId: string) => readonly RequestRow[];
  readonly actions: QueueActions;
  /** A word that signs in whoever shows it first; undefined: there is none. */
  readonly onceCode?: string | undefined;
}

/** Only over TLS does a browser take the prefix that keeps other hosts from setting the cookie. */
const COOKIE = "sluice";
const SAFE_COOKIE = "__Host-sluice";

/** The operators' page and what its program asks for. */
export class AdminPage {
  readonly #deps: AdminPageDeps;
  readonly #sessions: AdminSessions;
  readonly #wrongKeys = new WrongKeys();
  readonly #streams: FigureStreams;
  #onceCode: string | undefined;

  constructor(deps: AdminPageDeps) {
    this.#deps = deps;
    this.#sessions = new AdminSessions(deps.newId);
    this.#streams = new FigureStreams(deps.clock, deps.figures);
    this.#onceCode = deps.onceCode;
  }

  /** Answers a path at or below `/admin`; throws and rejects with `Refusal` only. */
  async answer(call: OperatorCall): Promise<Answer> {
    const url = new URL(call.target, "http://proxy.invalid");
    const name = `${call.method} ${url.pathname}`;
    switch (name) {
      case "POST /admin/session":
        return await this.#signIn(call);
      case "GET /admin/session":
        return this.#sessionAnswer(call);
      case "DELETE /admin/session":
        return this.#signOut(call);
      case "GET /admin/enter":
        return this.#enter(call, url.searchParams.get("code"));
      case "POST /admin/actions":
        return await this.#act(call);
    }
    const file = pageFile(url.pathname);
    if (file !== undefined) return bodyless(call, file);
    return this.#show(call, url);
  }

  /** Ends every session: the keys have been read anew. */
  signOutAll(): void {
    this.#sessions.endAll();
  }

  /** Ends every stream. */
  close(): void {
    this.#streams.endAll();
  }

  #show(call: OperatorCall, { pathname, searchParams }: URL): Answer {
    const { figures, requests } = this.#deps;
    const isMeant = ["/admin/figures", "/admin/stream", "/admin/requests"]
      .includes(pathname);
    if (call.method !== "GET" || !isMeant) throw nothingHere();
    const isThere = this.#admission(call);
    const afterMs = Number(searchParams.get("after") ?? 0) || 0;
    if (pathname === "/admin/figures") return jsonAnswer(200, figures(afterMs));
    if (pathname === "/admin/requests") {
      const line = searchParams.get("line") ?? "";
      return jsonAnswer(200, { requests: requests(line) });
    }
    if (this.#streams.isFull) {
      throw new Refusal("overloaded", "Cannot open another stream of figures");
    }
    return streamAnswer(this.#streams.open(afterMs, isThere));
  }

  async #signIn(call: OperatorCall): Promise<Answer> {
    requireSameOrigin(call);
    const { clock, facts } = this.#deps;
    const { address } = call;
    this.#refuseTooManyTries(address);
    const { key } = fieldsIn(await call.readBody());
    // Others from there may have tried meanwhile.
    this.#refuseTooManyTries(address);
    const nowMs = clock.nowMs();
    const operator = typeof key === "string" ? call.holderOf(key) : undefined;
    if (operator?.isAdmin === true) {
      return emptyAnswer([this.#cookieFor(call, operator, nowMs)]);
    }
    this.#wrongKeys.note(address, nowMs);
    const keyName = operator?.keyName ?? "no key";
    const about = "the page";
    facts({
      kind: "audit",
      keyName,
      address,
      action: "sign in",
      about,
      isDone: false,
    });
    throw new Refusal(
      operator === undefined ? "unauthorized" : "forbidden",
      operator === undefined
        ? "This is none of the proxy's keys."
        : `Key ${operator.keyName} has not the right "admin".`,
    );
  }

  #refuseTooManyTries(address: string): void {
    const waitMs = this.#wrongKeys.waitMs(address, this.#deps.clock.nowMs());
    if (waitMs === 0) return;
    throw new Refusal(
      "overloaded",
      `Too many wrong keys: try again in ${Math.ceil(waitMs / 1_000)} s.`,
      { retryAfterMs: waitMs },
    );
  }

  #signOut(call: OperatorCall): Answer {
    requireSameOrigin(call);
    const id = sessionIdIn(call);
    if (id !== undefined) this.#sessions.end(id);
    return emptyAnswer([cookieOf(call, "", "; Max-Age=0")]);
  }

  /** Signs in by the word that was printed once, and makes it worthless. */
  #enter(call: OperatorCall, code: string | null): Answer {
    if (this.#deps.onceCode === undefined) throw nothingHere();
    const isRight = this.#onceCode !== undefined && code === this.#onceCode;
    if (!isRight) return usedLinkAnswer();
    this.#onceCode = undefined;
    const operator = { keyName: "default", isAdmin: true };
    const cookie = this.#cookieFor(call, operator, this.#deps.clock.nowMs());
    return emptyAnswer([cookie, ["location", "/admin"]], 303);
  }

  #cookieFor(
    call: OperatorCall,
    operator: Operator,
    nowMs: number,
  ): CookieField {
    const { facts } = this.#deps;
    const { keyName } = operator;
    const { address } = call;
    const action = "sign in";
    facts({
      kind: "audit",
      keyName,
      address,
      action,
      about: "the page",
      isDone: true,
    });
    const id = this.#sessions.open(operator, nowMs);
    return cookieOf(call, id);
  }

  async #act(call: OperatorCall): Promise<Answer> {
    const { keyName } = this.#operator(call, "post");
    const { actions, facts } = this.#deps;
    const body = fieldsIn(await call.readBody());
    const by = { keyName, address: call.address };
    return jsonAnswer(200, { message: act(body, by, actions, facts) });
  }

  /** Lets the call in, and tells later whether that is still so. */
  #admission(call: OperatorCall): () => boolean {
    this.#operator(call, "get");
    const id = sessionIdIn(call);
    if (id === undefined) return () => true;
    const { clock } = this.#deps;
    return () => this.#sessions.find(id, clock.nowMs()) !== undefined;
  }

  /** Whether somebody is signed in, and what else there is to press. */
  #sessionAnswer(call: OperatorCall): Answer {
    const isSignedIn = this.#sessionOf(call) !== undefined;
    const buttons = isSignedIn ? Object.keys(this.#deps.actions.buttons) : [];
    return jsonAnswer(200, { isSignedIn, buttons });
  }

  #sessionOf(call: OperatorCall): Operator | undefined {
    const id = sessionIdIn(call);
    return id === undefined
      ? undefined
      : this.#sessions.find(id, this.#deps.clock.nowMs());
  }

  /** Who calls: by the session's cookie, or by a key in a header. */
  #operator(call: OperatorCall, how: "get" | "post"): Operator {
    const known = this.#sessionOf(call);
    if (known !== undefined) {
      // A Strict cookie is sent from another port of the same host, too.
      if (how === "post") requireSameOrigin(call);
      return known;
    }
    const operator = call.shown();
    if (operator.isAdmin) return operator;
    throw new Refusal(
      "forbidden",
      `Cannot show the page: key ${operator.keyName} has not the right "admin"`,
    );
  }
}

type CookieField = readonly ["set-cookie", string];

/** No script reads it, no other site is sent it; over TLS no other host can set it either. */
function cookieOf(
  { isEncrypted }: OperatorCall,
  id: string,
  more = "",
): CookieField {
  const [name, secure] = isEncrypted ? [SAFE_COOKIE, "; Secure"] : [COOKIE, ""];
  const value = `${name}=${id}; Path=/; HttpOnly; SameSite=Strict`;
  return ["set-cookie", value + secure + more];
}

function requireSameOrigin({ headers }: OperatorCall): void {
  if (headerOf(headers, "sec-fetch-site") === "same-origin") return;
  throw new Refusal(
    "forbidden",
    "Cannot do this for another site: only the page itself may ask for it",
  );
}

const COOKIE_PAIR = /(?:^|;\s*)(?:__Host-)?sluice=([0-9a-f-]{36})(?:;|$)/;

function sessionIdIn({ headers }: OperatorCall): string | undefined {
  return COOKIE_PAIR.exec(headerOf(headers, "cookie") ?? "")?.[1];
}

function fieldsIn(
  bytes: Uint8Array | undefined,
): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {}; // Its message would quote a key.
  }
}

function nothingHere(): Refusal {
  return new Refusal(
    "no_such_target",
    "Cannot answer here: nothing is served at this place below /admin",
  );
}

/** An answer to HEAD ends with its headers. */
function bodyless({ method }: OperatorCall, answer: Answer): Answer {
  if (method === "GET") return answer;
  if (method === "HEAD") return { ...answer, body: undefined };
  throw new Refusal("bad_method", "Cannot take this: GET the page");
}
