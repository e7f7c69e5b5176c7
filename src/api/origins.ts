import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal } from './http.ts';

export interface OriginOptions {
  /** Where people reach the API: its own pages may ask. */
  readonly publicUrl: string;
  /** Of other pages that may; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** Whether browsers send cookies that sign in. */
  readonly withCookies: boolean;
}

export interface Origins {
  /** Answers a preflight; otherwise says in the headers whether the page may read the answer. True: it was answered. */
  answer(message: IncomingMessage, response: ServerResponse): boolean;
  /**
   * Refuses a request that a page of somebody else made a browser send along with its cookies. For requests that are
   * signed in by a cookie; a header is never added by a browser on its own.
   */
  refuseForged(message: IncomingMessage): void;
  /** Whether a page of this origin may ask. */
  isAllowed(origin: string): boolean;
}

const preflightSeconds = 600;

/**
 * Which pages may ask from a browser (Fetch standard, "CORS protocol"), and, with cookies, which requests are believed
 * to be meant (OWASP, "Cross-Site Request Forgery Prevention": origin of the request, beside the JSON that no form sends).
 */
export function makeOrigins({ publicUrl, corsOrigins, withCookies }: OriginOptions): Origins {
  const own = new URL(publicUrl).origin;
  const allowed = new Set(corsOrigins);
  const isAllowed = (origin: string): boolean => allowed.has('*') || allowed.has(origin);
  return {
    isAllowed: (origin) => origin === own || isAllowed(origin),
    answer(message, response) {
      if (corsOrigins.length > 0) response.appendHeader('vary', 'origin');
      const { origin } = message.headers;
      const isPreflight =
        message.method === 'OPTIONS' && message.headers['access-control-request-method'] !== undefined;
      if (origin === undefined || !isAllowed(origin)) {
        if (!isPreflight || origin === undefined) return false;
        throw new HttpRefusal(403, 'Pages of this origin may not ask here.', {
          code: 'FORBIDDEN',
          reason: 'cors.origin',
          cure: 'Add the origin to the setting corsOrigins.',
        });
      }
      response.setHeader('access-control-allow-origin', allowed.has('*') ? '*' : origin);
      if (withCookies) response.setHeader('access-control-allow-credentials', 'true');
      if (!isPreflight) {
        response.setHeader('access-control-expose-headers', 'x-request-id, retry-after');
        return false;
      }
      response.writeHead(204, {
        'access-control-allow-methods': 'POST, PUT',
        'access-control-allow-headers': 'content-type, authorization, x-request-id',
        'access-control-max-age': String(preflightSeconds),
        'content-length': '0',
      });
      response.end();
      return true;
    },
    refuseForged(message) {
      const { origin } = message.headers;
      const site = message.headers['sec-fetch-site'];
      const isForeign =
        origin === undefined
          ? site === 'cross-site' || site === 'same-site'
          : origin !== own && !allowed.has(origin);
      if (!isForeign) return;
      throw new HttpRefusal(403, 'A page of another site may not act for whoever is signed in.', {
        code: 'FORBIDDEN',
        reason: 'csrf.origin',
        cure: 'Send the request from a page of this site, or of an origin in corsOrigins.',
      });
    },
  };
}
