import { Client } from "../../deps.ts";
import { PEER_KEY_HEADER, PEER_QUESTION_PATH } from "../domain/owners.ts";
import type { Clock } from "../domain/ports.ts";
import type { Secret } from "../domain/secret.ts";
import {
  type Asked,
  type Question,
  readPeerAnswer,
} from "./ownership/questions.ts";
import type { PeerAddress } from "./ownership/state.ts";

/** Asks a peer; never rejects. */
export type AskPeer = (
  peer: PeerAddress,
  question: Question,
) => Promise<Asked>;

/** A peer that takes longer is as good as silent: consents are renewed every half second. */
const ANSWER_TIMEOUT_MS = 800;
/** Peers that a connection is kept to. */
const CLIENTS_MAX = 64;

/** The questions of proxies over HTTP, and the connections for them. */
export interface PeerQuestions {
  readonly ask: AskPeer;
  close(): void;
}

/** Opens nothing before there is something to ask. */
export function createPeerQuestions(
  { key, clock, caCertificates }: {
    readonly key: Secret;
    readonly clock: Clock;
    readonly caCertificates?: string | undefined;
  },
): PeerQuestions {
  const clients = new Map<string, Client>();
  const clientOf = (url: string) => {
    let client = clients.get(url);
    if (client === undefined) {
      client = new Client(url, {
        connectTimeout: ANSWER_TIMEOUT_MS,
        ...caCertificates !== undefined && { connect: { ca: caCertificates } },
      });
      clients.set(url, client);
    }
    const [oldest] = clients.keys();
    if (clients.size > CLIENTS_MAX && oldest !== undefined) {
      void clients.get(oldest)?.destroy();
      clients.delete(oldest);
    }
    return client;
  };
  return {
    ask: ({ url }, question) =>
      inTime(clock, (signal) => ask(clientOf(url), key, question, signal)),
    close() {
      for (const client of clients.values()) void client.destroy();
      clients.clear();
    },
  };
}

async function inTime(
  clock: Clock,
  action: (signal: AbortSignal) => Promise<Asked>,
): Promise<Asked> {
  const controller = new AbortController();
  const stop = clock.wakeAt(
    clock.nowMs() + ANSWER_TIMEOUT_MS,
    () => controller.abort(),
  );
  try {
    return await action(controller.signal);
  } catch (error) {
    // Nothing listens where it was: its process is gone.
    return Object(error).code === "ECONNREFUSED" ? "gone" : "silent";
  } finally {
    stop();
  }
}

async function ask(
  client: Client,
  key: Secret,
  question: Question,
  signal: AbortSignal,
): Promise<Asked> {
  const { statusCode, body } = await client.request({
    method: "POST",
    path: PEER_QUESTION_PATH,
    headers: {
      [PEER_KEY_HEADER]: key.reveal(),
      "content-type": "application/json",
    },
    body: JSON.stringify(question),
    signal,
  });
  const text = await body.text();
  if (statusCode !== 200) return "silent";
  return readPeerAnswer(JSON.parse(text)) ?? "silent";
}
