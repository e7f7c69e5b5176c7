import {
  createCipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { exitCodes, StoaError } from '../../errors.ts';

/*
 * A header of the age format (https://age-encryption.org/v1, "Header" and "The X25519 recipient type") for a file key
 * that is known: the library makes one only together with a new key.
 */

const bech32Digits = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const checksumDigits = 6;
const keyBytes = 32;

/** DER of an X25519 public key up to the key itself (RFC 8410). */
const publicKeyPrefix = Buffer.from('302a300506032b656e032100', 'hex');

function badRecipient(recipient: string): StoaError {
  return new StoaError('backup.bad_recipient', `${recipient} is no age recipient of the kind X25519.`, {
    cure: 'Give the public half of a key, which begins with "age1"; "stoa keys new" makes a pair.',
    exitCode: exitCodes.configuration,
  });
}

/** The checksum of Bech32 over the digits of a text and its prefix (BIP 173); 1 where they belong together. */
function checksumOf(prefix: string, digits: readonly number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  let sum = 1;
  for (const digit of [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...digits]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ff_ffff) << 5) ^ digit;
    for (const [bit, value] of generator.entries()) if ((top >> bit) & 1) sum ^= value;
  }
  return sum >>> 0;
}

/** The 32 bytes of an `age1…`. */
function publicBytes(recipient: string): Buffer {
  const text = recipient === recipient.toUpperCase() ? recipient.toLowerCase() : recipient;
  const digits = [...text.slice('age1'.length)].map((digit) => bech32Digits.indexOf(digit));
  const isGood = text.startsWith('age1') && !digits.includes(-1) && checksumOf('age', digits) === 1;
  if (!isGood) throw badRecipient(recipient);
  const bits = digits
    .slice(0, -checksumDigits)
    .map((digit) => digit.toString(2).padStart(5, '0'))
    .join('');
  const bytes = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
  if (bytes.length !== keyBytes) throw badRecipient(recipient);
  return Buffer.from(bytes);
}

function publicKeyOf(bytes: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicKeyPrefix, bytes]), format: 'der', type: 'spki' });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function stanzaFor(recipient: string, fileKey: Uint8Array): string {
  const theirs = publicBytes(recipient);
  const pair = generateKeyPairSync('x25519');
  const ours = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(publicKeyPrefix.length);
  const shared = diffieHellman({ privateKey: pair.privateKey, publicKey: publicKeyOf(theirs) });
  const wrapKey = hkdfSync(
    'sha256',
    shared,
    Buffer.concat([ours, theirs]),
    'age-encryption.org/v1/X25519',
    keyBytes,
  );
  // Each key wraps one file key once, so its nonce may be zero.
  const cipher = createCipheriv('chacha20-poly1305', Buffer.from(wrapKey), Buffer.alloc(12), {
    authTagLength: 16,
  });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return `-> X25519 ${unpadded(ours)}\n${unpadded(body)}\n`;
}

/** Refuses backup.bad_recipient. */
export function writeHeader(fileKey: Uint8Array, recipients: readonly string[]): Buffer {
  const stanzas = recipients.map((recipient) => stanzaFor(recipient, fileKey)).join('');
  const signed = `age-encryption.org/v1\n${stanzas}---`;
  const key = Buffer.from(hkdfSync('sha256', fileKey, Buffer.alloc(0), 'header', 32));
  return Buffer.from(`${signed} ${unpadded(createHmac('sha256', key).update(signed).digest())}\n`);
}
