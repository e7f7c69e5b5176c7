import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../api/api.ts';
import { peerId, type Swarm, swarm, type Torrent } from '../sql/tracker/swarm.ts';
import { announceAddress, ask, escaped, type Member, member, realClient } from './client.ts';

let world: Swarm;
let api: TestApi;
let origin: string;
let seeder: Member;
let leecher: Member;
let torrent: Torrent;

/** The library gives a hash that is no UTF-8 in hex of hex. */
const hashOf = (given: unknown): string =>
  String(given).length === 80 ? Buffer.from(String(given), 'hex').toString() : String(given);

/** Asks from another address of this machine. */
async function askFrom(localAddress: string, url: string, headers: Readonly<Record<string, string>> = {}) {
  const sent = request(url, { localAddress, headers, agent }).end();
  const [response]: IncomingMessage[] = await once(sent, 'response');
  return { status: response?.statusCode, body: response === undefined ? '' : await text(response) };
}
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(() => agent.destroy());

beforeAll(async () => {
  world = await swarm();
  // Both families on one socket, as people run it.
  api = await startTestApi(world.db, {
    STOA_HOST: '::',
    STOA_TRUST_PROXY: '127.0.0.2',
    STOA_RATE_ADDRESS: '400',
  });
  origin = `http://127.0.0.1:${api.port}`;
});

describe('two BitTorrent clients', () => {
  beforeAll(async () => {
    [seeder, leecher, torrent] = [await member(world), await member(world), await world.torrent()];
  });

  it('start, find each other by IPv4 and IPv6, complete, and stop', async () => {
    const byIPv4 = realClient(`${origin}/${seeder.passkey}/announce`, torrent.infoHash, 'seeder', 7001);
    const byIPv6 = realClient(
      `http://[::1]:${api.port}/announce/${leecher.passkey}`,
      torrent.infoHash,
      'leecher',
      7002,
    );
    expect(await byIPv4.announce('start', { left: 0 })).toMatchObject({ interval: 1800, peers: [] });
    expect((await byIPv6.announce('start', { left: 1_000 })).peers).toEqual(['127.0.0.1:7001']);
    expect((await byIPv4.announce('start', { left: 0 })).peers).toEqual(['[::1]:7002']);

    await byIPv6.announce('complete', { left: 0, downloaded: 1_000 });
    expect(await world.figures(torrent)).toMatchObject({ times_completed: 1, total_downloaded: '1000' });
    expect(await world.totals(leecher)).toMatchObject({ downloaded: '1000', torrents_snatched: 1 });

    expect((await byIPv6.announce('stop', { left: 0, downloaded: 1_000 })).peers).toEqual([]);
    expect((await world.peers(torrent)).map((peer) => peer.user_id)).toEqual([seeder.id]);
    const [row] = await world.rows(
      'select user_agent, host(ip_address) as ip from tracker.peers where torrent_id = $1',
      [torrent.id],
    );
    expect(row).toEqual({ user_agent: 'test/1.0', ip: '127.0.0.1' });
  });

  it('scrape the swarms they are in', async () => {
    const [other, third] = [await world.torrent(), await world.torrent()];
    await world.db.query(
      'update tracker.torrent_statistics set seeders = 3, leechers = 2, times_completed = 9 where torrent_id = $1',
      [other.id],
    );
    const client = realClient(`${origin}/${leecher.passkey}/announce`, other.infoHash, 'leecher');
    const [first] = await client.scrape();
    expect(first).toMatchObject({ complete: 3, incomplete: 2, downloaded: 9 });
    expect(hashOf(first?.['infoHash'])).toBe(other.infoHash);
    const found = await client.scrape([other.infoHash, third.infoHash]);
    expect(found.map(({ infoHash }) => hashOf(infoHash)).sort()).toEqual(
      [other.infoHash, third.infoHash].sort(),
    );
  });
});

