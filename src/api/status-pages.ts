import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal, send } from './http.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export interface StatusPagesOptions {
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
  readonly metricsToken: string | undefined;
}

export interface StatusPages {
  /** False: the path is none of theirs. */
  answer(
    message: IncomingMessage,
    response: ServerResponse,
    path: string,
    /** `closed`: there are no figures here. `token`: whoever has it. */
    metricsAre: 'open' | 'closed' | 'token',
  ): Promise<boolean>;
}

const json = { 'content-type': 'application/json; charset=utf-8' };

/** /healthz: the process lives. /readyz: it can serve. /metrics: how it does. */
export function createStatusPages({ metrics, readiness, metricsToken }: StatusPagesOptions): StatusPages {
  return {
    async answer(message, response, path, metricsAre) {
      if (path === '/healthz') {
        send(response, 200, JSON.stringify({ status: 'alive' }), json);
        return true;
      }
      if (path === '/readyz') {
        const told = await readiness();
        send(response, told.status === 'ready' ? 200 : 503, JSON.stringify(told), json);
        return true;
      }
      if (path !== '/metrics' || metricsAre === 'closed') return false;
      if (metricsAre === 'token' && !hasToken(message, metricsToken)) {
        throw new HttpRefusal(
          401,
          'The figures are for whoever has the token.',
          { code: 'UNAUTHENTICATED', cure: 'Send it as authorization: Bearer …' },
          { 'www-authenticate': 'Bearer' },
        );
      }
      send(response, 200, await metrics.print(), { 'content-type': metrics.contentType });
      return true;
    },
  };
}

function hasToken(message: IncomingMessage, token: string | undefined): boolean {
  const given = /^Bearer +(\S+)$/i.exec(message.headers.authorization ?? '')?.[1];
  if (given === undefined || token === undefined) return false;
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(token));
}
