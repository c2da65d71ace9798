/** Debian's Chromium, driven; nothing of its own goes to any network. */
import { type Browser, chromium, type Page } from "./deps.ts";

const CHROMIUM = "/usr/bin/chromium";

/** How a page is looked at. */
export interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
}

/** A browser for one test. */
export interface TestBrowser extends AsyncDisposable {
  open(look?: Look): Promise<Page>;
  /** What went wrong in its pages. */
  readonly errors: readonly string[];
}

export async function startBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const errors: string[] = [];
  return {
    errors,
    async open({ colorScheme = "light", width = 1_280 } = {}) {
      const viewport = { width, height: 844 };
      const page = await browser.newPage({ colorScheme, viewport });
      page.on("pageerror", (error) => void errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
