import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addresses, announcement, type Person, type Swarm, swarm, type Torrent } from './swarm.ts';

let world: Swarm;
let person: Person;
let torrent: Torrent;
beforeAll(async () => {
  world = await swarm();
});
beforeEach(async () => {
  person = await world.person();
  torrent = await world.torrent();
});

const refresh = () => world.work<{ refreshed: number }>('tracker.refresh_torrent_statistics()');

describe('whom a client is told of', () => {
  it('are all others for whoever downloads, with address and port, and never the person themselves', async () => {
    const [seeder, leecher] = [await world.person(), await world.person()];
    await world.announce(seeder, torrent, { ip: '192.0.2.7', port: 6881 });
    await world.announce(leecher, torrent, { ip: '198.51.100.255', port: 65_535, left: 5 });
    await world.announce(person, torrent, { peer: 'other', ip: '203.0.113.1', left: 5 });
    const answer = await world.announce(person, torrent, { ip: '203.0.113.2', left: 5 });
    expect(addresses(answer.peers)).toEqual(['192.0.2.7:6881', '198.51.100.255:65535']);
    expect(answer.peers6).toHaveLength(0);
  });

  it('are only those who download, for a seeder', async () => {
    const [seeder, leecher] = [await world.person(), await world.person()];
    await world.announce(seeder, torrent, { ip: '192.0.2.7' });
    await world.announce(leecher, torrent, { ip: '192.0.2.8', left: 5 });
    expect(addresses((await world.announce(person, torrent)).peers)).toEqual(['192.0.2.8:51413']);
  });

  it('come in the two compact forms, by the family of the address', async () => {
    const [four, six] = [await world.person(), await world.person()];
    await world.announce(four, torrent, { ip: '192.0.2.7', left: 5 });
    await world.announce(six, torrent, { ip: '2001:db8::7', port: 6881, left: 5 });
    const answer = await world.announce(person, torrent, { ip: '2001:db8::1' });
    expect(addresses(answer.peers)).toEqual(['192.0.2.7:51413']);
    expect(addresses(answer.peers6, 16)).toEqual(['2001:0db8:0000:0000:0000:0000:0000:0007:6881']);
  });

  it('are fifty, or as many as they ask for, at most two hundred, and different ones each time', async () => {
    const people = await world.people(230);
    await world.announceMany(
      people.map((each, index) =>
        announcement(each, torrent, { ip: `10.0.${index >> 8}.${index & 255}`, left: index % 2 }),
      ),
    );
    await refresh();
    const ask = async (told: object) =>
      addresses((await world.announce(person, torrent, { event: 'started', ...told })).peers);
    expect(await ask({ left: 1 })).toHaveLength(50);
    expect(await ask({ left: 1, numwant: 7 })).toHaveLength(7);
    expect(await ask({ left: 1, numwant: 0 })).toHaveLength(0);
    expect(await ask({ left: 1, numwant: 1_000 })).toHaveLength(200);
    expect(new Set(await ask({ left: 1, numwant: 200 })).size).toBe(200);

    const seen = { leeching: new Set<string>(), seeding: new Set<string>() };
    for (let times = 0; times < 60; times += 1) {
      for (const address of await ask({ left: 1 })) seen.leeching.add(address);
      for (const address of await ask({ left: 0, numwant: 30 })) seen.seeding.add(address);
    }
    // A window that goes round reaches everybody: each of 60 draws misses a given peer with a chance of 3/4 at most.
    expect(seen.leeching.size).toBe(230);
    expect(seen.seeding.size).toBe(115);
  });
});

