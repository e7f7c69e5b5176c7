import { createHash, randomBytes } from 'node:crypto';

/** 256 bits that only the holder knows; the database keeps the digest. */
export interface Token {
  /** 43 characters of URL-safe base64. */
  readonly text: string;
  readonly hash: Buffer;
}

/** A fast digest is enough: there is nothing to guess about 256 random bits. */
export function hashToken(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

export function newToken(): Token {
  const text = randomBytes(32).toString('base64url');
  return { text, hash: hashToken(text) };
}
