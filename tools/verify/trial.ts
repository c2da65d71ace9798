import type { RouteFinding } from "./findings.ts";
import { probe, type ProbeOptions, rest, type Send } from "./probe.ts";
import { type Reply, Stopped, type Visit } from "./visit.ts";

/** Where a programme runs, and as whom. */
export interface Ground {
  readonly guild: string;
  readonly applicationId: string;
}

/** A run under way: what it has found, and what it has made in the guild. */
export class Trial {
  readonly visit: Visit;
  readonly ground: Ground;
  readonly routes: RouteFinding[] = [];
  readonly facts = new Map<string, string>();
  /** Paths to delete, in the order they were made. */
  readonly made: string[] = [];

  constructor(visit: Visit, ground: Ground) {
    this.visit = visit;
    this.ground = ground;
  }

  /** Learns a route's limit; returns the answers. */
  async probe(
    route: string,
    send: Send,
    options: ProbeOptions = {},
  ): Promise<readonly Reply[]> {
    const { finding, replies } = await probe(route, send, options);
    this.routes.push(finding);
    return replies;
  }

  post(path: string, body: unknown): Promise<Reply> {
    return this.visit.ask("POST", path, { body });
  }

  /** Makes a text channel of the run's own; without one there is nothing to try. */
  async makeChannel(): Promise<string> {
    const reply = await this.post(`/guilds/${this.ground.guild}/channels`, {
      name: "sluice-verify",
      type: 0,
    });
    const id = idIn(reply);
    if (id === undefined) {
      throw new Stopped(
        reply.status === 403
          ? "The bot may not make channels in this guild: give it Manage Channels, Roles and Webhooks"
          : `Cannot make a channel in this guild: Discord answers ${reply.status}`,
      );
    }
    this.made.push(`/channels/${id}`);
    return id;
  }

  /** Deletes what was made, last made first. */
  async tidy(): Promise<void> {
    for (const path of this.made.toReversed()) {
      await rest([await this.visit.ask("DELETE", path)]);
    }
  }
}

/** The id of what a request made or read; undefined when it failed. */
export function idIn({ status, body }: Reply): string | undefined {
  const { id } = body;
  return status < 300 && typeof id === "string" ? id : undefined;
}
