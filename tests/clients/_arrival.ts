import { headerOf } from "../../sim/model/request.ts";
import type { ReceivedRequest } from "../../sim/server.ts";
import { MESSAGE_ID } from "./_bodies.ts";
import type { Place } from "./_places.ts";
import type { Exchange, Outcome } from "./_program.ts";
import type { Came } from "./_result.ts";

/** What every library is asked to send. */
export const CONTENT = "a message";
export const EMOJI = "👍";
/** Not ASCII, and with a bare percent sign. */
export const REASON = "Grün & 100 %";
export const FILES = [
  { name: "first.txt", text: "the first file" },
  { name: "second.txt", text: "the second file" },
];

/** One call: what the library sent and told, and what arrived behind the proxy. */
export type Call = Outcome & {
  readonly wire: readonly Exchange[];
  readonly arrived: ReceivedRequest | undefined;
};

/** A call that was answered. */
interface Answered {
  readonly value: unknown;
  readonly arrived: ReceivedRequest;
}

/** "yes" when it arrived and is right; else what happened to it. */
export function came(
  call: Call,
  isRight: (answered: Answered) => boolean,
): Came {
  const { value, error, arrived, wire } = call;
  const astray = wire.find(({ origin }) => !origin.includes("127.0.0.1"));
  if (astray !== undefined) return `goes to ${astray.origin}`;
  if (arrived === undefined) return `does not arrive: ${error?.message}`;
  if (error !== undefined) return `fails: ${error.message}`;
  return isRight({ value, arrived }) ? "yes" : `arrives as ${arrived.target}`;
}

/** The words arrived, and the message they became came back. */
export function isContentSent({ value, arrived }: Answered): boolean {
  return value === MESSAGE_ID &&
    JSON.parse(textOf(arrived)).content === CONTENT;
}

/** "yes" when two files arrived as Discord wants them. */
export function filesCame(call: Call): Came {
  const answered = came(call, ({ value }) => value === MESSAGE_ID);
  return answered !== "yes" || call.arrived === undefined
    ? answered
    : filesIn(call.arrived);
}

function filesIn(arrived: ReceivedRequest): Came {
  const text = textOf(arrived);
  const type = headerOf(arrived.headers, "content-type");
  // Nobody can tell the parts apart: Discord refuses it.
  if (type === "multipart/form-data") return "without a boundary";
  const isForm = /^multipart\/form-data; ?boundary=/.test(type ?? "");
  if (!isForm) return "as base64 in JSON";
  const isWhole =
    FILES.every(({ name, text: content }) =>
      text.includes(`filename="${name}"`) && text.includes(content)
    ) && text.includes(JSON.stringify(CONTENT));
  return isWhole ? "yes" : "not whole";
}

/** "yes" when the reason arrived as Discord wants it. */
export function reasonCame({ arrived }: Call): Came {
  const reason = arrived && headerOf(arrived.headers, "x-audit-log-reason");
  switch (reason) {
    case encodeURIComponent(REASON):
      return "yes";
    case REASON:
      return "not encoded";
    case undefined:
      return "in the body";
    default:
      return `as ${reason}`;
  }
}

/** The words of all messages that were posted to a channel. */
export function messagesIn(place: Place, channel: string): unknown[] {
  return place.sim.requests()
    .filter(({ executed, method, target }) =>
      executed && method === "POST" &&
      target.endsWith(`/channels/${channel}/messages`)
    )
    .map((message) => JSON.parse(textOf(message)).content);
}

function textOf({ body }: ReceivedRequest): string {
  return new TextDecoder().decode(body);
}
