import * as operations from './operations.js';
import { readSession, replaceSession } from './session.js';

/** What the API refused. `code` to decide by, `reason` to tell apart, `message` and `cure` to show. */
export class ApiError extends Error {
  constructor({ message, extensions = {} }) {
    super(message);
    this.name = 'ApiError';
    this.code = extensions.code;
    this.reason = extensions.reason;
    this.cure = extensions.cure;
    this.retryAfter = extensions.retryAfter;
  }
}

/** Sends one operation and gives its data. Refreshes the session when its access token is about to end, or has. */
export async function ask(document, variables = {}) {
  const token = await accessToken();
  const answer = await post(document, variables, token);
  if (answer.status !== 401 || token === undefined) return dataOf(answer);
  // Signed out elsewhere, or the clock of this machine is wrong: once more with new tokens.
  return dataOf(await post(document, variables, await accessToken({ insteadOf: token })));
}

/** What stands in the place of tokens that the server keeps in cookies (STOA_SESSION_COOKIES): then nothing is to be sent. */
export const inCookie = '(cookie)';

async function post(document, variables, token) {
  const headers = { 'content-type': 'application/json' };
  if (token !== undefined && token !== inCookie) headers.authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers,
      body: JSON.stringify({ query: document, variables }),
    });
  } catch {
    throw new ApiError({ message: 'The server does not answer.', extensions: { code: 'UNREACHABLE' } });
  }
  const body = await response.json().catch(() => ({ errors: [{ message: 'The server gave no answer.' }] }));
  return { status: response.status, body };
}

function dataOf({ body }) {
  if (body.errors) throw new ApiError(body.errors[0]);
  return body.data;
}

const marginMs = 30_000;

/**
 * The token to send, or undefined for a visitor. `insteadOf`: one that was refused. A refresh token works once, so only
 * one tab of this browser may use it; the others take what that one has got.
 */
export async function accessToken({ insteadOf } = {}) {
  const usable = () => {
    const session = readSession();
    if (session === undefined) return { token: undefined };
    const isOld = Date.parse(session.accessTokenExpiresAt) - Date.now() < marginMs;
    return session.accessToken === insteadOf || isOld ? undefined : { token: session.accessToken };
  };
  const known = usable();
  if (known) return known.token;
  return alone(async () => {
    const meanwhile = usable();
    if (meanwhile) return meanwhile.token;
    const { refreshToken } = readSession();
    const answer = await post(operations.refreshSession, refreshToken === inCookie ? {} : { refreshToken });
    try {
      const { tokens } = dataOf(answer).refreshSession;
      replaceSession(tokens);
      return tokens.accessToken;
    } catch (error) {
      // Whatever else went wrong may be better next time; a refused token never is.
      if (error.code === 'UNREACHABLE' || error.code === 'TOO_MANY_REQUESTS') throw error;
      replaceSession(undefined);
      return undefined;
    }
  });
}

/** Names one intended write: sent again with the same key, it is done once. (randomUUID wants a secure context.) */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** Web Locks exist in secure contexts only: not at http://192.168.0.2. */
function alone(work) {
  return navigator.locks ? navigator.locks.request('stoa.session', work) : work();
}
