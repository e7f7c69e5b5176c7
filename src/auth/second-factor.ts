import type { AuthDatabase } from './database.ts';
import { type AuthDependencies, type Device, whenAdmitted } from './dependencies.ts';
import { confirmPassword } from './password-policy.ts';
import { newRecoveryCodes, normalizeRecoveryCode } from './recovery-codes.ts';
import { issueAppealToken, openSession, type SessionTokens, withWayToAppeal } from './sessions.ts';
import { hashToken } from './tokens.ts';
import { newTotpSecret, totpSecretText, totpStep, totpUri } from './totp.ts';

/** What somebody shows as second factor. */
export type SecondFactor = { readonly totpCode: string } | { readonly recoveryCode: string };

/** For an authenticator app; shown once. */
export interface TwoFactorEnrolment {
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string;
  /** Base 32, to be typed. */
  readonly secret: string;
}

interface FactorRow {
  readonly secret_ciphertext: Buffer;
  readonly key_id: string;
  readonly is_confirmed: boolean;
}

export function secondFactor(dependencies: AuthDependencies) {
  const { database, hashes, box, now } = dependencies;

  const factorOf = (userId: string, countAttempt: boolean): Promise<FactorRow | undefined> =>
    database.first<FactorRow>('select * from auth.two_factor_of($1, $2)', [userId, countAttempt]);

  /** Refuses a code that is not right now. Whether it was used before is for the database to say. */
  const stepOf = async (factor: FactorRow, userId: string, code: string): Promise<number> => {
    const secret = box.open(factor.secret_ciphertext, userId, factor.key_id);
    const step = totpStep(secret, code, now());
    return step ?? database.refuse('second_factor.wrong');
  };

  const stepOfConfirmed = async (userId: string, code: string, countAttempt: boolean): Promise<number> => {
    const factor = await factorOf(userId, countAttempt);
    return factor?.is_confirmed ? stepOf(factor, userId, code) : database.refuse('second_factor.not_on');
  };

  /** The id of the code that matches: one comparison for each that is left, ten at most. */
  const recoveryCodeOf = (userId: string, typed: string, countAttempt: boolean): Promise<string> =>
    whenAdmitted(dependencies, async () => {
      const codes = await database.rows<{ id: string; code_hash: string }>(
        'select * from auth.recovery_codes_of($1, $2)',
        [userId, countAttempt],
      );
      const normalized = normalizeRecoveryCode(typed);
      for (const code of codes) {
        if (await hashes.verify(code.code_hash, normalized)) return code.id;
      }
      return database.refuse('second_factor.wrong');
    });

  const hashedRecoveryCodes = async (): Promise<{ codes: string[]; codeHashes: string[] }> => {
    const codes = newRecoveryCodes();
    const codeHashes = await whenAdmitted(dependencies, () =>
      Promise.all(codes.map((code) => hashes.hash(normalizeRecoveryCode(code)))),
    );
    return { codes, codeHashes };
  };

  return {
    /** Turns a sign-in that waits for its second factor into a session. */
    async completeSignIn(pendingToken: string, factor: SecondFactor, device: Device): Promise<SessionTokens> {
      const pendingHash = hashToken(pendingToken);
      const { user_id: userId } = await database.one<{ user_id: string }>(
        'select auth.pending_sign_in($1) as user_id',
        [pendingHash],
      );
      const spend =
        'totpCode' in factor
          ? {
              text: 'select auth.use_totp($1, $2)',
              key: await stepOfConfirmed(userId, factor.totpCode, false),
            }
          : {
              text: 'select auth.use_recovery_code($1, $2)',
              key: await recoveryCodeOf(userId, factor.recoveryCode, false),
            };
      const spending = <Result>(work: (transaction: AuthDatabase) => Promise<Result>): Promise<Result> =>
        database.transaction(async (transaction) => {
          await transaction.rows(spend.text, [pendingHash, spend.key]);
          return work(transaction);
        });
      try {
        return await spending((transaction) => openSession(transaction, userId, device, pendingHash));
      } catch (error) {
        // The refusal took the spending of the code back with it.
        throw await withWayToAppeal(error, (tokenHash) =>
          spending((transaction) => issueAppealToken(transaction, userId, tokenHash, pendingHash)),
        );
      }
    },

    async beginTwoFactor(userId: string, password: string | undefined): Promise<TwoFactorEnrolment> {
      await confirmPassword(dependencies, userId, password);
      const secret = newTotpSecret();
      const { issuer, label } = await database.one<{ issuer: string; label: string }>(
        'select * from auth.begin_two_factor($1, $2, $3)',
        [userId, box.seal(secret, userId), box.keyId],
      );
      return { uri: totpUri(secret, label, issuer), secret: totpSecretText(secret) };
    },

    /** Puts it in force by a first code. Returns the recovery codes, which are shown this once. */
    async confirmTwoFactor(userId: string, code: string): Promise<string[]> {
      const factor = await factorOf(userId, true);
      if (!factor) return database.refuse('second_factor.not_begun');
      const step = await stepOf(factor, userId, code);
      const { codes, codeHashes } = await hashedRecoveryCodes();
      await database.rows('select auth.confirm_two_factor($1, $2, $3)', [userId, step, codeHashes]);
      return codes;
    },

    async disableTwoFactor(userId: string, factor: SecondFactor): Promise<void> {
      const proof =
        'totpCode' in factor
          ? [await stepOfConfirmed(userId, factor.totpCode, true), null]
          : [null, await recoveryCodeOf(userId, factor.recoveryCode, true)];
      await database.rows('select auth.disable_two_factor($1, $2, $3)', [userId, ...proof]);
    },

    /** Returns the new codes; those before are void. */
    async regenerateRecoveryCodes(userId: string, totpCode: string): Promise<string[]> {
      const step = await stepOfConfirmed(userId, totpCode, true);
      const { codes, codeHashes } = await hashedRecoveryCodes();
      await database.rows('select auth.regenerate_recovery_codes($1, $2, $3)', [userId, step, codeHashes]);
      return codes;
    },
  };
}
