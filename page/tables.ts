import type {
  CallerRow,
  Incident,
  LineRow,
  PageFigures,
  RouteRow,
  SessionRow,
} from "../rest/metrics/types.ts";
import { act } from "./actions.ts";
import type { Element } from "./packages.d.ts";
import { html } from "./html.ts";
import { ProxiesTables } from "./proxies.ts";
import { chosenBot, figures, openLine } from "./state.ts";
import { type Column, isChosen, TableOf } from "./table_of.ts";
import { count, duration, REASON_WORDS, shortId, size } from "./words.ts";

/** What waits, what went, who asked, and what went wrong. */
export function Tables(): Element | null {
  const now = figures.value;
  if (now === undefined) return null;
  return html`
    <div class="tables">
      ${LinesTable(now)} ${RoutesTable(now)} ${CallersTable(now)}
      ${IncidentsTable(now)} ${SessionsTable(now)} ${ProxiesTables(now.reading)}
    </div>
  `;
}

const LINE_COLUMNS: readonly Column<LineRow>[] = [
  { name: "Route", show: RouteName },
  { name: "Bot", show: ({ bot }) => bot, isWide: true },
  {
    name: "Id",
    show: ({ major }) => html`<span title=${major}>${shortId(major)}</span>`,
    isWide: true,
  },
  { name: "Waiting", show: (row) => count(row.waiting), isNumber: true },
  {
    name: "Oldest",
    show: (row) => duration(row.oldestWaitMs),
    isNumber: true,
    isWide: true,
  },
  {
    name: "Waits for",
    show: ({ reason }) => reason === undefined ? "–" : REASON_WORDS[reason],
    isWide: true,
  },
  {
    name: "Next",
    show: ({ nextInMs }) => duration(nextInMs),
    isNumber: true,
    isWide: true,
  },
  {
    name: "Clear in",
    show: ({ clearInMs }) => duration(clearInMs),
    isNumber: true,
  },
  { name: "Do", show: (row) => LineButtons(row) },
];

function LinesTable({ lines }: PageFigures): Element {
  return TableOf(
    "Lines",
    LINE_COLUMNS,
    lines.filter(isChosen),
    "Nothing waits.",
  );
}

function LineButtons(row: LineRow): Element {
  const { id, isPaused, label } = row;
  const word = isPaused ? "Resume" : "Pause";
  const where = `${label} ${row.major}`;
  return html`
    <span class="buttons">
      <button type="button" aria-label=${`${word} ${where}`}
        onClick=${() =>
          act({
            action: isPaused ? "resume" : "pause",
            line: id,
          })}>${word}</button>
      <button type="button" aria-label=${`Requests of ${where}`}
        onClick=${() => {
          openLine.value = id;
        }}>Requests</button>
    </span>
  `;
}

const ROUTE_COLUMNS: readonly Column<RouteRow>[] = [
  { name: "Route", show: RouteName },
  { name: "Bot", show: ({ bot }) => bot, isWide: true },
  { name: "Calls", show: ({ answers }) => count(answers), isNumber: true },
  {
    name: "Queue p95",
    show: (row) => duration(row.queueP95Ms),
    isNumber: true,
  },
  {
    name: "Discord p95",
    show: (row) => duration(row.discordP95Ms),
    isNumber: true,
  },
  {
    name: "Errors",
    show: ({ errors }) => errors === 0 ? "–" : count(errors),
    isNumber: true,
    isWide: true,
  },
];

function RoutesTable({ routes }: PageFigures): Element {
  return TableOf(
    "Routes",
    ROUTE_COLUMNS,
    routes.filter(isChosen),
    "No answer yet.",
  );
}

const CALLER_COLUMNS: readonly Column<CallerRow>[] = [
  { name: "Caller", show: ({ caller }) => caller },
  { name: "Waiting", show: (row) => count(row.waiting), isNumber: true },
  { name: "Asked", show: ({ sent }) => count(sent), isNumber: true },
  {
    name: "Refused",
    show: ({ refused }) => refused === 0 ? "–" : count(refused),
    isNumber: true,
  },
];

function CallersTable({ callers }: PageFigures): Element {
  return TableOf("Callers", CALLER_COLUMNS, callers, "Nobody has asked yet.");
}

const INCIDENT_COLUMNS: readonly Column<Incident>[] = [
  {
    name: "When",
    show: ({ atMs }) => new Date(atMs).toLocaleTimeString(),
  },
  { name: "What", show: ({ what }) => html`<code>${what}</code>` },
  { name: "Route", show: RouteName },
  { name: "Caller", show: ({ caller }) => caller ?? "–", isWide: true },
];

function IncidentsTable({ incidents }: PageFigures): Element {
  const name = "Recent refusals and 429s";
  const chosen = incidents.filter(({ bot }) =>
    chosenBot.value === "" || bot === undefined || bot === chosenBot.value
  );
  return TableOf(name, INCIDENT_COLUMNS, chosen, "None.");
}

const SESSION_COLUMNS: readonly Column<SessionRow>[] = [
  { name: "Session", show: ({ name }) => name },
  { name: "Key", show: ({ key }) => key, isWide: true },
  { name: "Bot", show: ({ bot }) => bot, isWide: true },
  {
    name: "Client",
    show: ({ isConnected, sinceMs }) =>
      `${isConnected ? "connected" : "away"} ${duration(sinceMs)}`,
  },
  { name: "To fetch", show: ({ unacked }) => count(unacked), isNumber: true },
  {
    name: "Memory",
    show: ({ bytes }) => size(bytes),
    isNumber: true,
    isWide: true,
  },
  {
    name: "In flight",
    show: ({ inFlight }) => count(inFlight),
    isNumber: true,
    isWide: true,
  },
];

function SessionsTable({ sessions }: PageFigures): Element {
  return TableOf(
    "REP sessions",
    SESSION_COLUMNS,
    sessions.filter(isChosen),
    "No session.",
  );
}

/** A route that breaks before its slashes, and nowhere else. */
function RouteName({ label }: { readonly label: string }): Element {
  const parts = label.split(/(?=\/)/);
  return html`
    <span class="route">${parts.map((part) =>
      html`<wbr /><span>${part}</span>`
    )}</span>
  `;
}
