import type { AuthService } from '../auth/service.ts';
import type { AuthenticatedSession } from '../auth/sessions.ts';
import { HttpRefusal } from './http.ts';

/** Whose request it is. No header is a visitor; a token that is not valid is an error, never silently a visitor. */
export async function authenticate(
  service: AuthService,
  authorization: string | undefined,
): Promise<AuthenticatedSession | undefined> {
  if (authorization === undefined) return undefined;
  const token = /^Bearer +(\S{1,512})$/i.exec(authorization.trim())?.[1];
  const session = token === undefined ? undefined : await service.authenticate(token);
  if (session) return session;
  throw new HttpRefusal(
    401,
    'The access token is unknown, has expired, or was signed out.',
    {
      code: 'UNAUTHENTICATED',
      reason: 'session.invalid',
      cure: 'Refresh it or sign in again. Send no authorization header to ask as a visitor.',
    },
    { 'www-authenticate': 'Bearer error="invalid_token"' },
  );
}
