import { expect, test } from 'vitest';
import { totpCode, totpStep, totpUri } from '../../src/auth/totp.ts';

/** RFC 6238, appendix B (SHA-1), the last six of its eight digits. */
const secret = Buffer.from('12345678901234567890');
const vectors: readonly [number, string][] = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
];

test.each(vectors)('at second %i the code is %s', (seconds, code) => {
  const now = new Date(seconds * 1000);
  expect(totpCode(secret, now)).toBe(code);
  expect(totpStep(secret, code, now)).toBe(Math.floor(seconds / 30));
  expect(totpStep(secret, `${code.slice(0, 3)} ${code.slice(3)}`, now)).toBe(Math.floor(seconds / 30));
});

test('the step is that of the code, not that of the clock', () => {
  const now = new Date(1_700_000_000_000);
  const step = Math.floor(now.getTime() / 30_000);
  for (const [seconds, expected] of [
    [-60, undefined],
    [-30, step - 1],
    [0, step],
    [30, step + 1],
    [60, undefined],
  ] as const) {
    expect(totpStep(secret, totpCode(secret, new Date(now.getTime() + seconds * 1000)), now)).toBe(expected);
  }
});

test('what is not six digits is no code', () => {
  for (const typed of ['', '12345', '1234567', 'abcdef', '١٢٣٤٥٦']) {
    expect(totpStep(secret, typed, new Date(59_000))).toBeUndefined();
  }
});

test('the address for an authenticator app names site and account', () => {
  expect(totpUri(secret, 'ada', 'My Site')).toBe(
    'otpauth://totp/My%20Site:ada?issuer=My%20Site&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30',
  );
});
