import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { exitCodes, StoaError } from '../errors.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts small secrets with a key that the database never sees (AES-256-GCM, NIST SP 800-38D). `owner` is bound
 * to the ciphertext, so one row's secret does not open under another's name.
 */
export class SecretBox {
  /** Which key: part of its digest, which tells nothing about it. */
  readonly keyId: string;
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
    this.keyId = createHash('sha256').update('stoa key id').update(key).digest('hex').slice(0, 16);
  }

  /** Nonce, tag, ciphertext. */
  seal(secret: Uint8Array, owner: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(Buffer.from(owner));
    const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
  }

  open(sealed: Buffer, owner: string, keyId: string): Buffer {
    if (keyId !== this.keyId) {
      throw new StoaError(
        'secret_key.unknown',
        `A secret is encrypted with the key "${keyId}", which is not set.`,
        {
          cure: 'Set STOA_SECRET_KEY to the key that was in force when the secret was made.',
          exitCode: exitCodes.configuration,
        },
      );
    }
    const nonce = sealed.subarray(0, nonceBytes);
    const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes);
    const decipher = createDecipheriv(algorithm, this.#key, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(owner))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
  }
}
