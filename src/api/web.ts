import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../migrate/root.ts';
import { send } from './http.ts';

export interface WebPage {
  /** False: this is no part of the page. */
  answer(message: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
}

const directory = join(projectRoot, 'examples', 'web');
const prefix = '/web/';
const socketPrefix = `${prefix}graphql-ws/`;

/** Where the page itself stands. The others are what the links in e-mails lead to (src/auth/mail-messages.ts). */
const pagePaths: ReadonlySet<string> = new Set(['/', '/verify-email', '/confirm-email', '/reset-password']);

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Scripts and styles come from this origin or not at all, and no text can become markup: the browser itself refuses
 * (Trusted Types) what a mistake in the page would insert as HTML. `'self'` holds for WebSockets, too (CSP 3).
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/**
 * The example page of examples/web, and the client of graphql-ws that it loads as the ES module it is. At `/` it answers
 * browsers only, so that a command line goes on getting plain text there. Undefined: the page is not in this
 * installation. Only files that were there at the start are served; what is in them is read each time.
 */
export function openWebPage(): WebPage | undefined {
  const files = new Map<string, string>();
  for (const name of namesIn(directory)) {
    if (mediaTypes[extname(name)] !== undefined) files.set(`${prefix}${name}`, join(directory, name));
  }
  const page = files.get(`${prefix}index.html`);
  if (page === undefined) return undefined;

  const client = fileURLToPath(import.meta.resolve('graphql-ws/client'));
  for (const name of namesIn(dirname(client))) {
    if (/^(client|common-[\w-]+)\.js$/.test(name))
      files.set(`${socketPrefix}${name}`, join(dirname(client), name));
  }

  return {
    async answer(message, response, path) {
      const isPage = pagePaths.has(path) && (message.headers.accept ?? '').includes('text/html');
      const file = isPage ? page : files.get(path);
      if (file === undefined) return false;
      if (pagePaths.has(path)) response.setHeader('vary', 'accept');
      response.setHeader('content-security-policy', contentSecurityPolicy);
      send(response, 200, await readFile(file), {
        'content-type': mediaTypes[extname(file)] ?? 'application/octet-stream',
        'cache-control': 'no-cache',
      });
      return true;
    },
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
