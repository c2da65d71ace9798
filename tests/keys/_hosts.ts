/** Callers on two hosts, of which one is a bot of discord.js: it shows its key when it logs in, and with no answer to an interaction. */
import { connectTcp } from "../../deps.ts";

/** Two addresses of this machine. */
export const BOT = "127.0.0.2";
export const ELSEWHERE = "127.0.0.1";

/** Each interaction is answered once. */
let interactions = 0;

/** Logs in; the status and the body. */
export function login(port: number, authorization: string): Promise<string> {
  return ask(port, BOT, [
    "GET /api/v10/gateway/bot HTTP/1.1",
    `Authorization: ${authorization}`,
  ]);
}

/** Answers an interaction that nobody has answered yet; the status and the body. */
export function reply(port: number, from = BOT): Promise<string> {
  const id = 1_300_000_000_000 + ++interactions;
  const body = '{"type":4,"data":{"content":"Pong!"}}';
  return ask(port, from, [
    `POST /api/v10/interactions/${id}/aW50ZXJhY3Rpb24/callback HTTP/1.1`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ], body);
}

function ask(
  port: number,
  localAddress: string,
  lines: readonly string[],
  body = "",
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connectTcp({ host: "127.0.0.1", port, localAddress });
  const head = [...lines, "Host: localhost", "Connection: close", "", ""];
  let said = "";
  socket.on("connect", () => socket.write(head.join("\r\n") + body));
  socket.on("data", (bytes) => said += bytes);
  socket.on("error", reject);
  socket.on("close", () => {
    const [, status = "0"] = /^HTTP\/1\.1 (\d+)/.exec(said) ?? [];
    const text = said.slice(said.indexOf("\r\n\r\n") + 4);
    resolve(`${status} ${text}`.trim());
  });
  return promise;
}
