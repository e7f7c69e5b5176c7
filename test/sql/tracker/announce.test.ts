import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announcement, type Person, peerId, type Swarm, swarm, type Torrent } from './swarm.ts';

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

const historyOf = () =>
  world.rows(
    `select uploaded, downloaded, seed_seconds, has_leeched, completed_at is not null as is_completed
     from tracker.user_torrents where user_id = $1 and torrent_id = $2`,
    [person.id, torrent.id],
  );

const logOf = () =>
  world.rows(
    `select event, uploaded, downloaded, left_bytes, uploaded_delta, downloaded_delta
     from tracker.announces where user_id = $1 order by announced_at`,
    [person.id],
  );

describe('a session', () => {
  it('begins with a baseline that credits nothing, whatever it claims', async () => {
    const answer = await world.announce(person, torrent, {
      event: 'started',
      uploaded: 5_000,
      downloaded: 9_000,
      left: 100,
    });
    expect(answer).toMatchObject({ failure: null, interval_seconds: 1800, min_interval_seconds: 60 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '0', downloaded: '0' });
    expect(await world.peers(torrent)).toEqual([{ user_id: person.id, left_bytes: '100', is_seeder: false }]);
  });

  it('is credited what it moved since its announce before', async () => {
    await world.session(
      person,
      torrent,
      { event: 'started', uploaded: 100, downloaded: 50, left: 900 },
      { uploaded: 400, downloaded: 250, left: 700 },
    );
    expect(await world.totals(person)).toMatchObject({
      uploaded: '300',
      downloaded: '200',
      ratio: '1.500',
    });
    expect(await historyOf()).toMatchObject([{ uploaded: '300', downloaded: '200', is_completed: false }]);
    expect(await world.figures(torrent)).toMatchObject({ total_uploaded: '300', total_downloaded: '200' });
    expect(await logOf()).toEqual([
      {
        event: 'started',
        uploaded: '100',
        downloaded: '50',
        left_bytes: '900',
        uploaded_delta: '0',
        downloaded_delta: '0',
      },
      {
        event: '',
        uploaded: '400',
        downloaded: '250',
        left_bytes: '700',
        uploaded_delta: '300',
        downloaded_delta: '200',
      },
    ]);
  });

  it('that counts backwards is credited nothing, and goes on from there', async () => {
    await world.session(person, torrent, { uploaded: 1_000 }, { uploaded: 200 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '0' });
    await world.letPass(600);
    await world.announce(person, torrent, { uploaded: 260 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '60' });
  });

  it('leaves the swarm when it stops, with its last bytes credited', async () => {
    const answer = await world.session(
      person,
      torrent,
      { event: 'started' },
      { event: 'stopped', uploaded: 70 },
      5,
    );
    expect(answer).toMatchObject({ failure: null });
    expect(answer.peers).toHaveLength(0);
    expect(await world.peers(torrent)).toEqual([]);
    expect(await world.totals(person)).toMatchObject({ uploaded: '70' });
    await world.announce(person, torrent, { event: 'stopped', uploaded: 90 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '70' });
  });

  it('is one of several of the same person: each is credited by itself', async () => {
    await world.announce(person, torrent, { peer: 'home', uploaded: 10 });
    await world.announce(person, torrent, { peer: 'away', uploaded: 5_000 });
    await world.letPass(600);
    await world.announce(person, torrent, { peer: 'home', uploaded: 40 });
    await world.announce(person, torrent, { peer: 'away', uploaded: 5_007 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '37' });
    expect(await world.peers(torrent)).toHaveLength(2);
  });

  it('that was forgotten with its whole table begins anew: nothing is credited twice', async () => {
    await world.session(person, torrent, { uploaded: 0 }, { uploaded: 800 });
    await world.db.query('truncate tracker.peers');
    await world.announce(person, torrent, { uploaded: 900 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '800' });
    await world.letPass(600);
    await world.announce(person, torrent, { uploaded: 950 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '850' });
  });
});

