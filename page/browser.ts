/** As much of the browser as the page uses; the runtime's own library knows no documents. */
interface Browser {
  readonly document: {
    readonly visibilityState: "visible" | "hidden";
    title: string;
    getElementById(id: string): PageElement | null;
    addEventListener(name: "visibilitychange", act: () => void): void;
    readonly documentElement: PageElement;
  };
  readonly EventSource: new (url: string) => EventFeed;
  readonly ResizeObserver: new (act: () => void) => {
    observe(element: PageElement): void;
  };
  matchMedia(query: string): {
    addEventListener(name: "change", act: () => void): void;
  };
  getComputedStyle(element: PageElement): {
    getPropertyValue(name: string): string;
  };
  confirm(question: string): boolean;
}

/** An element of the page. */
export interface PageElement {
  readonly clientWidth: number;
  readonly value?: string;
  close?(): void;
  showModal?(): void;
}

/** A stream of events. */
export interface EventFeed {
  addEventListener(
    name: "message" | "error",
    act: (event: { readonly data: string }) => void,
  ): void;
  close(): void;
}

/** What happens to an element. */
export interface PageEvent {
  readonly currentTarget: PageElement;
  preventDefault(): void;
}

export const browser = globalThis as unknown as Browser;

/** A colour of page.css by its name, as it is now: light or dark. */
export function colour(name: string): string {
  const { documentElement } = browser.document;
  return browser.getComputedStyle(documentElement).getPropertyValue(name)
    .trim();
}
