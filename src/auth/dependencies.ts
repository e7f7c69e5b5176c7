import type { AuthDatabase } from './database.ts';
import { HashQueueFull, type PasswordHashes } from './password-hashes.ts';
import type { SecretBox } from './secret-box.ts';
import type { WalletSite } from './wallet-message.ts';

/** What every flow of sign-in works with. */
export interface AuthDependencies {
  readonly database: AuthDatabase;
  readonly hashes: PasswordHashes;
  readonly box: SecretBox;
  readonly site: WalletSite;
  readonly now: () => Date;
}

/** Where somebody signs in from. */
export interface Device {
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  /** What the client says of itself, shown in the list of sessions. */
  readonly info?: Readonly<Record<string, unknown>> | undefined;
  readonly fingerprint?: string | undefined;
}

/** Does work that hashes, or refuses it before anything is tried (sign_in.busy). */
export async function whenAdmitted<Result>(
  { database, hashes }: AuthDependencies,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await hashes.admit(work);
  } catch (error) {
    if (error instanceof HashQueueFull) return database.refuse('sign_in.busy', 2);
    throw error;
  }
}
