/** Debian's Chromium, driven; nothing of its own goes to any network. */
import { type Browser, chromium, type Page } from "./deps.ts";

const CHROMIUM = "/usr/bin/chromium";

/** How a page is looked at. */
export interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
}

/** Pages for one test, each with cookies and a cache of its own. */
export interface TestBrowser extends AsyncDisposable {
  open(look?: Look): Promise<Page>;
  /** What went wrong in its pages. */
  readonly errors: readonly string[];
}

/** Starts a process of it, which takes seconds. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** Pages in a browser that others use, too. */
export function pagesIn(browser: Browser): TestBrowser {
  const errors: string[] = [];
  const pages: Page[] = [];
  return {
    errors,
    async open({ colorScheme = "light", width = 1_280 } = {}) {
      const viewport = { width, height: 844 };
      const page = await browser.newPage({ colorScheme, viewport });
      pages.push(page);
      page.on("pageerror", (error) => void errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const page of pages) await page.close();
    },
  };
}

/** A browser that nobody else uses. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser = await launchBrowser();
  return {
    ...pagesIn(browser),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
