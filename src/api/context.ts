import type { AuthService } from '../auth/service.ts';
import type { AccountRole, AuthenticatedSession, SessionTokens } from '../auth/sessions.ts';
import type { Config } from '../config.ts';
import type { UploadService } from './uploads/service.ts';

/** What one request carries into every plan: `context().get('stoa')`. */
export interface StoaRequest {
  readonly requestId: string;
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
  /** None: a visitor. */
  readonly session?: AuthenticatedSession;
  /** The flows of sign-in. */
  readonly auth: AuthService;
  /** Files between clients and the storage. */
  readonly uploads: UploadService;
  readonly config: Config;
  /** Where sign-in keeps its tokens in cookies. */
  readonly cookies?: RequestCookies;
}

/** The cookies of one request and its answer. */
export interface RequestCookies {
  readonly refreshToken: string | undefined;
  keep(tokens: SessionTokens): void;
  forget(): void;
}

declare global {
  namespace Grafast {
    interface Context {
      stoa: StoaRequest;
    }
  }
}

const databaseRoles: Readonly<Record<AccountRole, string>> = {
  user: 'stoa_member',
  moderator: 'stoa_moderator',
  admin: 'stoa_admin',
};

/**
 * The settings that PostGraphile makes local to each transaction. The timeout must be among them: a role's own
 * default has no effect after `set local role`.
 */
export function pgSettingsOf(request: StoaRequest): Record<string, string> {
  const { session, config } = request;
  return {
    role: session?.role ? databaseRoles[session.role] : 'stoa_anonymous',
    'stoa.user_id': session?.userId ?? '',
    'stoa.session_id': session?.sessionId ?? '',
    'stoa.ip': request.ip ?? '',
    'stoa.request_id': request.requestId,
    // Where the operators of citext are: elsewhere `username = …` is a comparison of text, case and all, and scans.
    search_path: 'pg_catalog, extensions',
    statement_timeout: String(config.statementTimeoutMs),
  };
}
