import { exitCodes, StoaError } from '../../errors.ts';

/** Loading it takes a tenth of a second, which most commands do without. */
const library = () => import('age-encryption');

export interface KeyPair {
  /** `AGE-SECRET-KEY-1…`. */
  readonly identity: string;
  /** `age1…`. */
  readonly recipient: string;
}

export async function newKeyPair(): Promise<KeyPair> {
  const { generateX25519Identity, identityToRecipient } = await library();
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** As `age-keygen` writes it, and `age -i` reads it. */
export function keyFile({ identity, recipient }: KeyPair, now: Date): string {
  return `# created: ${now.toISOString()}\n# public key: ${recipient}\n${identity}\n`;
}

/** Refuses backup.bad_identity. */
export async function recipientOf(identity: string): Promise<string> {
  const { identityToRecipient } = await library();
  try {
    return await identityToRecipient(identity);
  } catch (cause) {
    throw new StoaError('backup.bad_identity', 'What was given as a private key is none.', {
      cure: 'Give a line that begins with "AGE-SECRET-KEY-1", as "stoa keys new" writes it.',
      exitCode: exitCodes.configuration,
      cause,
    });
  }
}
