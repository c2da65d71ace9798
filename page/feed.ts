import type { PageFigures } from "../rest/metrics/types.ts";
import { browser, type EventFeed } from "./browser.ts";
import { buttons, feed, isSignedIn, newestAtMs, take } from "./state.ts";

/** How often figures are asked for where no stream comes through. */
const POLL_MS = 2_000;
/** A stream that says nothing for so long has stalled: a browser opens only six to one host. */
const STALLED_MS = 5_000;

let stream: EventFeed | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let heardAtMs = 0;

/** Begins to follow the figures, and stops while nobody sees the page. */
export function follow(): void {
  browser.document.addEventListener("visibilitychange", restart);
  setInterval(lookForStall, 1_000);
  restart();
}

function restart(): void {
  stop();
  if (browser.document.visibilityState === "hidden") {
    feed.value = "paused";
    return;
  }
  void begin();
}

/** Asks first whether somebody is signed in: a stream that is refused would tell of a wrong key. */
async function begin(): Promise<void> {
  const response = await fetch("/admin/session").catch(() => undefined);
  if (response === undefined) {
    feed.value = "lost";
    timer = setTimeout(() => void begin(), POLL_MS);
    return;
  }
  const session = response.ok ? await response.json() : {};
  isSignedIn.value = session.isSignedIn === true;
  buttons.value = session.buttons ?? [];
  if (isSignedIn.peek() === true) listen();
}

function stop(): void {
  stream?.close();
  stream = undefined;
  clearTimeout(timer);
}

function listen(): void {
  heardAtMs = Date.now();
  const opened = new browser.EventSource(`/admin/stream?after=${newestAtMs()}`);
  stream = opened;
  opened.addEventListener("message", ({ data }) => {
    heardAtMs = Date.now();
    feed.value = "live";
    take(JSON.parse(data) as PageFigures);
  });
  opened.addEventListener("error", () => {
    if (stream === opened) fallBack();
  });
}

function lookForStall(): void {
  if (stream !== undefined && Date.now() - heardAtMs > STALLED_MS) fallBack();
}

function fallBack(): void {
  stop();
  void poll();
}

async function poll(): Promise<void> {
  try {
    const response = await fetch(`/admin/figures?after=${newestAtMs()}`);
    if (response.status === 401 || response.status === 403) {
      isSignedIn.value = false;
      feed.value = "lost";
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    take(await response.json());
    feed.value = "polling";
  } catch {
    feed.value = "lost";
  }
  timer = setTimeout(() => void poll(), POLL_MS);
}

/** Follows again, with a key that was given just now. */
export function signedIn(): void {
  restart();
}