describe('the size of a swarm', () => {
  it('is what was counted in the last minute', async () => {
    const leecher = await world.person();
    await world.announceMany([announcement(person, torrent), announcement(leecher, torrent, { left: 5 })]);
    expect(await world.announce(person, torrent)).toMatchObject({ complete: 0, incomplete: 0 });
    expect((await refresh()).refreshed).toBeGreaterThan(0);
    expect(await world.announce(person, torrent)).toMatchObject({ complete: 1, incomplete: 1 });
    expect((await refresh()).refreshed).toBe(0);
  });

  it('is right again after the peers were lost, or removed by hand', async () => {
    await world.announce(person, torrent);
    await refresh();
    await world.db.query('truncate tracker.peers');
    await refresh();
    expect(await world.figures(torrent)).toMatchObject({ seeders: 0, leechers: 0 });
  });

  it('is counted in batches that go through all torrents', async () => {
    const torrents = [torrent, await world.torrent(), await world.torrent(), await world.torrent()];
    await world.announceMany(torrents.map((each) => announcement(person, each)));
    let after: string | null = null;
    let batches = 0;
    do {
      const answer: { refreshed: number; next_after: string | null } = await world.work(
        'tracker.refresh_torrent_statistics($1, 3)',
        [after],
      );
      after = answer.next_after;
      batches += 1;
    } while (after !== null);
    expect(batches).toBeGreaterThan(1);
    for (const each of torrents) expect(await world.figures(each)).toMatchObject({ seeders: 1 });
  });

  it('tells when a torrent was last seeded', async () => {
    await world.announce(person, torrent);
    await refresh();
    const { last_seeded_at: at } = await world.one(
      'select last_seeded_at from tracker.torrent_statistics where torrent_id = $1',
      [torrent.id],
    );
    expect(at).toBeInstanceOf(Date);
  });
});

describe('a scrape', () => {
  const scrape = async (hashes: readonly string[], passkeyHash = person.passkeyHash) =>
    (
      await world.tracker.query('select * from tracker.scrape($1, $2)', [
        Buffer.from(passkeyHash, 'hex'),
        hashes.map((hash) => Buffer.from(hash, 'hex')),
      ])
    ).rows;

  it('tells the sizes of swarms, and leaves out what is not offered', async () => {
    const hidden = await world.torrent({ is_active: false });
    await world.session(person, torrent, { left: 3 }, { left: 0 });
    await refresh();
    expect(await scrape([hidden.infoHash, torrent.infoHash])).toEqual([
      { info_hash: Buffer.from(torrent.infoHash, 'hex'), complete: 1, downloaded: 1, incomplete: 0 },
    ]);
  });

  it('is refused without a passkey', async () => {
    await expect(scrape([torrent.infoHash], '00'.repeat(32))).rejects.toMatchObject({
      detail: 'announce.passkey_unknown',
    });
  });
});

describe('the sweep', () => {
  const sweep = async () => (await world.work<{ sweep_peers: number }>('tracker.sweep_peers()')).sweep_peers;

  it('removes who has been silent for two intervals and ten minutes, and nobody before', async () => {
    await world.db.query('truncate tracker.peers');
    await world.announce(person, torrent);
    await world.letPass(2 * 1_800 + 590);
    expect(await sweep()).toBe(0);
    await world.letPass(20);
    expect(await sweep()).toBe(1);
    expect(await world.peers(torrent)).toEqual([]);
  });

  it('removes whoever was banned, and the swarm of what is not offered any more', async () => {
    const other = await world.person();
    const gone = await world.torrent();
    await world.announceMany([
      announcement(person, torrent),
      announcement(other, torrent),
      announcement(other, gone),
    ]);
    await world.db.query(`update core.users set banned_until = 'infinity' where id = $1`, [person.id]);
    await world.db.query('update tracker.torrents set is_active = false where id = $1', [gone.id]);
    await sweep();
    expect(await world.peers(torrent)).toMatchObject([{ user_id: other.id }]);
    expect(await world.peers(gone)).toEqual([]);
  });
});