describe('an answer', () => {
  beforeAll(async () => {
    [seeder, leecher, torrent] = [await member(world), await member(world), await world.torrent()];
    await ask(announceAddress({ torrent, passkey: seeder.passkey, origin }, { left: '0', port: '7001' }));
    await ask(
      announceAddress(
        { torrent, passkey: seeder.passkey, origin: `http://[::1]:${api.port}` },
        { left: '0', port: '7002', peer_id: escaped(peerId('second')) },
      ),
    );
  });
  const asLeecher = (changes: Readonly<Record<string, string | undefined>> = {}) =>
    ask(announceAddress({ torrent, passkey: leecher.passkey, origin }, changes));

  it('is compact, IPv6 apart from IPv4', async () => {
    const { fields, status } = await asLeecher();
    expect(status).toBe(200);
    expect(Object.keys(fields)).toEqual([
      'complete',
      'incomplete',
      'interval',
      'min interval',
      'peers',
      'peers6',
    ]);
    expect(fields).toMatchObject({ interval: 1800, 'min interval': 60 });
    expect(fields['peers']).toEqual(Buffer.from([127, 0, 0, 1, 0x1b, 0x59]));
    expect(fields['peers6']).toEqual(Buffer.from(`${'00'.repeat(15)}011b5a`, 'hex'));
  });

  it('is a list of peers for whoever does not read the compact form', async () => {
    const { fields } = await asLeecher({ compact: '0' });
    const peer = (ip: string, port: number) =>
      new Map<string, unknown>([
        ['ip', Buffer.from(ip)],
        ['port', port],
      ]);
    expect((fields['peers'] as ReadonlyMap<string, unknown>[]).map((entry) => new Map(entry))).toEqual([
      peer('127.0.0.1', 7001),
      peer('0000:0000:0000:0000:0000:0000:0000:0001', 7002),
    ]);
    expect(fields).not.toHaveProperty('peers6');
  });

  it.each([
    ['0', 0],
    ['1', 1],
    ['-1', 2],
    ['many', 2],
    ['999999999999', 2],
  ])('to numwant=%s has %i peers', async (numwant, count) => {
    const { fields, failure } = await asLeecher({ numwant });
    expect(failure).toBeUndefined();
    const { peers, peers6 = Buffer.alloc(0) } = fields as { peers: Buffer; peers6?: Buffer };
    expect(peers.length / 6 + peers6.length / 18).toBe(count);
  });

  it('names the address of the connection, whatever a client says of itself', async () => {
    const liar = await member(world);
    await ask(
      announceAddress(
        { torrent, passkey: liar.passkey, origin },
        { ip: '192.0.2.66', ipv6: '2001:db8::66', ipv4: '192.0.2.66' },
      ),
      { headers: { 'x-forwarded-for': '192.0.2.67' } },
    );
    expect(
      await world.rows('select host(ip_address) as ip from tracker.peers where user_id = $1', [liar.id]),
    ).toEqual([{ ip: '127.0.0.1' }]);
  });

  it('names what a trusted proxy says', async () => {
    const far = await member(world);
    await askFrom('127.0.0.2', announceAddress({ torrent, passkey: far.passkey, origin }), {
      'x-forwarded-for': '2001:db8::7',
    });
    expect(
      await world.rows('select host(ip_address) as ip from tracker.peers where user_id = $1', [far.id]),
    ).toEqual([{ ip: '2001:db8::7' }]);
  });
});

