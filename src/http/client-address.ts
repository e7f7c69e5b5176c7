import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Whose X-Forwarded-For is believed. */
export type TrustProxy =
  | { readonly kind: 'none' }
  /** So many proxies stand in front, each of which appends the address that it was asked from. */
  | { readonly kind: 'hops'; readonly hops: number }
  /** Only proxies in these networks are believed. */
  | { readonly kind: 'networks'; readonly networks: readonly string[] };

/** The longest list that is looked at: nobody stands behind more proxies than that. */
const longestChain = 20;

/**
 * Finds the address of the client that a request comes from. It begins at the peer of the connection, which cannot be
 * forged, and goes back through X-Forwarded-For only as long as the address that it stands at is a proxy that is trusted:
 * what a client wrote into the header itself lies behind that and is never reached.
 */
export function makeClientAddress(trust: TrustProxy): (message: IncomingMessage) => string | undefined {
  const isTrusted = trustOf(trust);
  return (message) => {
    let address = plainAddress(message.socket.remoteAddress ?? '');
    if (address === undefined) return undefined;
    const chain = [message.headers['x-forwarded-for'] ?? []].flat().join(',').split(',').reverse();
    for (const [place, given] of chain.slice(0, longestChain).entries()) {
      if (!isTrusted(address, place)) break;
      const before = plainAddress(given);
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

function trustOf(trust: TrustProxy): (address: string, place: number) => boolean {
  if (trust.kind === 'none') return () => false;
  if (trust.kind === 'hops') return (_address, place) => place < trust.hops;
  const trusted = new BlockList();
  for (const network of trust.networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    trusted.addSubnet(
      address,
      prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix),
      family,
    );
  }
  return (address) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Without port, brackets and zone; an IPv4 address that is mapped into IPv6 as IPv4. Undefined: no address. */
function plainAddress(given: string): string | undefined {
  const text = given.trim();
  const address =
    /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(text)?.[1] ?? text;
  const withoutZone = address.split('%')[0] ?? '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1];
  const plain = mapped ?? withoutZone;
  return isIP(plain) === 0 ? undefined : plain;
}

/** What is counted as one client: an IPv4 address, or the /64 of IPv6, which is what one customer has. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined
      ? first
      : [...first, ...Array(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