describe('completing', () => {
  it('counts once a person and torrent, however often it is told', async () => {
    await world.session(
      person,
      torrent,
      { event: 'started', left: 500 },
      { event: 'completed', downloaded: 500, left: 0 },
    );
    for (let times = 0; times < 3; times += 1) {
      await world.announce(person, torrent, { event: 'completed', downloaded: 500, left: 0 });
    }
    await world.session(
      person,
      torrent,
      { peer: 'two', event: 'started', left: 500 },
      { peer: 'two', event: 'completed', downloaded: 500, left: 0 },
    );
    expect(await world.totals(person)).toMatchObject({ torrents_snatched: 1, downloaded: '1000' });
    expect(await world.figures(torrent)).toMatchObject({ times_completed: 1 });
    expect(await historyOf()).toMatchObject([{ is_completed: true }]);
  });

  it('is seen without its event, when nothing is left any more', async () => {
    await world.session(person, torrent, { left: 500 }, { left: 0 });
    expect(await world.totals(person)).toMatchObject({ torrents_snatched: 1 });
  });

  it('is seen after the session was forgotten', async () => {
    await world.announce(person, torrent, { event: 'started', left: 500 });
    await world.db.query('truncate tracker.peers');
    await world.announce(person, torrent, { peer: 'two', event: 'started', left: 0 });
    expect(await world.totals(person)).toMatchObject({ torrents_snatched: 1 });
  });

  it('is nothing that whoever had everything from the start can do', async () => {
    await world.session(
      person,
      torrent,
      { event: 'started', left: 0 },
      { event: 'completed', left: 0, uploaded: 1 },
    );
    expect(await world.peers(torrent)).toMatchObject([{ is_seeder: true }]);
    expect(await world.totals(person)).toMatchObject({ torrents_snatched: 0 });
    expect(await world.figures(torrent)).toMatchObject({ times_completed: 0 });
    expect(await historyOf()).toMatchObject([{ has_leeched: false, is_completed: false }]);
  });

  it('by two clients of one person in the same set is one completion', async () => {
    for (const peer of ['one', 'two']) await world.announce(person, torrent, { peer, left: 9 });
    await world.letPass(600);
    await world.announceMany(
      ['one', 'two'].map((peer) =>
        announcement(person, torrent, { peer, event: 'completed', left: 0, downloaded: 9 }),
      ),
    );
    expect(await world.totals(person)).toMatchObject({ torrents_snatched: 1, downloaded: '18' });
    expect(await world.figures(torrent)).toMatchObject({ times_completed: 1 });
  });
});

describe('time spent seeding', () => {
  it('adds up between announces, and a long silence is not in it', async () => {
    await world.session(person, torrent, { left: 0 }, { left: 0 }, 1_800);
    const { seed_seconds: first } = await world.totals(person);
    expect(Number(first)).toBeGreaterThanOrEqual(1_800);
    expect(Number(first)).toBeLessThan(1_830);
    await world.letPass(90_000);
    await world.announce(person, torrent, { left: 0 });
    expect(await world.totals(person)).toMatchObject({ seed_seconds: first });
  });

  it('is the same with two clients as with one', async () => {
    for (const peer of ['one', 'two']) await world.announce(person, torrent, { peer });
    await world.letPass(900);
    for (const peer of ['one', 'two']) await world.announce(person, torrent, { peer });
    await world.letPass(900);
    await world.announceMany(['one', 'two'].map((peer) => announcement(person, torrent, { peer })));
    const { seed_seconds: seconds } = await world.totals(person);
    expect(Number(seconds)).toBeGreaterThanOrEqual(1_800);
    expect(Number(seconds)).toBeLessThan(1_830);
    expect(await historyOf()).toMatchObject([{ seed_seconds: seconds }]);
  });

  it('is none for whoever downloads', async () => {
    await world.session(person, torrent, { left: 10 }, { left: 5 });
    expect(await world.totals(person)).toMatchObject({ seed_seconds: '0' });
  });
});

