import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import type { PgClient } from 'postgraphile/@dataplan/pg';
import { z } from 'zod';
import type { SecretBox } from '../../auth/secret-box.ts';

const sealedShape = z.array(z.object({ passkey_ciphertext: z.instanceof(Buffer), key_id: z.string() }));

/** Ours alone, so that the passkey of one person does not open under the name of another. */
const ownerOf = (userId: string): string => `passkey:${userId}`;

/** Passkeys of whoever a request acts for. The database keeps their digests and what `box` sealed, and cannot read them. */
export class Passkeys {
  readonly #box: SecretBox;
  readonly #userId: string;

  constructor(box: SecretBox, userId: string) {
    this.#box = box;
    this.#userId = userId;
  }

  open(sealed: Buffer, keyId: string): string {
    return this.#box.open(sealed, ownerOf(this.#userId), keyId).toString('latin1');
  }

  /** Undefined while there is none. */
  async find(client: PgClient): Promise<string | undefined> {
    const { rows } = await client.query({
      text: 'select passkey_ciphertext, key_id from tracker.my_passkey()',
    });
    const [sealed] = sealedShape.parse(rows);
    return sealed && this.open(sealed.passkey_ciphertext, sealed.key_id);
  }

  /** In place of the one before, if there is one. */
  async reset(client: PgClient): Promise<string> {
    const passkey = randomBytes(16).toString('hex');
    await client.query({
      text: 'select tracker.reset_passkey($1, $2, $3)',
      values: [
        createHash('sha256').update(passkey).digest(),
        this.#box.seal(Buffer.from(passkey, 'latin1'), ownerOf(this.#userId)),
        this.#box.keyId,
      ],
    });
    return passkey;
  }

  async findOrMake(client: PgClient): Promise<string> {
    const known = await this.find(client);
    if (known !== undefined) return known;
    try {
      return await client.withTransaction((inner) => this.reset(inner));
    } catch (error) {
      // Two requests of one person at once: the other was first, and has committed.
      const made = isTaken(error) ? await this.find(client) : undefined;
      if (made === undefined) throw error;
      return made;
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.detail === 'passkey.invalid';
}

/** With the passkey before the word: only so do clients know how to scrape (BEP 48). */
export function announceUrl(publicUrl: string, passkey: string): string {
  return `${publicUrl}/${passkey}/announce`;
}
