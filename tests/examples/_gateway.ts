/** A gateway that lets bots in and hands each one interaction. */
export interface Gateway extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>` */
  readonly url: string;
}

/** Someone used a slash command. */
export const INTERACTION = {
  id: "1300000000000000001",
  "application_id": "123456789012345678",
  type: 2,
  token: "aW50ZXJhY3Rpb24",
  version: 1,
  locale: "en-US",
  entitlements: [],
  "authorizing_integration_owners": {},
  "attachment_size_limit": 10_485_760,
  user: {
    id: "900000000000000002",
    username: "ann",
    discriminator: "0",
    "global_name": null,
    avatar: null,
  },
  data: { id: "1300000000000000009", name: "ping", type: 1 },
};

const READY = {
  v: 10,
  user: {
    id: INTERACTION.application_id,
    username: "the bot",
    discriminator: "0",
    "global_name": null,
    avatar: null,
    bot: true,
  },
  guilds: [],
  "session_id": "session",
  application: { id: INTERACTION.application_id, flags: 0 },
};

/** Someone is still typing the options of one: nothing that could be replied to. */
export const TYPING = {
  ...INTERACTION,
  id: "1300000000000000008",
  type: 4,
  data: { ...INTERACTION.data, options: [] },
};

/** Speaks as much of Discord's gateway as a library needs to log in: Hello, Identify, Ready, heartbeats. */
export function startGateway(
  interactions: readonly object[] = [INTERACTION],
): Gateway {
  const sockets = new Set<WebSocket>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      sockets.add(socket);
      const say = (message: object) => socket.send(JSON.stringify(message));
      socket.onopen = () => say({ op: 10, d: { heartbeat_interval: 45_000 } });
      socket.onmessage = ({ data }) => {
        const { op } = JSON.parse(data);
        if (op === 1) say({ op: 11 });
        if (op !== 2) return;
        const resumeUrl = { "resume_gateway_url": url };
        say({ op: 0, t: "READY", s: 1, d: { ...READY, ...resumeUrl } });
        for (const [at, d] of interactions.entries()) {
          say({ op: 0, t: "INTERACTION_CREATE", s: 2 + at, d });
        }
      };
      socket.onclose = () => void sockets.delete(socket);
      return response;
    },
  );
  const url = `ws://127.0.0.1:${server.addr.port}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.close();
      await server.shutdown();
    },
  };
}
