import type { AuthDependencies, Device } from './dependencies.ts';
import { confirmPassword, hashNewPassword } from './password-policy.ts';
import { type SessionRow, type SessionTokens, withNewTokens } from './sessions.ts';
import { hashToken } from './tokens.ts';

/** Passwords and addresses: changed by who is signed in, or by a token that was mailed. */
export function accountRecovery(dependencies: AuthDependencies) {
  const { database } = dependencies;
  return {
    /** The answer is the same for an address that nobody has. */
    async requestPasswordReset(email: string, device: Device): Promise<void> {
      await database.rows('select auth.request_password_reset($1, $2)', [email, device.ip ?? null]);
    },

    /** Signs out everywhere. The second factor stays. */
    async resetPassword(token: string, newPassword: string): Promise<void> {
      const hash = await hashNewPassword(dependencies, newPassword);
      await database.rows('select auth.reset_password($1, $2)', [hashToken(token), hash]);
    },

    /** Signs out everywhere else; this session gets new tokens. */
    async changePassword(
      userId: string,
      sessionId: string,
      currentPassword: string,
      newPassword: string,
    ): Promise<SessionTokens> {
      await confirmPassword(dependencies, userId, currentPassword);
      const hash = await hashNewPassword(dependencies, newPassword);
      return withNewTokens((accessHash, refreshHash) =>
        database.one<SessionRow>('select * from auth.change_password($1, $2, $3, $4, $5)', [
          userId,
          sessionId,
          hash,
          accessHash,
          refreshHash,
        ]),
      );
    },

    async verifyEmail(token: string): Promise<void> {
      await database.rows('select auth.verify_email($1)', [hashToken(token)]);
    },

    async resendVerification(userId: string, device: Device): Promise<void> {
      await database.rows('select auth.resend_verification($1, $2)', [userId, device.ip ?? null]);
    },

    /** The answer is the same for an address that is taken; the one in force is told. */
    async requestEmailChange(
      userId: string,
      email: string,
      password: string | undefined,
      device: Device,
    ): Promise<void> {
      await confirmPassword(dependencies, userId, password);
      await database.rows('select auth.request_email_change($1, $2, $3)', [userId, email, device.ip ?? null]);
    },

    /** Puts the pending address in force; completes an anonymous account. */
    async confirmEmailChange(token: string): Promise<void> {
      await database.rows('select auth.change_email($1)', [hashToken(token)]);
    },
  };
}
