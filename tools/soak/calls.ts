import type { Random } from "../../sim/model/random.ts";

/** One call of the mixed load. */
export interface Call {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | FormData;
  /** The caller disconnects after this time, answered or not. */
  readonly leavesAfterMs?: number;
  /** The status that is right; 2xx when not said. */
  readonly wanted?: number;
}

type Draft = Omit<Call, "kind">;
type Headers = Readonly<Record<string, string>>;

interface Kind {
  readonly name: string;
  /** How many of a hundred calls are of this kind. */
  readonly share: number;
  /** `n` counts all calls, so that no two are the same. */
  readonly recipe: (random: Random, n: number, auth: Headers) => Draft;
}

/** Enough channels that none is asked faster than Discord lets it: 1 message a second each. */
const CHANNELS = 600;
/** Number of callers with a token of their own: as many as a proxy for several bots has. */
const OWN_TOKENS = 50;
const UPLOAD_BYTES = 100_000;
/** Before any answer can be here. */
const LEAVE_MS = 10;

/** What a bot of middle size does all day, with the failures of its callers. */
const KINDS: readonly Kind[] = [
  {
    name: "message",
    share: 26,
    recipe: (random, n, auth) => post(messagesOf(random), message(n), auth),
  },
  {
    name: "read",
    share: 28,
    recipe: (random, _, auth) => get(`/channels/${channel(random)}`, auth),
  },
  {
    name: "interaction",
    share: 20,
    recipe: (_, n, auth) => {
      const token = `aW50ZXJhY3Rpb246c29hay${n}`;
      const path = `/interactions/${snowflake(n)}/${token}/callback`;
      return post(path, '{"type":5}', auth);
    },
  },
  {
    name: "edit",
    share: 6,
    recipe: (random, n, auth) => ({
      ...post(`${messagesOf(random)}/${youngId(n)}`, message(n), auth),
      method: "PATCH",
    }),
  },
  {
    name: "reaction",
    share: 6,
    recipe: (random, n, auth) => ({
      method: "PUT",
      path: `${messagesOf(random)}/${snowflake(n)}/reactions/%F0%9F%91%8D/@me`,
      headers: auth,
    }),
  },
  {
    name: "webhook",
    share: 4,
    recipe: (random, n, auth) =>
      post(`/webhooks/${channel(random)}/soak-token`, message(n), auth),
  },
  {
    name: "upload",
    share: 2,
    recipe: (random, n, auth) => ({
      method: "POST",
      path: messagesOf(random),
      headers: auth,
      body: formOf(message(n)),
    }),
  },
  {
    name: "leaver",
    share: 4,
    recipe: (random, n, auth) => ({
      ...post(messagesOf(random), message(n), auth),
      leavesAfterMs: LEAVE_MS,
    }),
  },
  {
    name: "own token",
    share: 2,
    recipe: (_, n, auth) => {
      const authorization = `Bearer soak-${n % OWN_TOKENS}`;
      return get("/users/@me", { ...auth, authorization });
    },
  },
  {
    name: "stranger",
    share: 1,
    recipe: () => ({
      ...get("/users/@me", { authorization: "nobody" }),
      wanted: 401,
    }),
  },
  {
    name: "bad path",
    share: 1,
    recipe: (_random, _n, auth) => ({ ...get("/a//b", auth), wanted: 400 }),
  },
];

/** Draws the calls of a load, the same for the same random numbers. */
export function createCalls(random: Random, key: string): () => Call {
  const auth = { "x-rest-authorization": key };
  const deck = KINDS.flatMap((kind) =>
    Array.from({ length: kind.share }, () => kind)
  );
  let n = 0;
  return () => {
    const { name, recipe } = deck[Math.floor(random() * deck.length)] as Kind;
    return { kind: name, ...recipe(random, n++, auth) };
  };
}

function get(path: string, headers: Headers): Draft {
  return { method: "GET", path, headers };
}

function post(path: string, body: string, auth: Headers): Draft {
  const headers = { ...auth, "content-type": "application/json" };
  return { method: "POST", path, headers, body };
}

/** The dot keeps the auditor from taking the numbers for a stream of their own. */
function message(n: number): string {
  return JSON.stringify({ content: `soak ${n}.` });
}

function formOf(message: string): FormData {
  const body = new FormData();
  body.set("payload_json", message);
  body.set("files[0]", new Blob(["x".repeat(UPLOAD_BYTES)]), "soak.txt");
  return body;
}

function messagesOf(random: Random): string {
  return `/channels/${channel(random)}/messages`;
}

function channel(random: Random): string {
  return snowflake(Math.floor(random() * CHANNELS));
}

/** 2015-01-01, from which Discord's ids count milliseconds. */
const EPOCH_MS = 1_420_070_400_000;
/** Bits of an id below its milliseconds. */
const SERIAL_BITS = 22n;

/** The id of a new message: edits of old ones have a limit that no header announces. */
function youngId(n: number): string {
  const ms = BigInt(Date.now() - EPOCH_MS);
  return String((ms << SERIAL_BITS) + BigInt(n % 2 ** Number(SERIAL_BITS)));
}

/** Too large for a number, so it is text. */
function snowflake(n: number): string {
  return `15${String(n).padStart(17, "0")}`;
}
