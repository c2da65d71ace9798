import type { ConnectionStart } from "../../rep/connections/connection.ts";
import type { SocketRunner } from "./socket_runner.ts";

/** Carries one socket's events to the runner from its opening to its end. */
export function listenTo(
  socket: WebSocket,
  start: ConnectionStart,
  runner: SocketRunner,
): void {
  socket.binaryType = "arraybuffer";
  let id = 0;
  socket.onopen = () => {
    id = runner.open(socket, start);
  };
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
    runner.receive(id, typeof data === "string" ? data : new Uint8Array(data));
  // An error says nothing that the close after it does not say too, but
  // without a listener the runtime would take it for uncaught.
  socket.onerror = (event) => event.preventDefault();
  socket.onclose = () => runner.closed(id);
}
