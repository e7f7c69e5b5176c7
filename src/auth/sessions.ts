import type { AuthDatabase } from './database.ts';
import type { AuthDependencies, Device } from './dependencies.ts';
import { BannedRefusal, Refusal } from './refusal.ts';
import { hashToken, newToken } from './tokens.ts';

/** The platform role of an account (core.users.role). */
export type AccountRole = 'user' | 'moderator' | 'admin';

/** Who a request acts for, as its access token says. */
export interface AuthenticatedSession {
  readonly userId: string;
  readonly sessionId: string;
  /** Null for an account that is banned or disabled: it has a name and acts as a visitor. */
  readonly role: AccountRole | null;
}

export interface SessionState {
  readonly state: 'live' | 'ended' | 'banned';
  readonly role: AccountRole;
}

/** What a device gets when it signs in or refreshes. The tokens are shown this once. */
export interface SessionTokens {
  readonly sessionId: string;
  readonly userId: string;
  readonly role: AccountRole;
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Date;
  readonly refreshToken: string;
  /** End of the session, which no refresh moves. */
  readonly expiresAt: Date;
}

export interface SessionRow {
  readonly user_id: string;
  readonly session_id: string;
  readonly role: AccountRole;
  readonly token_expires_at: Date;
  readonly expires_at: Date;
}

/** New tokens for whatever `store` keeps the digests of. */
export async function withNewTokens(
  store: (accessHash: Buffer, refreshHash: Buffer) => Promise<SessionRow>,
): Promise<SessionTokens> {
  const access = newToken();
  const refresh = newToken();
  const row = await store(access.hash, refresh.hash);
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    role: row.role,
    accessToken: access.text,
    accessTokenExpiresAt: row.token_expires_at,
    refreshToken: refresh.text,
    expiresAt: row.expires_at,
  };
}

/** Signs a device in. `pendingTokenHash`: the sign-in that has passed its second factor, where one is on. */
export function openSession(
  database: AuthDatabase,
  userId: string,
  device: Device,
  pendingTokenHash?: Buffer,
): Promise<SessionTokens> {
  return withNewTokens((accessHash, refreshHash) =>
    database.one<SessionRow>('select * from auth.create_session($1, $2, $3, $4, $5, $6, $7, $8)', [
      userId,
      accessHash,
      refreshHash,
      JSON.stringify(device.info ?? {}),
      device.fingerprint ?? null,
      device.ip ?? null,
      device.userAgent ?? null,
      pendingTokenHash ?? null,
    ]),
  );
}

/**
 * What to raise where a sign-in failed at its last step: whoever is banned gets a token to appeal with, made by `issue`
 * once every factor was right.
 */
export async function withWayToAppeal(
  error: unknown,
  issue: (tokenHash: Buffer) => Promise<Date | null>,
): Promise<unknown> {
  if (!(error instanceof Refusal) || error.reason !== 'account.banned') return error;
  const token = newToken();
  const expiresAt = await issue(token.hash);
  return expiresAt === null ? error : new BannedRefusal(error, { text: token.text, expiresAt });
}

/** `pendingTokenHash`: the sign-in that has passed its second factor, where one is on. Null: not banned any more. */
export async function issueAppealToken(
  database: AuthDatabase,
  userId: string,
  tokenHash: Buffer,
  pendingTokenHash?: Buffer,
): Promise<Date | null> {
  const row = await database.one<{ expires_at: Date | null }>(
    'select auth.issue_appeal_token($1, $2, $3) as expires_at',
    [userId, tokenHash, pendingTokenHash ?? null],
  );
  return row.expires_at;
}

export function sessions({ database }: AuthDependencies) {
  return {
    /**
     * The session of an access token; undefined for a token that is unknown, too old or signed out. One call of one
     * function that looks up three unique keys.
     */
    async authenticate(accessToken: string): Promise<AuthenticatedSession | undefined> {
      const row = await database.first<{ user_id: string; role: AccountRole | null; session_id: string }>(
        { name: 'authenticate', text: 'select * from auth.authenticate($1)' },
        [hashToken(accessToken)],
      );
      return row && { userId: row.user_id, sessionId: row.session_id, role: row.role };
    },

    /** Both tokens are replaced. A refresh token that was replaced before ends the session. */
    async refreshSession(refreshToken: string, device: Device): Promise<SessionTokens> {
      return withNewTokens(async (accessHash, refreshHash) => {
        const row = await database.one<SessionRow & { reason: string | null }>(
          'select * from auth.refresh_session($1, $2, $3, $4, $5)',
          [hashToken(refreshToken), accessHash, refreshHash, device.ip ?? null, device.userAgent ?? null],
        );
        return row.reason === null ? row : database.refuse(row.reason);
      });
    },

    /** What has become of sessions that connections are open for. One that is not in the answer ended long ago. */
    async sessionStates(sessionIds: readonly string[]): Promise<ReadonlyMap<string, SessionState>> {
      const rows = await database.rows<SessionState & { session_id: string }>(
        'select session_id, state, role from auth.session_states($1)',
        [sessionIds],
      );
      return new Map(rows.map(({ session_id, state, role }) => [session_id, { state, role }]));
    },

    /** False when it had ended already. */
    async signOut(sessionId: string): Promise<boolean> {
      const row = await database.one<{ ended: boolean }>('select auth.sign_out($1) as ended', [sessionId]);
      return row.ended;
    },

    /** Returns how many sessions ended. */
    async signOutEverywhere(userId: string, exceptSessionId?: string): Promise<number> {
      const row = await database.one<{ ended: number }>('select auth.end_sessions($1, $2) as ended', [
        userId,
        exceptSessionId ?? null,
      ]);
      return row.ended;
    },
  };
}