describe('what is charged', () => {
  const download = () =>
    world.session(person, torrent, { left: 900 }, { left: 400, uploaded: 100, downloaded: 500 });

  it('is nothing of a free torrent', async () => {
    torrent = await world.torrent({ is_freeleech: true });
    await download();
    expect(await world.totals(person)).toMatchObject({ downloaded: '0', uploaded: '100' });
    expect(await world.figures(torrent)).toMatchObject({ total_downloaded: '500' });
  });

  it('is nothing while a torrent is free, and everything afterwards', async () => {
    torrent = await world.torrent({ is_freeleech: true, freeleech_until: new Date(Date.now() + 60_000) });
    await download();
    expect(await world.totals(person)).toMatchObject({ downloaded: '0' });
    await world.db.query('update tracker.torrents set freeleech_until = now() where id = $1', [torrent.id]);
    await world.letPass(600);
    await world.announce(person, torrent, { left: 0, downloaded: 900 });
    expect(await world.totals(person)).toMatchObject({ downloaded: '400' });
  });

  it('is nothing with a token, which notes what it saved, until it runs out', async () => {
    await world.db.query('insert into tracker.freeleech_tokens (user_id) values ($1)', [person.id]);
    await person.call('tracker.activate_freeleech', { torrent_id: torrent.id });
    await download();
    expect(await world.totals(person)).toMatchObject({ downloaded: '0', uploaded: '100' });
    const token = () =>
      world.one('select bytes_saved from tracker.freeleech_tokens where user_id = $1', [person.id]);
    expect(await token()).toEqual({ bytes_saved: '500' });
    await world.db.query(
      `update tracker.freeleech_tokens set activated_at = now() - interval '8 days', expires_at = now() - interval '1 day'
       where user_id = $1`,
      [person.id],
    );
    await world.letPass(600);
    await world.announce(person, torrent, { left: 0, downloaded: 900 });
    expect(await world.totals(person)).toMatchObject({ downloaded: '400' });
    expect(await token()).toEqual({ bytes_saved: '500' });
  });

  it('spends no token where the torrent is free for everybody', async () => {
    torrent = await world.torrent({ is_freeleech: true });
    await world.db.query('insert into tracker.freeleech_tokens (user_id) values ($1)', [person.id]);
    await person.call('tracker.activate_freeleech', { torrent_id: torrent.id });
    await download();
    expect(
      await world.rows('select bytes_saved from tracker.freeleech_tokens where user_id = $1', [person.id]),
    ).toEqual([{ bytes_saved: '0' }]);
  });

  it('and credited uploads follow the factor of the torrent', async () => {
    torrent = await world.torrent({ upload_factor: '1.50' });
    await download();
    expect(await world.totals(person)).toMatchObject({ uploaded: '150', downloaded: '500' });
    expect(await world.figures(torrent)).toMatchObject({ total_uploaded: '100' });
  });
});

describe('an announce that comes too soon', () => {
  it('is answered, but neither counted nor logged; what it told is in the next one', async () => {
    await world.announce(person, torrent, { uploaded: 0 });
    const answer = await world.announce(person, torrent, { uploaded: 500 });
    expect(answer).toMatchObject({ failure: null, interval_seconds: 1800 });
    expect(answer.peers).toHaveLength(0);
    expect(await world.totals(person)).toMatchObject({ uploaded: '0' });
    expect(await logOf()).toHaveLength(1);
    await world.letPass(60);
    await world.announce(person, torrent, { uploaded: 700 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '700' });
  });

  it('is counted when it tells of an event', async () => {
    await world.announce(person, torrent, { left: 10 });
    await world.announce(person, torrent, { event: 'completed', left: 0, downloaded: 10 });
    expect(await world.totals(person)).toMatchObject({ torrents_snatched: 1, downloaded: '10' });
  });
});

