import { type AuthDependencies, whenAdmitted } from './dependencies.ts';

/** The hash of a new password of 8 to 128 characters; refuses others (password.too_short, password.too_long). */
export async function hashNewPassword(dependencies: AuthDependencies, password: string): Promise<string> {
  const characters = [...password.normalize('NFC')].length;
  if (characters < 8) return dependencies.database.refuse('password.too_short');
  if (characters > 128) return dependencies.database.refuse('password.too_long');
  return whenAdmitted(dependencies, () => dependencies.hashes.hash(password));
}

/**
 * Somebody who is signed in shows the password once more, before something that a stolen session must not do.
 * An account without a password passes, and the answer is false. Refuses password.wrong, password.too_many.
 */
export function confirmPassword(
  dependencies: AuthDependencies,
  userId: string,
  password: string | undefined,
): Promise<boolean> {
  const { database, hashes } = dependencies;
  return whenAdmitted(dependencies, async () => {
    const { hash } = await database.one<{ hash: string | null }>('select auth.password_of($1) as hash', [
      userId,
    ]);
    if (hash !== null && !(await hashes.verify(hash, password ?? ''))) {
      return database.refuse('password.wrong');
    }
    await database.rows('select auth.password_confirmed($1)', [userId]);
    return hash !== null;
  });
}
