import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announcement, type Person, type Swarm, swarm, type Torrent } from './swarm.ts';

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

const figure = async (name: string, of = person) =>
  (
    await world.rows<{ value: number }>(
      `select ${name} as value from tracker.user_statistics where user_id = $1`,
      [of.id],
    )
  )[0]?.value ?? 0;

describe('what the catalogue counts of a person', () => {
  it('are approved uploads, while they are offered', async () => {
    const uploads = [
      await world.torrent({ uploader_id: person.id, moderation_status: 'pending', approved_at: null }),
      await world.torrent({ uploader_id: person.id }),
    ];
    expect(await figure('torrents_uploaded')).toBe(1);
    await world.db.query(
      `update tracker.torrents set moderation_status = 'approved', approved_at = now(), uploader_id = uploader_id
       where uploader_id = $1`,
      [person.id],
    );
    expect(await figure('torrents_uploaded')).toBe(2);
    await world.db.query('update tracker.torrents set deleted_at = now() where id = $1', [uploads[0]?.id]);
    expect(await figure('torrents_uploaded')).toBe(1);
    await world.db.query('delete from tracker.torrents where id = any($1)', [uploads.map(({ id }) => id)]);
    expect(await figure('torrents_uploaded')).toBe(0);
  });

  it('are comments that stand', async () => {
    await world.db.query(
      `insert into tracker.comments (torrent_id, author_id, content) select $1, $2, 'x' from generate_series(1, 3)`,
      [torrent.id, person.id],
    );
    expect(await figure('comment_count')).toBe(3);
    await world.db.query(
      `update tracker.comments set deleted_at = now()
       where id = (select id from tracker.comments where author_id = $1 limit 1)`,
      [person.id],
    );
    expect(await figure('comment_count')).toBe(2);
    await world.db.query('delete from tracker.comments where author_id = $1', [person.id]);
    expect(await figure('comment_count')).toBe(0);
  });

  it('are confirmed fills', async () => {
    const request = await world.one<{ id: string }>(
      `insert into tracker.requests (category_id, title, status, filled_by, filled_at)
       select id, 'x', 'fill_proposed', $1, now() from tracker.categories limit 1 returning id`,
      [person.id],
    );
    expect(await figure('requests_filled')).toBe(0);
    await world.db.query(
      `update tracker.requests set status = 'filled', confirmed_at = now() where id = $1`,
      [request.id],
    );
    expect(await figure('requests_filled')).toBe(1);
  });
});

describe('the nightly recount', () => {
  const repair = (ids = [person.id]) =>
    world.work<{ repair_statistics: number }>('tracker.repair_statistics($1)', [ids]);

  it('corrects what has drifted, and writes each difference down', async () => {
    await world.fund(person, 50);
    await world.session(person, torrent, { left: 5 }, { left: 0, uploaded: 100 });
    expect(await repair()).toEqual({ repair_statistics: 0 });

    await world.db.query(
      `update tracker.user_statistics
       set seedbonus = 49, bounty_spent = 3, uploaded = 1, torrents_snatched = 0, comment_count = 9, torrents_uploaded = 2,
         requests_filled = 1
       where user_id = $1`,
      [person.id],
    );
    expect(await repair()).toEqual({ repair_statistics: 7 });
    expect(await world.totals(person)).toMatchObject({
      seedbonus: '50.0000',
      bounty_spent: '0.0000',
      uploaded: '100',
      torrents_snatched: 1,
    });
    expect(
      await world.rows(
        `select counter, cached_value::numeric as cached, true_value::numeric as true from ops.counter_repairs
         where row_key ->> 'user_id' = $1 and counter like '%.seedbonus'`,
        [person.id],
      ),
    ).toEqual([{ counter: 'tracker.user_statistics.seedbonus', cached: '49.0000', true: '50.0000' }]);
  });

  it('never takes away what was moved of torrents that are purged', async () => {
    await world.session(person, torrent, { left: 5 }, { left: 0, uploaded: 100 });
    await world.db.query('delete from tracker.torrents where id = $1', [torrent.id]);
    expect(await repair()).toEqual({ repair_statistics: 0 });
    expect(await world.totals(person)).toMatchObject({ uploaded: '100', torrents_snatched: 1 });
  });

  it('looks at whoever changed, and at a sample', async () => {
    await world.fund(person, 1);
    await world.db.query(
      `update tracker.user_statistics set updated_at = now() - interval '9 days' where user_id <> $1`,
      [person.id],
    );
    const due = async (sample: number) =>
      (
        await world.rows<{ id: string }>(
          `select id from tracker.statistics_due_for_repair(now() - interval '1 day', $1) as due (id)`,
          [sample],
        )
      ).map(({ id }) => id);
    expect(await due(0)).toEqual([person.id]);
    expect((await due(100)).length).toBeGreaterThan(1);
  });
});

