import { type AuthDependencies, type Device, whenAdmitted } from './dependencies.ts';
import { issueAppealToken, openSession, type SessionTokens, withWayToAppeal } from './sessions.ts';
import { newToken } from './tokens.ts';

/** The first factor was right: either that is enough, or a second one has to follow. */
export type SignIn =
  | { readonly kind: 'complete'; readonly tokens: SessionTokens }
  | {
      readonly kind: 'second_factor';
      /** Stands for the first factor, for five minutes. No session. */
      readonly pendingToken: string;
      readonly expiresAt: Date;
    };

export async function afterFirstFactor(
  { database }: AuthDependencies,
  userId: string,
  needsSecondFactor: boolean,
  device: Device,
): Promise<SignIn> {
  if (!needsSecondFactor) {
    try {
      return { kind: 'complete', tokens: await openSession(database, userId, device) };
    } catch (error) {
      throw await withWayToAppeal(error, (tokenHash) => issueAppealToken(database, userId, tokenHash));
    }
  }
  const pending = newToken();
  const row = await database.one<{ expires_at: Date }>(
    'select auth.begin_pending_sign_in($1, $2) as expires_at',
    [userId, pending.hash],
  );
  return { kind: 'second_factor', pendingToken: pending.text, expiresAt: row.expires_at };
}

export function passwordSignIn(dependencies: AuthDependencies) {
  const { database, hashes } = dependencies;
  return {
    /**
     * `name` is an e-mail address or a username. Whether somebody has it or not, the same is done: the attempt is
     * counted, one hash is compared, the failure is written, and the answer is the same.
     */
    signIn(name: string, password: string, device: Device): Promise<SignIn> {
      return whenAdmitted(dependencies, async () => {
        const found = await database.first<{ user_id: string; password_hash: string | null }>(
          'select * from auth.sign_in_lookup($1, $2)',
          [name, device.ip ?? null],
        );
        const isRight = await hashes.verify(found?.password_hash, password);
        const result = await database.one<{
          reason: string | null;
          retry_after: number | null;
          needs_second_factor: boolean;
        }>('select * from auth.sign_in_result($1, $2, $3, $4)', [
          name,
          found?.user_id ?? null,
          isRight,
          device.ip ?? null,
        ]);
        // Of a ban one is told when every factor was right, together with the way to appeal.
        if (result.reason !== null && result.reason !== 'account.banned') {
          return database.refuse(result.reason, result.retry_after);
        }
        if (!found?.password_hash) throw new Error('a sign-in succeeded without a password');

        if (hashes.isOutdated(found.password_hash)) {
          await database.rows('select auth.upgrade_password_hash($1, $2, $3)', [
            found.user_id,
            found.password_hash,
            await hashes.hash(password),
          ]);
        }
        return afterFirstFactor(dependencies, found.user_id, result.needs_second_factor, device);
      });
    },
  };
}
