import { beforeAll, describe, expect, it } from 'vitest';
import { networkOf } from '../../src/http/client-address.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { json, post } from './http.ts';

let db: TestDatabase;
let none: TestApi;
let hops: TestApi;
let networks: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create function forums.seen_address() returns text language sql stable as $$ select current_setting('stoa.ip') $$;
    grant execute on function forums.seen_address() to stoa_anonymous;
  `);
  [none, hops, networks] = await Promise.all([
    startTestApi(db),
    startTestApi(db, { STOA_TRUST_PROXY: '2' }),
    startTestApi(db, { STOA_TRUST_PROXY: '127.0.0.0/8, 10.0.0.0/8, fd00::/8' }),
  ]);
});

async function seen(api: TestApi, forwarded?: string): Promise<string> {
  const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return json(await post(api.url, '{ seenAddress }', headers)).data.seenAddress;
}

const forged = '6.6.6.6';

describe('without a trusted proxy', () => {
  it('the peer is the client, whatever the header says', async () => {
    expect(await seen(none)).toBe('127.0.0.1');
    expect(await seen(none, forged)).toBe('127.0.0.1');
  });
});

describe('behind a number of proxies', () => {
  it('the address that the outermost of them saw is the client', async () => {
    expect(await seen(hops, '203.0.113.7, 10.0.0.1')).toBe('203.0.113.7');
  });

  it('what the client wrote before it is not read', async () => {
    expect(await seen(hops, `${forged}, 203.0.113.7, 10.0.0.1`)).toBe('203.0.113.7');
  });

  it('a shorter list ends with what is there', async () => {
    expect(await seen(hops, '203.0.113.7')).toBe('203.0.113.7');
    expect(await seen(hops)).toBe('127.0.0.1');
  });
});

describe('behind the proxies of some networks', () => {
  it('the first address from the right that is none of theirs is the client', async () => {
    expect(await seen(networks, '203.0.113.7, 10.0.0.1, 10.0.0.2')).toBe('203.0.113.7');
    expect(await seen(networks, `${forged}, 203.0.113.7, 10.0.0.1`)).toBe('203.0.113.7');
    expect(await seen(networks, `${forged}, 203.0.113.7, fd00::1`)).toBe('203.0.113.7');
  });

  it('the header of a peer that is none of theirs is ignored', async () => {
    const other = await startTestApi(db, { STOA_TRUST_PROXY: '10.0.0.0/8' });
    expect(await seen(other, forged)).toBe('127.0.0.1');
  });

  it.each(['', 'unknown', 'not an address, 10.0.0.1', '<script>, 127.0.0.1', '1.2.3', "'; drop table users"])(
    '%j ends the list',
    async (garbage) => {
      expect(await seen(networks, garbage)).toMatch(/^(127\.0\.0\.1|10\.0\.0\.1)$/);
    },
  );

  it('ports, brackets and mapped addresses are understood', async () => {
    expect(await seen(networks, '203.0.113.7:4711')).toBe('203.0.113.7');
    expect(await seen(networks, '[2001:db8::7]:4711')).toBe('2001:db8::7');
    expect(await seen(networks, '::ffff:203.0.113.7')).toBe('203.0.113.7');
  });
});

it('the throttles of sign-in count the client, not the proxy', async () => {
  const wrong = 'mutation { signIn(input: { name: "nobody", password: "wrong" }) { tokens { sessionId } } }';
  await post(networks.url, wrong, { 'x-forwarded-for': '203.0.113.77' });
  const { rows } = await db.query(
    "select attempts from auth.throttles where key_hash = auth.network_key('203.0.113.77')",
  );
  expect(rows).toEqual([{ attempts: 1 }]);
});

it('one customer of IPv6 is a /64', () => {
  expect(networkOf('2001:db8::1')).toBe(networkOf('2001:0db8:0:0:ffff::2'));
  expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8::1'));
  expect(networkOf('::1')).toBe('0:0:0:0');
  expect(networkOf('1:2:3:4:5:6:7:8')).toBe('1:2:3:4');
  expect(networkOf('192.0.2.1')).toBe('192.0.2.1');
});