describe('figures of other modules', () => {
  it('are taken over at night: points of warnings', async () => {
    await world.fund(person, 1);
    const moderator = await world.person('moderator');
    await moderator.call('moderation.warn_user', { user_id: person.id, points: 2, reason: 'x' });
    await world.work('tracker.refresh_borrowed_figures()');
    expect(await figure('warning_points')).toBe(2);
    expect(await world.work('tracker.refresh_borrowed_figures()')).toEqual({ refresh_borrowed_figures: 0 });
  });
});

describe('the top lists', () => {
  it('have the highest first, and nobody who keeps it to themselves', async () => {
    const [first, second, shy, later] = await world.people(4);
    if (!first || !second || !shy || !later) throw new Error('nobody there');
    for (const [index, each] of [shy, first, second, later].entries()) {
      await world.fund(each, 1_000_000 - index);
    }
    await world.db.query('insert into core.user_settings (user_id, paranoia_level) values ($1, 2)', [shy.id]);
    await world.work('tracker.refresh_top_lists()');
    const list = () =>
      person.read<{ user_id: string }>(
        `select user_id from tracker.top_lists where list = 'seedbonus' order by place limit 3`,
      );
    expect(await list()).toEqual([first, second, later].map(({ id }) => ({ user_id: id })));

    // Whoever changes their mind during the day is gone from it at once.
    await world.db.query('insert into core.user_settings (user_id, paranoia_level) values ($1, 2)', [
      first.id,
    ]);
    expect((await list())[0]).toEqual({ user_id: second.id });
  });
});

describe('what members see of each other', () => {
  it('ends at paranoia level 2, but not for moderators', async () => {
    await world.session(person, torrent, { left: 5 }, { left: 0, uploaded: 100 });
    const [other, moderator] = [await world.person(), await world.person('moderator')];
    const seen = async (by: Person) => [
      (await by.read('select from tracker.user_statistics where user_id = $1', [person.id])).length,
      (await by.read('select from tracker.user_torrents where user_id = $1', [person.id])).length,
    ];
    expect(await seen(other)).toEqual([1, 1]);
    await world.db.query('insert into core.user_settings (user_id, paranoia_level) values ($1, 2)', [
      person.id,
    ]);
    expect(await seen(other)).toEqual([0, 0]);
    expect(await seen(person)).toEqual([1, 1]);
    expect(await seen(moderator)).toEqual([1, 1]);
  });

  it('are their own sessions without the address, which moderators see', async () => {
    await world.announce(person, torrent);
    const [other, moderator] = [await world.person(), await world.person('moderator')];
    const read = (by: Person, columns: string) =>
      by.read(`select ${columns} from tracker.peers where torrent_id = $1`, [torrent.id]);
    expect(await read(person, 'port')).toEqual([{ port: 51413 }]);
    expect(await read(other, 'port')).toEqual([]);
    await expect(read(person, 'ip_address')).rejects.toMatchObject({ code: '42501' });
    expect(await read(moderator, 'host(ip_address) as ip')).toEqual([{ ip: '192.0.2.1' }]);
    await expect(person.read('select ip_address from tracker.announces')).rejects.toMatchObject({
      code: '42501',
    });
    expect(
      await person.read('select torrent_id from tracker.announces where user_id = $1', [person.id]),
    ).toHaveLength(1);
  });
});

describe('metrics of classes and achievements', () => {
  it('come from the totals; a ratio without downloads is beyond every threshold', async () => {
    await world.announceMany([announcement(person, torrent, { uploaded: 0 })]);
    await world.letPass(600);
    await world.announce(person, torrent, { uploaded: 500 });
    const metric = async (name: string) => {
      const { metric_query: query } = await world.work<{ metric_query: string }>('core.metric_query($1)', [
        name,
      ]);
      return world.rows(`select value::text from (${query}) as figure where user_id = $1`, [person.id]);
    };
    expect(await metric('uploaded_bytes')).toEqual([{ value: '500' }]);
    expect(await metric('ratio')).toEqual([{ value: '999999' }]);
    for (const name of ['downloaded_bytes', 'torrents_uploaded', 'torrents_snatched', 'seed_days']) {
      expect(await metric(name)).toHaveLength(1);
    }
  });
});
