import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import type { Config } from '../config.ts';

export type Argon2Parameters = Config['argon2'];

/** Too many sign-ins wait for their turn already. */
export class HashQueueFull extends Error {
  override readonly name = 'HashQueueFull';
}

/** What was computed so far. */
export interface HashWork {
  /** Hashes made. */
  hashed: number;
  /** Passwords compared with an argon2id hash, the one of nobody included. */
  verified: number;
  /** Passwords compared with a bcrypt hash of an imported database. */
  verifiedBcrypt: number;
}

/** Imported PHC strings name the variant of bcrypt: 2a, 2b, 2y. */
function isBcrypt(hash: string): boolean {
  return /^\$2[abxy]?\$/.test(hash);
}

/**
 * RFC 8265 lets a password be typed in any composition of its characters. bcrypt strings were made elsewhere, from
 * what was typed there.
 */
function composed(password: string): string {
  return password.normalize('NFC');
}

/**
 * Hashing and comparing of what people must keep secret: argon2id (RFC 9106), a few at a time. One hash takes 19 MiB
 * and 28 ms (bench/sign-in.ts), so an unlimited number of sign-ins would starve everything else in the process.
 */
export class PasswordHashes {
  readonly work: HashWork = { hashed: 0, verified: 0, verifiedBcrypt: 0 };
  readonly #parameters: Argon2Parameters;
  readonly #nobody: string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #admitted = 0;

  private constructor(parameters: Argon2Parameters, nobody: string) {
    this.#parameters = parameters;
    this.#nobody = nobody;
  }

  static async create(parameters: Argon2Parameters): Promise<PasswordHashes> {
    return new PasswordHashes(parameters, await argon2.hash(randomBytes(16), options(parameters)));
  }

  /**
   * Lets a piece of work in that will hash, or throws HashQueueFull. To be asked before the work touches anything:
   * who is turned away at the door has tried nothing.
   */
  async admit<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#admitted >= this.#parameters.concurrency + this.#parameters.queue) throw new HashQueueFull();
    this.#admitted += 1;
    try {
      return await work();
    } finally {
      this.#admitted -= 1;
    }
  }

  /** A PHC string. */
  hash(secret: string): Promise<string> {
    return this.#inTurn(() => {
      this.work.hashed += 1;
      return argon2.hash(composed(secret), options(this.#parameters));
    });
  }

  /**
   * Without a hash (nobody has that name), or with one that nothing can verify, the same work is done, and the
   * answer is no.
   */
  verify(hash: string | null | undefined, secret: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (hash && isBcrypt(hash)) {
        this.work.verifiedBcrypt += 1;
        return bcrypt.compare(secret, hash);
      }
      this.work.verified += 1;
      const known = hash?.startsWith('$argon2') ? hash : undefined;
      const isRight = await argon2.verify(known ?? this.#nobody, composed(secret));
      return isRight && known !== undefined;
    });
  }

  /** Whether a hash that verifies should be replaced: another function, or other parameters than today's. */
  isOutdated(hash: string): boolean {
    if (!hash.startsWith('$argon2id$')) return true;
    return argon2.needsRehash(hash, options(this.#parameters));
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#parameters.concurrency) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The place goes to the next in line without becoming free in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

function options(parameters: Argon2Parameters) {
  return {
    type: argon2.argon2id,
    memoryCost: parameters.memoryKiB,
    timeCost: parameters.passes,
    parallelism: parameters.parallelism,
  } as const;
}
