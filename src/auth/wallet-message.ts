import { randomBytes } from 'node:crypto';
import { createSiweMessage, parseSiweMessage, validateSiweMessage } from 'viem/siwe';
import { getAddress, isAddress, isHex, verifyMessage } from 'viem/utils';

/** The chains of EIP-155 on which a wallet can sign in, by the name that the database knows. */
export const chainIds: Readonly<Record<string, number>> = {
  ethereum: 1,
  optimism: 10,
  bsc: 56,
  polygon: 137,
  base: 8453,
  arbitrum: 42161,
};

/** Where a signature counts: the site that the message must name. */
export interface WalletSite {
  /** `https://community.example`. */
  readonly url: string;
  readonly name: string;
}

export interface WalletChallenge {
  readonly nonce: string;
  readonly message: string;
}

export function isWalletAddress(address: string): boolean {
  return isAddress(address, { strict: false });
}

/** The message of EIP-4361 for a wallet to sign. */
export function newWalletChallenge(
  site: WalletSite,
  network: string,
  address: string,
  lifetimeMs: number,
  now: Date,
): WalletChallenge {
  const chainId = chainIds[network];
  if (chainId === undefined) throw new Error(`no chain is known as "${network}"`);
  const nonce = randomBytes(16).toString('hex');
  const message = createSiweMessage({
    domain: new URL(site.url).host,
    uri: site.url,
    address: getAddress(address),
    statement: `Sign in to ${site.name.replaceAll(/\s+/g, ' ')}.`,
    version: '1',
    chainId,
    nonce,
    issuedAt: now,
    expirationTime: new Date(now.getTime() + lifetimeMs),
  });
  return { nonce, message };
}

export interface SignedMessage {
  readonly network: string;
  /** With the capitals of EIP-55. */
  readonly address: string;
  readonly nonce: string;
}

/**
 * What a message says, if it is one for this site, for a chain we know, and in its time; undefined otherwise. Says
 * nothing about the signature, nor about whether we handed the message out.
 */
export function readWalletMessage(site: WalletSite, message: string, now: Date): SignedMessage | undefined {
  const fields = parseSiweMessage(message);
  const { address, chainId, nonce, uri, version, expirationTime } = fields;
  const network = Object.entries(chainIds).find(([, id]) => id === chainId)?.[0];
  const isForHere =
    validateSiweMessage({ message: fields, domain: new URL(site.url).host, time: now }) &&
    fields.scheme === undefined &&
    version === '1' &&
    uri === site.url &&
    expirationTime !== undefined;
  if (!isForHere || network === undefined || address === undefined || nonce === undefined) return undefined;
  return { network, address: getAddress(address), nonce };
}

/** Whether the key of the address signed the text (EIP-191). Computed here, no node of the chain is asked. */
export async function isSignedBy(address: string, message: string, signature: string): Promise<boolean> {
  if (!isHex(signature) || !isAddress(address)) return false;
  try {
    return await verifyMessage({ address, message, signature });
  } catch {
    // A signature that is none (wrong length, point not on the curve) is thrown, not answered.
    return false;
  }
}
