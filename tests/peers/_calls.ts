import { connectTcp } from "../../deps.ts";
import { KEY } from "../_proxy.ts";

export const BOT = "bot:123456789012345678";
export const CHANNEL = "/api/v10/channels/41771983423143937/messages";

/** A read with the key. */
export function get(more: Record<string, string> = {}): RequestInit {
  return { headers: { authorization: KEY, ...more } };
}

/** A message with the key. */
export function post(
  content: string,
  more: Record<string, string> = {},
): RequestInit {
  return {
    method: "POST",
    headers: {
      authorization: KEY,
      "content-type": "application/json",
      ...more,
    },
    body: JSON.stringify({ content }),
  };
}

/** Messages one behind the other on one connection, so that their order is certain; settles when all bytes are written. */
export function pipelined(
  port: number,
  path: string,
  contents: readonly string[],
): { readonly close: () => void } {
  const socket = connectTcp({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  socket.resume();
  for (const content of contents) {
    const body = JSON.stringify({ content });
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  }
  return { close: () => void socket.destroy() };
}

/** Settles when `isSo`; a test that never gets there is ended by the runner. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}