describe('the history of swarms', () => {
  const snapshot = (at: string) => world.work<{ snapshot_peers: number }>('tracker.snapshot_peers($1)', [at]);

  /** Half hours of the day before yesterday's successor: a day that has a partition in any case. */
  const day = new Date(Date.now()).toISOString().slice(0, 10);
  const at = (clock: string) => `${day}T${clock}:00Z`;

  const seen = async (clock: string, told: object) => {
    await world.db.query('delete from tracker.peers where user_id = $1', [person.id]);
    await world.announce(person, torrent, told);
    await world.db.query('update tracker.peers set last_announce_at = $1', [at(clock)]);
    return snapshot(at(clock));
  };

  it('has each session once a half hour, however often the job runs', async () => {
    await world.db.query('truncate tracker.peers');
    expect(await seen('10:01', { uploaded: 5 })).toEqual({ snapshot_peers: 1 });
    expect(await snapshot(at('10:20'))).toEqual({ snapshot_peers: 0 });
    expect(await snapshot(at('10:30'))).toEqual({ snapshot_peers: 1 });
  });

  it('adds up to days: time by state, bytes between snapshots, in absolute figures', async () => {
    await world.db.query('truncate tracker.peers');
    await seen('12:00', { uploaded: 100, downloaded: 40, left: 60 });
    await seen('12:30', { uploaded: 150, downloaded: 100, left: 0 });
    await seen('13:00', { uploaded: 400, downloaded: 100, left: 0 });
    for (let times = 0; times < 2; times += 1) await world.work('tracker.sum_up_day($1)', [day]);
    expect(
      await world.rows(
        `select seed_seconds, leech_seconds, uploaded, downloaded, snapshots from tracker.peer_history_daily
         where user_id = $1 and torrent_id = $2`,
        [person.id, torrent.id],
      ),
    ).toEqual([{ seed_seconds: 3600, leech_seconds: 1800, uploaded: '300', downloaded: '60', snapshots: 3 }]);
  });
});

describe('how long it is kept', () => {
  it('is the current month and two more for announces, with their addresses, and for snapshots', async () => {
    const { rows } = await world.db.query(
      `select parent, retain = interval '2 months' as is_two_months, export_before_drop
       from ops.partition_policies where parent like 'tracker.%' order by parent`,
    );
    expect(rows).toEqual([
      { parent: 'tracker.announces', is_two_months: true, export_before_drop: true },
      { parent: 'tracker.peer_history', is_two_months: true, export_before_drop: true },
    ]);
    await world.announce(person, torrent);
    const later = `now() + interval '4 months'`;
    const month = `'parts.tracker_announces_' || to_char(now() at time zone 'UTC', 'YYYY_MM')`;
    const drop = async () =>
      (
        await world.rows<{ name: string }>(
          `select dropped as name from ops.drop_expired_partitions('tracker.announces', ${later}) as dropped
           where dropped = ${month}`,
        )
      ).length;
    expect(await drop()).toBe(0);
    await world.db.query(
      `insert into ops.archive_exports (parent, partition, row_count, location, sha256, verified_at)
       select 'tracker.announces', ${month}, 1, 'x', '\\x00', now()`,
    );
    expect(await drop()).toBe(1);
    await world.db.query(`select ops.ensure_partitions('tracker.announces')`);
  });

  it('is ninety days for revoked passkeys and for tokens that lapsed, two years for days', async () => {
    const run = async (rule: string) =>
      (await world.work<{ rows_affected: string }>('ops.run_retention($1)', [rule])).rows_affected;
    await world.db.query(
      `update tracker.passkeys set revoked_at = now() - interval '91 days' where user_id = $1`,
      [person.id],
    );
    await world.givePasskey(person.id, Buffer.from('11'.repeat(32), 'hex'));
    expect(await run('tracker_revoked_passkeys')).toBe('1');

    await world.db.query(
      `insert into tracker.freeleech_tokens (user_id, use_before, activated_at, expires_at)
       values ($1, now() - interval '91 days', null, null), ($1, now() - interval '89 days', null, null), ($1, null, null, null),
         ($1, now() - interval '91 days', now() - interval '99 days', now() - interval '92 days')`,
      [person.id],
    );
    expect(await run('tracker_lapsed_tokens')).toBe('1');

    await world.db.query(
      `insert into tracker.peer_history_daily (user_id, torrent_id, day)
       values ($1, $2, current_date - 740), ($1, $2, current_date - 720)`,
      [person.id, torrent.id],
    );
    expect(await run('tracker_peer_days')).toBe('1');
  });
});
