import type { AuthDependencies, Device } from './dependencies.ts';
import { hashNewPassword } from './password-policy.ts';
import { openSession, type SessionTokens } from './sessions.ts';

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  readonly username: string;
  readonly displayName?: string | undefined;
}

export interface Completion {
  readonly email: string;
  readonly password: string;
  /** Needed unless the account has one. */
  readonly username?: string | undefined;
  readonly displayName?: string | undefined;
}

export function registration(dependencies: AuthDependencies) {
  const { database } = dependencies;
  return {
    /** An address that is taken gives the same answer: none. Its owner is told by mail. */
    async register(account: NewAccount, device: Device): Promise<void> {
      const hash = await hashNewPassword(dependencies, account.password);
      await database.rows('select auth.register($1, $2, $3, $4, $5)', [
        account.email,
        hash,
        account.username,
        account.displayName ?? null,
        device.ip ?? null,
      ]);
    },

    /** An account that is nothing but a session, until it is completed. */
    registerAnonymous(displayName: string | undefined, device: Device): Promise<SessionTokens> {
      return database.transaction(async (transaction) => {
        const { user_id: userId } = await transaction.one<{ user_id: string }>(
          'select auth.register_anonymous($1, $2) as user_id',
          [displayName ?? null, device.ip ?? null],
        );
        return openSession(transaction, userId, device);
      });
    },

    /** The username is in force at once; address and password are when the mailed token has proven the address. */
    async completeAccount(userId: string, completion: Completion, device: Device): Promise<void> {
      const hash = await hashNewPassword(dependencies, completion.password);
      await database.rows('select auth.complete_account($1, $2, $3, $4, $5, $6)', [
        userId,
        completion.email,
        hash,
        completion.username ?? null,
        completion.displayName ?? null,
        device.ip ?? null,
      ]);
    },
  };
}
