import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { accountRecovery } from './account-recovery.ts';
import { authDatabase } from './database.ts';
import type { AuthDependencies } from './dependencies.ts';
import { PasswordHashes } from './password-hashes.ts';
import { passwordSignIn } from './password-sign-in.ts';
import { registration } from './registration.ts';
import { secondFactor } from './second-factor.ts';
import { SecretBox } from './secret-box.ts';
import { sessions } from './sessions.ts';
import { walletSignIn } from './wallet-sign-in.ts';

export interface AuthServiceOptions {
  /** Logged in as `stoa_auth`, which can do nothing but call the sign-in functions. */
  readonly pool: Pool;
  readonly config: Pick<Config, 'argon2' | 'publicUrl'> & { readonly secretKey: Buffer };
  /** Default: the clock of this machine. It judges codes and wallet messages; everything else is PostgreSQL's. */
  readonly now?: () => Date;
}

function assemble(dependencies: AuthDependencies) {
  return {
    /** What hashing was done so far, for measurements. */
    hashWork: dependencies.hashes.work,
    /** Raises a reason of the registry, with its words. */
    refuse: dependencies.database.refuse,
    ...sessions(dependencies),
    ...passwordSignIn(dependencies),
    ...secondFactor(dependencies),
    ...walletSignIn(dependencies),
    ...registration(dependencies),
    ...accountRecovery(dependencies),
  };
}

/**
 * Every flow of sign-in. What is refused is thrown as a Refusal with a reason of the registry. It keeps nothing in
 * memory that matters: counts, locks and sessions are in the database, so any number of processes may run it.
 */
export type AuthService = ReturnType<typeof assemble>;

export async function createAuthService(options: AuthServiceOptions): Promise<AuthService> {
  const { config } = options;
  return assemble({
    database: authDatabase(options.pool),
    hashes: await PasswordHashes.create(config.argon2),
    box: new SecretBox(config.secretKey),
    site: { url: config.publicUrl, name: new URL(config.publicUrl).host },
    now: options.now ?? (() => new Date()),
  });
}
