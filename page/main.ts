/** The operators' page: figures from one feed, shown by functions of them. */
import { act, giveKey, signOut } from "./actions.ts";
import { browser, type PageEvent } from "./browser.ts";
import { Charts, drawCharts } from "./charts.ts";
import { effect, render, signal } from "./deps.ts";
import { follow, signedIn } from "./feed.ts";
import { html } from "./html.ts";
import type { Element } from "./packages.d.ts";
import { followRequests, Requests } from "./requests.ts";
import {
  buttons,
  chosenBot,
  feed,
  figures,
  isSignedIn,
  notice,
  verdict,
} from "./state.ts";
import { Tables } from "./tables.ts";
import { Tiles } from "./tiles.ts";
import { duration } from "./words.ts";

const FEED_WORDS = {
  live: "live",
  polling: "live, by polling",
  paused: "paused",
  lost: "no connection",
} as const;

function Header(): Element {
  const now = figures.value;
  const reading = now?.reading;
  const bots = reading?.bots.map(({ bot }) => bot) ?? [];
  return html`
    <header>
      <h1>Sluice</h1>
      ${bots.length < 2 ? null : BotChoice(bots)}
      <p class=${`feed ${feed.value}`} role="status">${FEED_WORDS[
        feed.value
      ]}</p>
      <p class="about grow">${reading === undefined
        ? ""
        : `${reading.version}, up ${
          duration(reading.atMs - reading.startedAtMs)
        }`}</p>
      <button type="button" class="danger" disabled=${reading?.isDraining ??
        true} onClick=${drain}>Drain</button>
      <button type="button" onClick=${signOut}>Sign out</button>
    </header>
  `;
}

function BotChoice(bots: readonly string[]): Element {
  return html`
    <label>Bot
      <select onChange=${({ currentTarget }: PageEvent) => {
        chosenBot.value = currentTarget.value ?? "";
      }}>
        <option value="">all</option>
        ${bots.map((bot) => html`<option value=${bot}>${bot}</option>`)}
      </select>
    </label>
  `;
}

/** What the demo, or another program around the proxy, lets one try. */
function Buttons(): Element | null {
  if (buttons.value.length === 0) return null;
  return html`
    <p class="extra">
      ${buttons.value.map((button) =>
        html`<button type="button" onClick=${() =>
          act({ action: "button", button })}>${button}</button>`
      )}
    </p>
  `;
}

function drain(): void {
  const question = "Drain this proxy? It serves until nothing waits, and ends.";
  if (browser.confirm(question)) void act({ action: "drain" });
}

const wrongKey = signal("");
const typedKey = signal("");

function SignIn(): Element {
  return html`
    <main class="sign-in">
      <h1>Sluice</h1>
      <form onSubmit=${submitKey}>
        <label>Key with the right <code>admin</code>
          <input type="password" name="key" autocomplete="current-password"
            required value=${typedKey.value} onInput=${(
              { currentTarget }: PageEvent,
            ) => {
              typedKey.value = currentTarget.value ?? "";
            }} /></label>
        <button>Sign in</button>
        <p role="alert" class="wrong">${wrongKey.value}</p>
      </form>
    </main>
  `;
}

async function submitKey(event: PageEvent): Promise<void> {
  event.preventDefault();
  const problem = await giveKey(typedKey.peek());
  wrongKey.value = problem ?? "";
  if (problem !== undefined) return;
  typedKey.value = "";
  signedIn();
}

function Page(): Element {
  const { tone, text } = verdict.value;
  return html`
    ${Header()}
    <main>
      <p class=${`verdict ${tone}`} role="status">${text}</p>
      ${Notice()}
      ${Buttons()} ${Tiles()} ${Charts()} ${Tables()}
    </main>
    ${Requests()}
  `;
}

/** The place stays, so that a reader of the screen watches it; what it tells fades. */
function Notice(): Element {
  const { text, number } = notice.value;
  return html`
    <p role="status" class="notice">${text === ""
      ? null
      : html`<span key=${number}>${text}</span>`}</p>
  `;
}

const place = browser.document.getElementById("page");

/** Draws anew whenever something it shows has changed. */
let isPageShown = false;
effect(() => {
  const isShown = isSignedIn.value === true;
  render(
    isShown ? Page() : isSignedIn.value === false ? SignIn() : null,
    place,
  );
  if (isShown && !isPageShown) {
    drawCharts();
    followRequests();
  }
  isPageShown = isShown;
});
follow();
