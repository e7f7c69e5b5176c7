import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { announcement, type Person, type Swarm, sha256, swarm, type Torrent } from './swarm.ts';

let world: Swarm;
let person: Person;
let torrent: Torrent;
let keys = 0;
beforeAll(async () => {
  world = await swarm();
  torrent = await world.torrent();
});
beforeEach(async () => {
  person = await world.person('user', { hasPasskey: false });
});

async function reset(by = person): Promise<Person> {
  keys += 1;
  const hash = sha256(`key ${keys}`);
  await by.call('tracker.reset_passkey', {
    passkey_hash: hash,
    passkey_ciphertext: Buffer.from(`sealed ${keys}`),
    key_id: 'k1',
  });
  return { ...by, passkeyHash: hash.toString('hex') };
}

describe('a passkey', () => {
  it('is read by its owner alone, encrypted, and not before there is one', async () => {
    expect(await person.read('select * from tracker.my_passkey()')).toEqual([]);
    await reset();
    expect(await person.read('select * from tracker.my_passkey()')).toEqual([
      { passkey_ciphertext: Buffer.from(`sealed ${keys}`), key_id: 'k1' },
    ]);
    const admin = await world.person('admin', { hasPasskey: false });
    expect(await admin.read('select * from tracker.my_passkey()')).toEqual([]);
    await expect(admin.read('select from tracker.passkeys')).rejects.toMatchObject({ code: '42501' });
  });

  it('that replaces another takes the person out of every swarm, and the other is refused from then on', async () => {
    const before = await reset();
    await world.announce(before, torrent, { uploaded: 5 });
    const after = await reset();
    expect((await world.peers(torrent)).filter(({ user_id }) => user_id === person.id)).toEqual([]);
    expect(await world.announce(before, torrent)).toMatchObject({
      failure_reason: 'announce.passkey_unknown',
    });

    // What the session told with the old key is not credited with the new one.
    expect((await world.announce(after, torrent, { uploaded: 900 })).failure).toBeNull();
    expect(await world.totals(person)).toMatchObject({ uploaded: '0' });
    expect(
      await world.rows(
        'select revoked_at is null as is_live from tracker.passkeys where user_id = $1 order by inserted_at',
        [person.id],
      ),
    ).toEqual([{ is_live: false }, { is_live: true }]);
  });

  it.each([
    ['a digest of another length', { passkey_hash: Buffer.from('short') }],
    ['no ciphertext', { passkey_ciphertext: Buffer.alloc(0) }],
    ['no name of a key', { key_id: '' }],
  ])('is refused with %s', async (_, wrong) => {
    const right = { passkey_hash: sha256('x'), passkey_ciphertext: Buffer.from('x'), key_id: 'k1' };
    expect(await reasonOf(person.call('tracker.reset_passkey', { ...right, ...wrong }))).toBe(
      'passkey.invalid',
    );
  });

  it('that somebody else has is refused, and the one before stays', async () => {
    const mine = await reset();
    const other = await world.person();
    expect(
      await reasonOf(
        person.call('tracker.reset_passkey', {
          passkey_hash: Buffer.from(other.passkeyHash, 'hex'),
          passkey_ciphertext: Buffer.from('x'),
          key_id: 'k1',
        }),
      ),
    ).toBe('passkey.invalid');
    expect((await world.announce(mine, torrent)).failure).toBeNull();
  });

  it('is withdrawn by its owner or an administrator, audited, and nobody else', async () => {
    const mine = await reset();
    await world.announce(mine, torrent);
    const moderator = await world.person('moderator');
    expect(await reasonOf(moderator.call('tracker.revoke_passkey', { user_id: person.id }))).toBe(
      'role.insufficient',
    );
    const admin = await world.person('admin');
    await admin.call('tracker.revoke_passkey', { user_id: person.id });
    expect(await world.announce(mine, torrent)).toMatchObject({ failure_reason: 'announce.passkey_unknown' });
    expect((await world.peers(torrent)).filter(({ user_id }) => user_id === person.id)).toEqual([]);
    expect(await reasonOf(person.call('tracker.revoke_passkey', { user_id: person.id }))).toBe(
      'passkey.none',
    );
    expect(
      await world.rows('select action from audit.logs where resource_id = $1 and actor_id = $2', [
        person.id,
        admin.id,
      ]),
    ).toEqual([{ action: 'revoke_passkey' }]);
  });
});

describe('a reset while an announce is under way', () => {
  // The lock of the passkey in tracker.announce_many: without it the peer is back after it was removed.
  it('waits for it, and removes its peer', async () => {
    const mine = await reset();
    const client = await world.tracker.connect();
    try {
      await client.query('begin');
      await world.announceMany([announcement(mine, torrent)], client);
      const replaced = reset();
      await world.untilSomebodyWaits();
      await client.query('commit');
      await replaced;
    } finally {
      client.release();
    }
    expect((await world.peers(torrent)).filter(({ user_id }) => user_id === person.id)).toEqual([]);
  });

  // passkeys_active_key: two live keys of one person would be two people who download.
  it('of the same person leaves one live key, whoever is first', async () => {
    await reset();
    await Promise.allSettled([reset(), reset(), reset()]);
    expect(
      await world.rows('select from tracker.passkeys where user_id = $1 and revoked_at is null', [person.id]),
    ).toHaveLength(1);
  });
});

describe('the login that announces', () => {
  it('reads and writes no table, and calls nothing else', async () => {
    const { rows } = await world.tracker.query(
      `select f.oid::regprocedure::text as signature from pg_catalog.pg_proc as f
       where f.pronamespace::regnamespace::text ~ '^(tracker|core|auth|moderation|ops|audit)$'
         and has_function_privilege(f.oid, 'execute') order by 1`,
    );
    expect(rows.map(({ signature }) => signature.split('(')[0])).toEqual([
      'tracker.announce',
      'tracker.announce_many',
      'tracker.scrape',
    ]);
    for (const table of ['passkeys', 'peers', 'announces', 'torrents', 'user_statistics']) {
      await expect(world.tracker.query(`select from tracker.${table}`)).rejects.toMatchObject({
        code: '42501',
      });
    }
  });
});
