import { act } from "./actions.ts";
import { browser } from "./browser.ts";
import { effect, signal } from "./deps.ts";
import type { Element } from "./packages.d.ts";
import { html } from "./html.ts";
import { figures, openLine } from "./state.ts";
import { TableOf } from "./table_of.ts";
import { duration, REASON_WORDS } from "./words.ts";
import type { RequestRow } from "../rest/domain/request_row.ts";

const requests = signal<readonly RequestRow[]>([]);

/** Reads a line's requests anew with every new figure, as long as they are listed. */
export function followRequests(): void {
  effect(() => {
    const line = openLine.value;
    const dialog = browser.document.getElementById("requests");
    if (line === undefined) return dialog?.close?.();
    if (figures.value !== undefined) void read(line);
  });
  effect(() => {
    if (openLine.value === undefined) return;
    requests.value = [];
    browser.document.getElementById("requests")?.showModal?.();
  });
}

async function read(line: string): Promise<void> {
  const url = `/admin/requests?line=${encodeURIComponent(line)}`;
  const response = await fetch(url).catch(() => undefined);
  if (response?.ok !== true || openLine.peek() !== line) return;
  requests.value = (await response.json()).requests;
}

/** The first requests of a line, each with a button that takes it out. */
export function Requests(): Element {
  return html`
    <dialog id="requests" aria-label="Waiting requests of a line"
      onClose=${() => {
        openLine.value = undefined;
      }}>
      ${TableOf(
        "Waiting requests",
        [
          {
            name: "Place",
            show: (row: RequestRow) => row.place,
            isNumber: true,
          },
          { name: "Caller", show: (row: RequestRow) => row.caller },
          {
            name: "Waited",
            show: (row: RequestRow) => duration(row.waitedMs),
            isNumber: true,
          },
          {
            name: "Waits for",
            show: (row: RequestRow) => REASON_WORDS[row.reason],
          },
          {
            name: "Leaves in",
            show: (row: RequestRow) => duration(row.earliestInMs),
            isNumber: true,
          },
          {
            name: "Do",
            show: (row: RequestRow) =>
              html`
                <button type="button" aria-label=${`Drop the request in place ${row.place}`}
                  onClick=${() =>
                    act({ action: "drop", request: row.id })}>Drop</button>
              `,
          },
        ],
        requests.value,
        "Nothing waits in this line any more.",
      )}
      <p class="about">A dropped request is not sent; its caller gets 499.</p>
      <form method="dialog"><button>Close</button></form>
    </dialog>
  `;
}
