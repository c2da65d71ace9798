import type { Child, Element } from "./packages.d.ts";
import { html } from "./html.ts";
import { chosenBot } from "./state.ts";

/** A column; `wide` ones are left out where the screen is narrow. */
export interface Column<Row> {
  readonly name: string;
  readonly show: (row: Row) => Child;
  readonly isNumber?: boolean;
  readonly isWide?: boolean;
}

/** A table in a frame of its own that scrolls where the screen is narrow. */
export function TableOf<Row>(
  name: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  nothing: string,
): Element {
  const body = rows.length === 0
    ? html`
      <tr>
        <td colspan=${columns.length} class="nothing">${nothing}</td>
      </tr>
    `
    : rows.map((row) =>
      html`<tr>${columns.map((column) => Cell(column, row))}</tr>`
    );
  return html`
    <section class="panel">
      <h2>${name}</h2>
      <div class="scroll" tabindex="0" role="region" aria-label=${name}>
        <table>
          <thead>
            <tr>${columns.map((column) =>
              html`<th scope="col" class=${classOf(column)}>${column.name}</th>`
            )}</tr>
          </thead>
          <tbody>${body}</tbody>
        </table>
      </div>
    </section>
  `;
}

function Cell<Row>(column: Column<Row>, row: Row): Element {
  return html`<td class=${classOf(column)}>${column.show(row)}</td>`;
}

function classOf(
  { isNumber, isWide }: {
    readonly isNumber?: boolean;
    readonly isWide?: boolean;
  },
): string {
  return `${isNumber === true ? "number" : ""} ${
    isWide === true ? "wide" : ""
  }`;
}

/** Whether a row is of the bot that is looked at. */
export function isChosen({ bot }: { readonly bot: string }): boolean {
  return chosenBot.value === "" || bot === chosenBot.value;
}
