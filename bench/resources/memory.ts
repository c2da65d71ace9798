import { type Child, startChild } from "../child.ts";
import { waitUntil } from "../drive.ts";
import { processUse } from "../process_use.ts";
import { idleBytes } from "../rep_idle.ts";
import { openRep } from "../rep_load.ts";
import { KEY, startSluice } from "../subjects.ts";

const MIB = 1024 * 1024;
const KIB = 1024;

const SOCKETS = 10_000;
const WAITING = 100_000;
/** As many as one connection may send ahead of an answer. */
const AHEAD = 16;
/** As many as one connection of REP may have without an answer. */
const PER_SOCKET = 5_000;
/** Opened at a time; more only overflow the listener's backlog. */
const ABREAST = 100;

/** What stands in for a message of usual length. */
const BODY = JSON.stringify({ content: "x".repeat(180) });

/** Few leave, and the last is still predicted to leave within the longest wait there may be. */
const GLOBAL_LIMIT = 50;

/** Room for all of them. */
const ENV = {
  REST_QUEUE_LIMIT: "200000",
  REST_MAX_WAIT_MS: "3600000",
  REST_CONNECTION_LIMIT: "20000",
};

const encoder = new TextEncoder();

/** Memory of a proxy that has just started, with 10,000 sockets, and with 100,000 requests that wait, line by line. */
export async function* memoryLines(): AsyncGenerator<string> {
  yield `idle: ${await idle()} MiB`;
  yield `an idle connection of HTTP: ${await overHttp()} KiB`;
  yield `an idle socket of REP: ${await overRep()} KiB`;
  yield `${WAITING} waiting over HTTP: ${await waiting(sendHttp)}`;
  yield `${WAITING} waiting over REP: ${await waiting(sendRep)}`;
}

async function idle(): Promise<number> {
  await using proxy = await start("http://127.0.0.1:9/api");
  const { residentBytes } = await processUse(proxy.pid);
  return Math.round(residentBytes / MIB);
}

async function overHttp(): Promise<string> {
  await using proxy = await start("http://127.0.0.1:9/api");
  const before = await processUse(proxy.pid);
  const open = await abreast(SOCKETS, async () => {
    const connection = await connect(proxy);
    await connection.write(encoder.encode(requestHead("GET", "/healthz")));
    await connection.read(new Uint8Array(KIB));
    return connection;
  });
  await waitUntil(performance.now() + 3_000);
  const after = await processUse(proxy.pid);
  for (const connection of open) connection.close();
  const bytes = (after.residentBytes - before.residentBytes) / SOCKETS;
  return (bytes / KIB).toFixed(1);
}

async function overRep(): Promise<string> {
  await using proxy = await start("http://127.0.0.1:9/api");
  return (await idleBytes(proxy, SOCKETS, KEY) / KIB).toFixed(1);
}

/** Sends all of them to a proxy of their own; settles with what ends that. */
type Send = (proxy: Child) => Promise<() => void>;

async function waiting(send: Send): Promise<string> {
  await using origin = await startChild({ script: "bench/origin.ts" });
  await using proxy = await start(origin.url.href);
  const before = await processUse(proxy.pid);
  const startMs = performance.now();
  const end = await send(proxy);
  while (await waitingIn(proxy) < WAITING - AHEAD * ABREAST) {
    await waitUntil(performance.now() + 500);
  }
  const tookS = (performance.now() - startMs) / 1_000;
  await waitUntil(performance.now() + 3_000);
  const after = await processUse(proxy.pid);
  const waits = await waitingIn(proxy);
  end();
  const mib = (after.residentBytes - before.residentBytes) / MIB;
  return `${mib.toFixed(0)} MiB more (${
    (mib * KIB / waits).toFixed(2)
  } KiB each of ${waits}), peak ${
    (after.residentPeakBytes / MIB).toFixed(0)
  } MiB, there after ${tookS.toFixed(0)} s`;
}

async function sendHttp(proxy: Child): Promise<() => void> {
  let channel = 0;
  const open = await abreast(WAITING / AHEAD, async () => {
    const connection = await connect(proxy);
    let text = "";
    for (let count = 0; count < AHEAD; count++) {
      text += requestHead("POST", pathOf(channel++), BODY);
    }
    await connection.write(encoder.encode(text));
    return connection;
  });
  return () => {
    for (const connection of open) connection.close();
  };
}

async function sendRep(proxy: Child): Promise<() => void> {
  const sockets: WebSocket[] = [];
  for (let from = 0; from < WAITING; from += PER_SOCKET) {
    const socket = await openRep(proxy.url, KEY);
    sockets.push(socket);
    for (let n = from; n < from + PER_SOCKET; n++) {
      socket.send(
        `{"target":"${
          pathOf(n)
        }","method":"ACTION","data":${BODY},"req":"${n}"}`,
      );
    }
  }
  return () => {
    for (const socket of sockets) socket.close();
  };
}

/** Ten requests of each channel, as bots have it. */
function pathOf(n: number): string {
  return `/api/v10/channels/${
    1_300_000_000_000_000_000n + BigInt(n % 10_000)
  }/messages`;
}

function requestHead(method: string, path: string, body = ""): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "host: bench",
    `authorization: ${KEY}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

async function waitingIn({ url }: Child): Promise<number> {
  const response = await fetch(new URL("/metrics", url), {
    headers: { authorization: KEY },
  });
  const text = await response.text();
  const counts = text.matchAll(/^sluice_waiting_requests\{[^}]*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function connect({ url }: Child): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: url.hostname, port: Number(url.port) });
}

/** Makes so many, some at a time. */
async function abreast<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const some = Math.min(ABREAST, count - made.length);
    made.push(...await Promise.all(Array.from({ length: some }, make)));
  }
  return made;
}

async function start(upstream: string): Promise<Child> {
  const proxy = await startSluice({
    upstream,
    globalLimit: GLOBAL_LIMIT,
    env: ENV,
  });
  await waitUntil(performance.now() + 1_500);
  return proxy;
}
