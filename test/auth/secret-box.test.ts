import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SecretBox } from '../../src/auth/secret-box.ts';

describe('a secret box', () => {
  const key = randomBytes(32);
  const box = new SecretBox(key);
  const secret = randomBytes(20);

  test('opens what it sealed, and seals the same thing differently each time', () => {
    const sealed = box.seal(secret, 'ada');
    expect(box.open(sealed, 'ada', box.keyId)).toEqual(secret);
    expect(box.seal(secret, 'ada')).not.toEqual(sealed);
  });

  test('does not open for another owner, nor after a bit was changed', () => {
    const sealed = box.seal(secret, 'ada');
    expect(() => box.open(sealed, 'bela', box.keyId)).toThrow();
    for (const position of [0, 12, 30]) {
      const changed = Buffer.from(sealed);
      changed[position] = (changed[position] ?? 0) ^ 1;
      expect(() => box.open(changed, 'ada', box.keyId)).toThrow();
    }
  });

  test('says which key is missing, without showing any', () => {
    const other = new SecretBox(randomBytes(32));
    const sealed = other.seal(secret, 'ada');
    expect(() => box.open(sealed, 'ada', other.keyId)).toThrow(
      expect.objectContaining({ code: 'secret_key.unknown', message: expect.stringContaining(other.keyId) }),
    );
    expect(new SecretBox(key).keyId).toBe(box.keyId);
    expect(key.toString('hex')).not.toContain(box.keyId);
  });
});
