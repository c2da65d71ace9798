import type { FactSink } from "../domain/fact.ts";
import { Refusal } from "../domain/refusal.ts";

/** What an operator may do to the queue. */
export interface QueueActions {
  readonly pause: (lineId: string) => boolean;
  readonly resume: (lineId: string) => boolean;
  readonly drop: (requestId: number) => boolean;
  /** Begins to drain, as SIGTERM does. */
  readonly drain: () => void;
  readonly buttons: PageButtons;
}

/** What the program around the proxy adds to the page, by the words on its buttons. */
export type PageButtons = Readonly<Record<string, () => void>>;

/** What was asked for, as it is written into the audit log. */
interface Asked {
  readonly action: "pause" | "resume" | "drop" | "drain" | "button";
  readonly about: string;
  readonly run: () => boolean;
}

/** Does what an operator asks for, and writes down who did what. */
export function act(
  body: unknown,
  by: { readonly keyName: string; readonly address: string },
  actions: QueueActions,
  facts: FactSink,
): string {
  const { action, about, run } = askedIn(body, actions);
  const isDone = run();
  facts({ kind: "audit", ...by, action, about, isDone });
  if (isDone) return action === "button" ? `${about}: done.` : DONE[action];
  throw new Refusal(
    "no_such_target",
    action === "drop"
      ? "Cannot drop the request: it does not wait any more"
      : `Cannot ${action} this: there is none of its name any more`,
  );
}

const DONE: Readonly<Record<Exclude<Asked["action"], "button">, string>> = {
  pause: "The line is paused: nothing of it leaves until it is resumed.",
  resume: "The line goes on.",
  drop: "The request is dropped; its caller was told 499.",
  drain:
    "Draining: requests are served until nothing waits, then the process ends.",
};

function askedIn(body: unknown, actions: QueueActions): Asked {
  const { action, line, request, button } = fieldsOf(body);
  if (action === "drain") {
    const run = () => {
      actions.drain();
      return true;
    };
    return { action, about: "the proxy", run };
  }
  if ((action === "pause" || action === "resume") && typeof line === "string") {
    return { action, about: line, run: () => actions[action](line) };
  }
  if (action === "drop" && typeof request === "number") {
    const about = `request ${request}`;
    return { action, about, run: () => actions.drop(request) };
  }
  if (action === "button" && typeof button === "string") {
    return pressOf(button, actions.buttons);
  }
  throw new Refusal(
    "bad_request",
    'Cannot read what to do: "action" is pause or resume with "line", drop with "request", or drain',
  );
}

function pressOf(button: string, buttons: PageButtons): Asked {
  const press = Object.hasOwn(buttons, button) ? buttons[button] : undefined;
  return {
    action: "button",
    // Words that are none of ours stay out of the log.
    about: press === undefined ? "none" : button,
    run() {
      press?.();
      return press !== undefined;
    },
  };
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === "object" && body !== null
    ? body as Record<string, unknown>
    : {};
}
