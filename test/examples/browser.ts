import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { beforeAll } from 'vitest';
import { afterFile } from '../harness/after-file.ts';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const named = process.env['CHROMIUM'];

/** Where a Chromium is. Undefined: there is none, or `CHROMIUM=` says so, and what needs one is skipped. */
export const browserPath =
  named === undefined ? usualPlaces.find((path) => existsSync(path)) : named || undefined;

if (browserPath === undefined) {
  console.warn(
    'No Chromium was found: the tests of the web page are skipped. Name one with CHROMIUM=<path>.',
  );
}

const flags = [
  // Where the tests run as root, Chromium has no sandbox.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Visitor {
  readonly page: Page;
  /** What the page complained of: exceptions, errors in the console, violations of its content security policy. */
  readonly complaints: readonly string[];
}

/** One browser for the file; each visitor has a profile of their own. */
export function useBrowser(): { visit(url: string, options?: BrowserContextOptions): Promise<Visitor> } {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: flags });
  });
  afterFile(() => browser.close());
  return {
    async visit(url, options = {}) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      await page.goto(url);
      return { page, complaints };
    },
  };
}