describe('a rate beyond belief', () => {
  it('credits nothing, then or later, and is looked into', async () => {
    await world.setting('tracker.swarm.max_bytes_per_second', 1_000);
    try {
      await world.session(person, torrent, { uploaded: 0 }, { uploaded: 10_000_000 }, 100);
      await world.letPass(100);
      await world.announce(person, torrent, { uploaded: 10_000_050 });
    } finally {
      await world.setting('tracker.swarm.max_bytes_per_second', 1_250_000_000);
    }
    expect(await world.totals(person)).toMatchObject({ uploaded: '50' });
    const [job] = await world.rows<{ payload: { userId: string; torrentId: string } }>(
      `select job.payload from graphile_worker._private_jobs as job
       join graphile_worker._private_tasks as task on task.id = job.task_id
       where task.identifier = 'announce_investigate'`,
    );
    expect(job?.payload).toMatchObject({ userId: person.id, torrentId: torrent.id });

    await world.work('tracker.report_implausible($1, $2)', [person.id, JSON.stringify(job?.payload)]);
    expect(
      await world.rows(
        `select queue_type, item_type, metadata -> 'implausible_announce' ->> 'torrentId' as torrent
         from moderation.queue_items where subject_user_id = $1`,
        [person.id],
      ),
    ).toEqual([{ queue_type: 'investigation', item_type: 'user', torrent: torrent.id }]);
  });
});

describe('an announce is refused', () => {
  const reason = async (told = {}, of: Partial<Torrent> = {}, by: Partial<Person> = {}) =>
    (await world.announce({ ...person, ...by }, { ...torrent, ...of }, told)).failure_reason;

  it('with a passkey that nobody has, or none', async () => {
    const answer = await world.announce({ passkeyHash: randomBytes(32).toString('hex') }, torrent);
    expect(answer).toMatchObject({
      failure_reason: 'announce.passkey_unknown',
      failure: 'The passkey is not known; download the .torrent file again.',
      interval_seconds: null,
      peers: null,
    });
    expect(await reason({}, {}, { passkeyHash: 'zz' })).toBe('announce.passkey_unknown');
    expect(await world.announceMany([{}])).toMatchObject([{ failure_reason: 'announce.passkey_unknown' }]);
  });

  it.each([
    ['is_active = false'],
    ['deleted_at = now()'],
    [`banned_until = 'infinity'`],
    ['username = null, erased_at = now()'],
  ])('for an account with %s', async (change) => {
    await world.db.query(`update core.users set ${change} where id = $1`, [person.id]);
    expect(await reason()).toBe('announce.account_barred');
  });

  it('while a ban from the tracker runs, and not after it', async () => {
    const moderator = await world.person('moderator');
    const ban = await moderator.call('moderation.ban_user', {
      user_id: person.id,
      ban_type: 'tracker',
      reason: 'x',
      until: new Date(Date.now() + 86_400_000),
    });
    expect(await reason()).toBe('announce.account_barred');
    await moderator.call('moderation.lift_ban', { ban_id: ban['id'], reason: 'enough' });
    expect(await reason()).toBeNull();
  });

  it.each([
    [{ moderation_status: 'pending', approved_at: null }],
    [{ is_active: false }],
    [{ deleted_at: new Date() }],
  ])('for a torrent with %o', async (columns) => {
    torrent = await world.torrent(columns);
    expect(await reason()).toBe('announce.torrent_unregistered');
  });

  it('for a torrent that is not here', async () => {
    expect(await reason({}, { infoHash: randomBytes(20).toString('hex') })).toBe(
      'announce.torrent_unregistered',
    );
  });

  it.each([
    [{ port: 0 }],
    [{ port: 70_000 }],
    [{ port: -1 }],
    [{ uploaded: -1 }],
    [{ downloaded: 'many' }],
    [{ left: -5 }],
    [{ left: '99999999999999999999' }],
    [{ event: 'exploded' }],
  ])('with %o', async (told) => {
    expect(await reason(told)).toBe('announce.invalid');
    expect(await world.peers(torrent)).toEqual([]);
  });

  it('on a port of another service', async () => {
    expect(await reason({ port: 25 })).toBe('announce.port_blocked');
  });

  it('by a client that is not welcome', async () => {
    await world.setting('tracker.swarm.blocked_clients', ['-XX']);
    try {
      const [answer] = await world.announceMany([
        { ...announcement(person, torrent), peer_id: Buffer.from('-XX0001-abcdefghijkl').toString('hex') },
      ]);
      expect(answer?.failure_reason).toBe('announce.client_blocked');
      expect(await reason()).toBeNull();
    } finally {
      await world.setting('tracker.swarm.blocked_clients', []);
    }
  });
});

