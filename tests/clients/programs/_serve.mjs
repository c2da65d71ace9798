// deno-lint-ignore-file explicit-module-boundary-types -- Node runs this as it is
/**
 * The Node side of the client tests: one library in a process of its own, told
 * what to do line by line. A step comes in as `{id, act, with}` and goes out as
 * `{id, value}` or `{id, error}`; every exchange the library has on the wire is
 * written down below the library, so that nothing it does by itself is missed.
 */

/** Packages lie in a cache outside the repository; a loader there finds them. */
const { load } = await import(process.env.CLIENT_PACKAGES);
export { load };

const dns = process.getBuiltinModule("node:dns");
const { subscribe } = process.getBuiltinModule("node:diagnostics_channel");
const { createInterface } = process.getBuiltinModule("node:readline");
export const { Agent } = process.getBuiltinModule("node:https");

// Proxy and simulator have addresses; whoever asks for a name goes past them.
dns.lookup = (host, ...rest) =>
  rest.at(-1)(new Error(`Cannot look up ${host}: tests stay on this machine`));

// Libraries may print; only our own lines belong on stdout.
for (const level of ["log", "info", "debug"]) {
  // deno-lint-ignore no-console
  console[level] = console.error;
}

// One would end this process, as it ends a bot without a handler of its own.
let unhandled = 0;
process.on("unhandledRejection", () => unhandled++);

/**
 * Runs a library until stdin ends. `point(setting)` makes an instance of it
 * that goes to one proxy and returns what it can be asked to do; `told(error)`
 * reads Discord's code and nested errors where the library puts them.
 */
export function serve({ point, told }) {
  let acts = {};
  const own = {
    async point(setting) {
      acts = await point(setting);
    },
    wire: () => exchanges.splice(0),
    unhandled: () => unhandled,
  };
  createInterface({ input: process.stdin }).on("line", async (line) => {
    const { id, act, with: details } = JSON.parse(line);
    const answer = await attempt(() => (own[act] ?? acts[act])(details), told);
    process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
  }).on("close", () => process.exit(0));
}

async function attempt(act, told) {
  try {
    return { value: plain(await act()) };
  } catch (error) {
    const { name, message, cause } = Object(error);
    return {
      error: {
        name: String(name),
        message: String(message),
        cause: cause?.code,
        ...attemptTo(() => told(error)),
      },
    };
  }
}

/** JSON has no word for some of what libraries make of an empty answer. */
function plain(value) {
  if (value === undefined) return "undefined";
  if (value === null) return "null";
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`;
  return value;
}

/** An error of another kind than Discord's has neither code nor nested errors. */
function attemptTo(read) {
  try {
    return read();
  } catch {
    return {};
  }
}

const exchanges = [];
const waiting = new Map();

function sent(request, { method, origin, path, headers }) {
  const alike = [...waiting.values()]
    .filter((other) => other.method === method && other.path === path);
  const exchange = {
    method,
    origin,
    path,
    hasAuthorization: /^authorization\b/im.test(headers),
    besides: alike.length,
    status: 0,
    by: "",
  };
  exchanges.push(exchange);
  waiting.set(request, exchange);
}

function ended(request, status, by) {
  const exchange = waiting.get(request);
  waiting.delete(request);
  if (exchange !== undefined) Object.assign(exchange, { status, by });
}

// `fetch` and undici, the runtime's own and npm's, publish on the same channels.
subscribe("undici:request:create", ({ request }) => {
  const { method, origin, path, headers } = request;
  sent(request, { method, origin, path, headers: lines(headers) });
});
subscribe("undici:request:headers", ({ request, response }) => {
  const headers = response.headers.map(String);
  const at = headers.findIndex((it) => it.toLowerCase() === "x-rest-proxy");
  ended(request, response.statusCode, at < 0 ? "" : headers[at + 1]);
});
subscribe("undici:request:error", ({ request }) => ended(request, 0, ""));

// eris sends with `node:https`.
subscribe("http.client.request.start", ({ request }) => {
  const { method, protocol, host, path } = request;
  const headers = request.getHeaderNames().join("\n");
  sent(request, { method, origin: `${protocol}//${host}`, path, headers });
  request.once("close", () => ended(request, 0, ""));
});
subscribe("http.client.response.finish", ({ request, response }) => {
  const by = response.headers["x-rest-proxy"] ?? "";
  ended(request, response.statusCode, by);
});

/** undici keeps request headers as one text, or as names and values in turn. */
function lines(headers) {
  return Array.isArray(headers) ? headers.join("\n") : String(headers);
}
