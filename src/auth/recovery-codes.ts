import { randomBytes } from 'node:crypto';

/** Crockford's base 32: 32 letters and digits, none of which is taken for another one; five bits each. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export const recoveryCodeCount = 10;

/** Ten codes of 80 bits, such as `K7QM-2XWD-9PTR-HJ4C`. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCodeCount }, () =>
    Array.from(randomBytes(16), (byte, index) => {
      const letter = alphabet[byte % alphabet.length] ?? '';
      return index > 0 && index % 4 === 0 ? `-${letter}` : letter;
    }).join(''),
  );
}

/** However a person typed it, O for 0 and l for 1 included: the form that is hashed. */
export function normalizeRecoveryCode(typed: string): string {
  return typed
    .toUpperCase()
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
    .replaceAll(/[^0-9A-Z]/g, '');
}
