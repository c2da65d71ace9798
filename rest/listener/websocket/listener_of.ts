import type { ConnectionStart } from "../../rep/connections/connection.ts";
import type { SocketListener } from "../http/incoming_request.ts";
import type { SocketRunner } from "./socket_runner.ts";

/** Carries one socket's events to the runner from its opening to its end. */
export function listenerOf(
  start: ConnectionStart,
  runner: SocketRunner,
): SocketListener {
  let id = 0;
  return {
    opened(socket, keptBackMs = start.keptBackMs) {
      const authorize: ConnectionStart["authorize"] = (presented) => {
        const principal = start.authorize(presented);
        if (principal !== undefined) socket.trust();
        return principal;
      };
      if (start.principal !== undefined) socket.trust();
      id = runner.open(socket, { ...start, authorize, keptBackMs });
    },
    received: (message) => runner.receive(id, message),
    closed: () => runner.closed(id),
  };
}
