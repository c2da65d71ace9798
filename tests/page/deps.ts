/** Packages only the page's tests need, apart from the others': a browser's driver takes long to load and asks for permissions. */

// The operators' page in a real browser.
export { type Browser, chromium, type Page } from "npm:playwright-core@1.65.1";

// What is wrong with it for people who cannot see or point.
export { default as axe } from "npm:axe-core@4.14.1";
