import { Secret, TOTP } from 'otpauth';

/** One code before and one after the present one: clocks differ, people type slowly (RFC 6238, section 5.2). */
const window = 1;

function generator(secret: Uint8Array, label = '', issuer = ''): TOTP {
  // SHA-1, six digits, 30 seconds: what every authenticator app understands.
  return new TOTP({
    issuer,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: 30,
    secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
  });
}

export function newTotpSecret(): Uint8Array {
  return new Secret({ size: 20 }).bytes;
}

/** What an authenticator app reads from the QR code. */
export function totpUri(secret: Uint8Array, label: string, issuer: string): string {
  return generator(secret, label, issuer).toString();
}

export function totpSecretText(secret: Uint8Array): string {
  return new Secret({ buffer: Uint8Array.from(secret).buffer }).base32;
}

/** The 30-second step that a code belongs to; undefined for a code that is not right now. */
export function totpStep(secret: Uint8Array, code: string, now: Date): number | undefined {
  const digits = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(digits)) return undefined;
  const totp = generator(secret);
  const timestamp = now.getTime();
  const delta = totp.validate({ token: digits, timestamp, window });
  return delta === null ? undefined : totp.counter({ timestamp }) + delta;
}

/** What an authenticator app would show. */
export function totpCode(secret: Uint8Array, now: Date): string {
  return generator(secret).generate({ timestamp: now.getTime() });
}