describe('the limit of downloads at once', () => {
  const limit = (slots: number | null, perks = 0) =>
    world.db.query(
      'update core.user_classes set max_concurrent_downloads = $1, perks = $2 where is_default',
      [slots, perks],
    );
  const leech = async (of: Torrent, told = {}) =>
    (await world.announce(person, of, { left: 5, ...told })).failure_reason;

  it('of the class refuses one more, but neither seeding nor what runs already', async () => {
    await limit(2);
    const others = [await world.torrent(), await world.torrent(), await world.torrent()] as const;
    expect(await leech(others[0])).toBeNull();
    expect(await leech(others[1])).toBeNull();
    expect(await leech(others[2])).toBe('announce.too_many_downloads');
    expect(await leech(others[1], { peer: 'two' })).toBeNull();
    expect(await leech(others[2], { left: 0 })).toBeNull();
    expect(await leech(torrent, { event: 'paused' })).toBeNull();
    await limit(null);
  });

  it('is free again when one has stopped or completed', async () => {
    await limit(1);
    const other = await world.torrent();
    expect(await leech(torrent)).toBeNull();
    expect(await leech(other)).toBe('announce.too_many_downloads');
    expect(await leech(torrent, { event: 'completed', left: 0 })).toBeNull();
    expect(await leech(other)).toBeNull();
    await limit(null);
  });

  it('is twice as high with the perk', async () => {
    await limit(1, 1);
    expect(await leech(torrent)).toBeNull();
    expect(await leech(await world.torrent())).toBeNull();
    expect(await leech(await world.torrent())).toBe('announce.too_many_downloads');
    await limit(null);
  });

  it('holds within one set too: the first ones get through', async () => {
    await limit(2);
    const torrents = [await world.torrent(), await world.torrent(), await world.torrent()];
    const answers = await world.announceMany(
      torrents.reverse().map((each) => announcement(person, each, { left: 5 })),
    );
    expect(answers.map(({ failure_reason }) => failure_reason)).toEqual([
      null,
      null,
      'announce.too_many_downloads',
    ]);
    await limit(null);
  });
});

describe('a set of announces', () => {
  it('is answered in the order in which it came, good and bad ones mixed', async () => {
    const [other, stranger] = [await world.person(), { passkeyHash: randomBytes(32).toString('hex') }];
    const second = await world.torrent();
    const answers = await world.announceMany([
      announcement(other, second, { left: 1 }),
      announcement(stranger, torrent),
      announcement(person, torrent, { event: 'exploded' }),
      announcement(person, second),
      announcement(person, torrent, { left: 7 }),
    ]);
    expect(answers.map(({ place, failure_reason }) => [place, failure_reason])).toEqual([
      [1, null],
      [2, 'announce.passkey_unknown'],
      [3, 'announce.invalid'],
      [4, null],
      [5, null],
    ]);
    expect(await world.peers(second)).toHaveLength(2);
    expect(await world.peers(torrent)).toMatchObject([{ left_bytes: '7' }]);
  });

  it('may hold the same session twice: the second builds on the first', async () => {
    await world.announceMany([
      announcement(person, torrent, { event: 'started', left: 9 }),
      announcement(person, torrent, { event: 'completed', left: 0, downloaded: 9, uploaded: 4 }),
      announcement(person, torrent, { uploaded: 1_000 }),
    ]);
    expect(await world.totals(person)).toMatchObject({
      torrents_snatched: 1,
      downloaded: '9',
      uploaded: '4',
    });
  });

  it('may be empty', async () => {
    expect(await world.announceMany([])).toEqual([]);
  });

  it('does as much as its announces one by one', async () => {
    const people = [person, await world.person(), await world.person()];
    const [left, right] = [await world.torrent(), await world.torrent({ upload_factor: '2.00' })];
    const told = people.flatMap((each, index) => [
      {
        who: each,
        first: { left: 100 * index },
        later: { uploaded: 10 * (index + 1), downloaded: 7, left: 0 },
      },
    ]);
    await world.announceMany(told.map(({ who, first }) => announcement(who, left, first)));
    for (const { who, first } of told) await world.announce(who, right, first);
    await world.letPass(600);
    await world.announceMany(told.map(({ who, later }) => announcement(who, left, later)));
    for (const { who, later } of told) await world.announce(who, right, later);
    const history = (of: Torrent) =>
      world.rows(
        `select user_id, downloaded, completed_at is not null as is_completed from tracker.user_torrents
         where torrent_id = $1 order by user_id`,
        [of.id],
      );
    expect(await history(left)).toEqual(await history(right));
    expect(await world.figures(left)).toEqual(await world.figures(right));
    for (const [index, each] of people.entries()) {
      expect(await world.totals(each)).toMatchObject({
        uploaded: `${10 * (index + 1) * 3}`,
        downloaded: '14',
      });
    }
  });
});

