import { type Exchange, tellExchanges } from "./demo_twins.ts";

/** What the demo says first; `link` signs in to its page, undefined where nobody will have the time. */
export function greeting(
  exchanges: readonly Exchange[],
  link: string | undefined,
): string[] {
  const invitation = link === undefined ? [] : [
    "Look at it in a browser (this link works once):",
    "",
    `  ${link}`,
    "",
  ];
  return [
    ...invitation,
    "Sluice demo: a simulated Discord that keeps Discord's rules, the real proxy in front of it.",
    "No token, no network.",
    "",
    "The same message, sent over HTTP and over REP, which carries any number of requests in one WebSocket:",
    "",
    ...tellExchanges(exchanges),
    "",
    "The simulated Discord stores no messages: its answer repeats what it was asked.",
    "",
  ];
}
