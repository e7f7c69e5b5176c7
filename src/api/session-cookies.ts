import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionTokens } from '../auth/sessions.ts';
import type { ApiSettings } from '../config-api.ts';
import { graphqlPath } from './paths.ts';

const accessName = 'stoa_access';
const refreshName = 'stoa_refresh';

export interface SessionCookies {
  accessToken(message: IncomingMessage): string | undefined;
  refreshToken(message: IncomingMessage): string | undefined;
  keep(response: ServerResponse, tokens: SessionTokens): void;
  /** The one that was refused; the other may still be good for a new one. */
  forgetAccess(response: ServerResponse): void;
  forget(response: ServerResponse): void;
}

/**
 * The tokens of a session as cookies (RFC 6265bis) that no script of a page can read and that go to the API alone. Each
 * lives as long as its token.
 */
export function makeSessionCookies({
  sameSite,
  isSecure,
}: NonNullable<ApiSettings['cookies']>): SessionCookies {
  const attributes = [
    `Path=${graphqlPath}`,
    'HttpOnly',
    `SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`,
    ...(isSecure ? ['Secure'] : []),
  ].join('; ');
  const set = (response: ServerResponse, name: string, value: string, seconds: number): void => {
    response.appendHeader(
      'set-cookie',
      `${name}=${value}; Max-Age=${Math.max(0, Math.floor(seconds))}; ${attributes}`,
    );
  };
  const secondsUntil = (moment: Date): number => (moment.getTime() - Date.now()) / 1_000;
  return {
    accessToken: (message) => cookieOf(message, accessName),
    refreshToken: (message) => cookieOf(message, refreshName),
    keep(response, tokens) {
      set(response, accessName, tokens.accessToken, secondsUntil(tokens.accessTokenExpiresAt));
      set(response, refreshName, tokens.refreshToken, secondsUntil(tokens.expiresAt));
    },
    forgetAccess: (response) => set(response, accessName, '', 0),
    forget(response) {
      set(response, accessName, '', 0);
      set(response, refreshName, '', 0);
    },
  };
}

function cookieOf(message: IncomingMessage, name: string): string | undefined {
  for (const part of (message.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim() || undefined;
  }
  return undefined;
}