describe('one announce', () => {
  it('is a set of one', async () => {
    const { rows } = await world.tracker.query(
      `select failure_reason, interval_seconds
       from tracker.announce($1, $2, $3, '192.0.2.9', 6881, 0, 0, 5, 'started', 'Client/1', 10)`,
      [
        Buffer.from(person.passkeyHash, 'hex'),
        Buffer.from(torrent.infoHash, 'hex'),
        Buffer.from(peerId('x'), 'hex'),
      ],
    );
    expect(rows).toEqual([{ failure_reason: null, interval_seconds: 1800 }]);
    expect(
      await world.rows(
        `select host(ip_address) as ip, user_agent, left_bytes from tracker.peers where torrent_id = $1`,
        [torrent.id],
      ),
    ).toEqual([{ ip: '192.0.2.9', user_agent: 'Client/1', left_bytes: '5' }]);
  });

  it('of a version 2 torrent names the first twenty bytes of its identity', async () => {
    const hash = randomBytes(32);
    torrent = await world.torrent({ info_hash: hash, info_hash_v2: hash });
    for (const infoHash of [hash.toString('hex'), hash.subarray(0, 20).toString('hex')]) {
      expect((await world.announce(person, { ...torrent, infoHash })).failure).toBeNull();
    }
    const hybrid = randomBytes(32);
    torrent = await world.torrent({ info_hash_v2: hybrid });
    const infoHash = hybrid.subarray(0, 20).toString('hex');
    expect((await world.announce(person, { ...torrent, infoHash })).failure).toBeNull();
    expect(await world.peers(torrent)).toHaveLength(1);
  });

  it('commits without waiting for the disk', async () => {
    const client = await world.tracker.connect();
    try {
      await client.query('set synchronous_commit = on; begin');
      await world.announceMany([announcement(person, torrent)], client);
      expect((await client.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }]);
      await client.query('commit');
      expect((await client.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }]);
    } finally {
      client.release();
    }
  });
});

describe('torrents that were completed and left', () => {
  const leave = async (seconds: number, uploaded: number) => {
    await world.db.query(
      `update tracker.user_torrents set completed_at = now() - interval '20 days', seed_seconds = $3, uploaded = $4
       where user_id = $1 and torrent_id = $2`,
      [person.id, torrent.id, seconds, uploaded],
    );
    await world.announce(person, torrent, { event: 'stopped' });
  };
  const listed = async (by = person) =>
    (await by.read('select torrent_id from tracker.hit_and_runs($1)', [person.id])).length;
  beforeEach(() => world.session(person, torrent, { left: 9 }, { event: 'completed', left: 0 }));

  it('are listed for whoever left them, and for moderators', async () => {
    await leave(3_600, 999_999);
    expect(await listed()).toBe(1);
    expect(await listed(await world.person('moderator'))).toBe(1);
    await expect(listed(await world.person())).rejects.toMatchObject({ detail: 'role.insufficient' });
  });

  it.each([
    ['seeded for long enough', 48 * 3_600, 0],
    ['uploaded as much as the torrent is large', 0, 1_000_000],
  ])('are not when they were %s', async (_, seconds, uploaded) => {
    await leave(seconds, uploaded);
    expect(await listed()).toBe(0);
  });

  it('are not while they are seeded again, or within the days of grace', async () => {
    expect(await listed()).toBe(0);
    await leave(0, 0);
    expect(await listed()).toBe(1);
    await world.announce(person, torrent, { left: 0 });
    expect(await listed()).toBe(0);
  });
});