describe('nonsense', () => {
  beforeAll(async () => {
    [leecher, torrent] = [await member(world), await world.torrent()];
  });

  it.each([
    ['a hash that is too short', { info_hash: '%00%01' }, /info_hash must be 20 bytes/],
    ['a hash of 21 bytes', { info_hash: 'a'.repeat(21) }, /info_hash must be 20 bytes/],
    ['a hash in hex', { info_hash: 'ab'.repeat(20) }, /info_hash must be 20 bytes/],
    ['a hash with broken escapes', { info_hash: '%zz'.repeat(20) }, /info_hash must be 20 bytes/],
    ['no hash', { info_hash: undefined }, /info_hash must be 20 bytes/],
    ['a torrent that is not here', { info_hash: '%ff'.repeat(20) }, /not registered/],
    ['no peer', { peer_id: undefined }, /peer_id must be 20 bytes/],
    ['no port', { port: undefined }, /port must be/],
    ['port 0', { port: '0' }, /port must be/],
    ['a port that is none', { port: '65536' }, /port must be/],
    ['a negative port', { port: '-1' }, /port must be/],
    ['port 22', { port: '22' }, /another port/],
    ['no uploaded', { uploaded: undefined }, /uploaded must be/],
    ['a negative downloaded', { downloaded: '-5' }, /downloaded must be/],
    ['a fraction', { left: '1.5' }, /left must be/],
    ['a number beyond all', { uploaded: '9'.repeat(400) }, /uploaded must be/],
    ['a number in hex', { left: '0x10' }, /left must be/],
    ['an event that is none', { event: 'exploded' }, /event must be/],
    ['an event with NUL in it', { event: 'a%00b' }, /event must be/],
  ])('%s is refused in words', async (_, changes, expected) => {
    const answer = await ask(announceAddress({ torrent, passkey: leecher.passkey, origin }, changes));
    expect(answer).toMatchObject({ status: 200, failure: expect.stringMatching(expected) });
    expect(Object.keys(answer.fields)).toEqual(['failure reason']);
  });

  it.each([
    ['/announce', /no passkey/],
    ['/announce/', /no passkey/],
    ['/scrape', /no passkey/],
    ['/announce/nobody', /20 bytes|must be/],
    [
      '/nobody/scrape?info_hash=%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61',
      /passkey is not known/,
    ],
    ['/nobody/scrape', /which torrents/],
    ['/nobody/scrape?info_hash=short', /20 bytes/],
    ['/nobody/announce?&&&=&=&x&__proto__=1&info_hash', /must be/],
  ])('%s is refused in words', async (path, expected) => {
    expect(await ask(`${origin}${path}`)).toMatchObject({
      status: 200,
      failure: expect.stringMatching(expected),
    });
  });

  it('an unknown passkey is refused, and an account that is barred', async () => {
    const unknown = await ask(announceAddress({ torrent, passkey: 'nobody', origin }));
    expect(unknown).toMatchObject({ status: 200, failure: expect.stringContaining('passkey is not known') });
    const barred = await member(world);
    await world.db.query('update core.users set is_active = false where id = $1', [barred.id]);
    expect(await ask(announceAddress({ torrent, passkey: barred.passkey, origin }))).toMatchObject({
      failure: expect.stringContaining('may not use the tracker'),
    });
  });

  it('a number at the edge of what is counted is taken', async () => {
    const [one] = [await member(world)];
    const answer = await ask(
      announceAddress(
        { torrent, passkey: one.passkey, origin },
        { uploaded: '9'.repeat(18), left: '9'.repeat(18) },
      ),
    );
    expect(answer.failure).toBeUndefined();
  });

  it('another method, and bytes that are no text, are answered too', async () => {
    expect(await ask(`${origin}/${leecher.passkey}/announce`, { method: 'POST', body: 'x' })).toMatchObject({
      status: 200,
      failure: 'Send a GET request.',
    });
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        { port: api.port, path: `/${leecher.passkey}/announce?info_hash=x` },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.setHeader('user-agent', 'caf\u00e9 \u00ff');
      sent.on('error', reject);
      sent.end();
    });
    expect(status).toBe(200);
  });

  it('beyond what one network may send is told when to come back, and keeps nobody else from asking', async () => {
    let refused: string | undefined;
    for (let round = 0; round < 450 && refused === undefined; round += 1) {
      const { status, body } = await askFrom('127.0.0.3', `${origin}/announce`);
      expect(status).toBe(200);
      if (!body.includes('no passkey')) refused = body;
    }
    expect(refused).toBe('d14:failure reason44:Too many requests from your network address.8:retry ini1ee');
    expect((await askFrom('127.0.0.4', `${origin}/announce`)).body).toContain('no passkey');
  });

  it('of no kind was an error of the server, and no passkey is in its log', () => {
    expect(JSON.stringify(api.log)).not.toMatch(/unexpected|failed|passkey-/);
  });
});

describe('the server', () => {
  it('tells how many announces it wrote, and by how many statements', async () => {
    const figures = await (await fetch(`${origin}/metrics`)).text();
    expect(figures).toMatch(/^stoa_announces_written [1-9]/m);
    expect(figures).toMatch(/^stoa_announce_sets [1-9]/m);
    expect(figures).toContain('pool="announces"');
  });

  it('answers an announce that waits in the database before it stops', async () => {
    const last = await member(world);
    const client = await world.db.pool.connect();
    await client.query('begin');
    await client.query('select from tracker.passkeys where user_id = $1 for update', [last.id]);
    const answer = ask(announceAddress({ torrent, passkey: last.passkey, origin }));
    await world.untilSomebodyWaits();
    const closed = api.close();
    await client.query('rollback');
    client.release();
    expect((await answer).failure).toBeUndefined();
    await closed;
  });
});
