import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Ban, days, type Person, type QueueItem, type Report, type Scene, scene } from './scene.ts';

/** Each test names what it falls without. */
let world: Scene;
let moderators: Person[];
let admins: Person[];
beforeAll(async () => {
  world = await scene();
  [moderators, admins] = [await world.people(6, 'moderator'), await world.people(2, 'admin')];
});

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing there');
  return item;
}

/** The same sequence in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** 'done', or the reason with which each was refused. */
function outcomes(attempts: readonly Promise<unknown>[]): Promise<string[]> {
  return Promise.all(
    attempts.map(async (attempt) => {
      const seen = attempt.then(() => 'done');
      return (await Promise.allSettled([seen]))[0]?.status === 'fulfilled' ? 'done' : reasonOf(attempt);
    }),
  );
}

/** Items whose count is not that of their open reports, and open reports on items that are decided. */
async function drift(): Promise<unknown[]> {
  const { rows } = await world.db.query(
    `select item.id, item.status, item.report_count, count(report.id)::int as open
     from moderation.queue_items as item
     left join moderation.reports as report
       on report.queue_item_id = item.id and report.status in ('pending', 'investigating')
     group by item.id
     having item.report_count <> count(report.id) or item.status = 'resolved' and count(report.id) > 0`,
  );
  return rows;
}

describe('warnings of one person at once', () => {
  // moderation.locked_offender: without its lock both see a sum below the threshold.
  it('reach the threshold exactly once, and ban', async () => {
    for (let round = 0; round < 15; round += 1) {
      const rascal = await world.person();
      await Promise.all([
        world.warn(at(moderators, 0), rascal, 2),
        world.warn(at(moderators, 1), rascal, 1 + (round % 3)),
      ]);
      expect((await world.bansOf(rascal)).map((ban) => [ban.source, ban.points])).toEqual([['points', 3]]);
    }
  });

  it('by many moderators, with withdrawals between them, end in the ban that the sum asks for', async () => {
    for (let round = 0; round < 6; round += 1) {
      const rascal = await world.person();
      await Promise.all(
        moderators.map(async (moderator, index) => {
          const chance = random(round * 10 + index);
          const warning = await world.warn(moderator, rascal, 1);
          if (chance() < 0.3) {
            await moderator.call('revoke_warning', { warning_id: warning['id'], reason: 'Mistaken' });
          } else {
            await world.warn(moderator, rascal, 1);
          }
        }),
      );
      const { points } = await world.one<{ points: number }>(
        'select moderation.active_points($1) as points',
        [rascal.id],
      );
      const running = (await world.bansOf(rascal)).filter((ban) => ban.lifted_at === null);
      const strongest = Math.max(0, ...running.map((ban) => ban.points ?? 0));
      expect(strongest).toBe([10, 6, 3, 0].find((threshold) => threshold <= points));
      expect(new Set(running.map((ban) => ban.ban_type)).size).toBe(running.length);
      expect((await world.bannedUntil(rascal)) !== null).toBe(strongest >= 6);
    }
  });
});

describe('bans of one person at once', () => {
  // moderation.locked_offender: without its lock the constraint bans_no_overlap raises an error nobody registered.
  it('leave one running, the longest, and banned_until tells it', async () => {
    for (let round = 0; round < 8; round += 1) {
      const rascal = await world.person();
      const ends = Array.from({ length: 6 }, (_, index) => days(index + 1));
      const shuffled = [...ends].sort(() => random(round)() - 0.5);
      const seen = await outcomes(
        shuffled.map((end, index) => world.ban(at(admins, index), rascal, 'account', end)),
      );
      expect(seen.filter((outcome) => outcome !== 'done' && outcome !== 'user_ban.overlapping')).toEqual([]);
      const running = (await world.bansOf(rascal)).filter((ban) => ban.lifted_at === null);
      expect(running.map((ban) => ban.expires_at)).toEqual([ends.at(-1)]);
      expect(await world.bannedUntil(rascal)).toEqual(ends.at(-1));
    }
  });

  // The whole of moderation.publish_bans: what it writes is what the bans say, in whichever order they commit.
  it('of different kinds, lifted and issued, are all published', async () => {
    const kinds = ['account', 'posting', 'chat', 'tracker'];
    const rascal = await world.person();
    await Promise.all(
      kinds.map(async (kind, index) => {
        const chance = random(index + 1);
        const by = at(admins, index);
        for (let step = 0; step < 6; step += 1) {
          const ban = await world.ban(by, rascal, kind, days(1 + chance() * 5));
          if (step < 5 || chance() < 0.5) await by.call('lift_ban', { ban_id: ban.id, reason: 'Forgiven' });
        }
      }),
    );
    const running = (await world.bansOf(rascal)).filter((ban) => ban.lifted_at === null);
    const endOf = (kind: string) => running.find((ban) => ban.ban_type === kind)?.expires_at ?? null;
    expect(await world.bannedUntil(rascal)).toEqual(endOf('account'));
    const { rows } = await world.db.query<{ activity: string; until: Date }>(
      'select activity, until from core.user_restrictions where user_id = $1 order by activity',
      [rascal.id],
    );
    expect(rows).toEqual(
      ['chat', 'posting', 'tracker'].flatMap((activity) => {
        const until = endOf(activity);
        return until ? [{ activity, until }] : [];
      }),
    );
  });

  it('are published whoever writes the rows', async () => {
    const rascal = await world.person();
    const write = (kind: string) =>
      world.db.query(`insert into moderation.bans (user_id, ban_type, reason) values ($1, $2, 'Raw')`, [
        rascal.id,
        kind,
      ]);
    await Promise.all(['posting', 'account', 'chat', 'tracker'].map(write));
    expect(await world.bannedUntil(rascal)).toBe(Number.POSITIVE_INFINITY);
    const { rows } = await world.db.query('select from core.user_restrictions where user_id = $1', [
      rascal.id,
    ]);
    expect(rows).toHaveLength(3);
  });

  // The lock of the person in moderation.appeal.
  it('are appealed once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const rascal = await world.person();
      const ban = await world.ban(at(admins, 0), rascal, 'account');
      const me = world.banned(rascal);
      const seen = await outcomes(
        Array.from({ length: 4 }, () => me.call('appeal', { ban_id: ban.id, text: 'Please.' })),
      );
      expect(seen.sort()).toEqual(['done', 'user_ban.appealed', 'user_ban.appealed', 'user_ban.appealed']);
    }
  });
});

describe('the queue under many moderators', () => {
  // moderation.locked_item: without its lock both believe that the item is free.
  it('gives one item to one of those who take it at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const report = await world.report(await world.person(), await world.person());
      const seen = await outcomes(
        moderators.map((moderator) => moderator.call('assign', { item_id: report.queue_item_id })),
      );
      expect(seen.filter((outcome) => outcome === 'done')).toHaveLength(1);
      expect(new Set(seen)).toEqual(new Set(['done', 'queue.taken']));
      await at(admins, 0).call('resolve_item', { item_id: report.queue_item_id, action: 'none' });
    }
  });

  // The row lock with SKIP LOCKED in moderation.claim_next.
  it('gives everybody who asks for the next item a different one', async () => {
    const filed: Report[] = [];
    for (let index = 0; index < 12; index += 1) {
      filed.push(await world.report(await world.person(), await world.person()));
    }
    const got = await Promise.all(
      moderators.flatMap((moderator) =>
        [0, 1].map(() => moderator.call<QueueItem>('claim_next', { queue_type: 'investigation' })),
      ),
    );
    expect(got.map((item) => item.id).sort()).toEqual(filed.map((report) => report.queue_item_id).sort());
    expect(await reasonOf(at(moderators, 0).call('claim_next', { queue_type: 'investigation' }))).toBe(
      'queue.empty',
    );
  });

  // moderation.locked_item, and the state that is read after its lock.
  it('lets one decide, and warns once', async () => {
    for (let round = 0; round < 8; round += 1) {
      const rascal = await world.person();
      const report = await world.report(await world.person(), rascal);
      const seen = await outcomes(
        moderators.map((moderator) =>
          moderator.call('resolve_report', {
            report_id: report.id,
            action: 'warned',
            warning_points: 1,
            reason: 'Be kind.',
          }),
        ),
      );
      expect(seen.filter((outcome) => outcome === 'done')).toHaveLength(1);
      expect(new Set(seen)).toEqual(new Set(['done', 'queue.resolved']));
      expect(
        await world.one('select count(*)::int from moderation.warnings where user_id = $1', [rascal.id]),
      ).toEqual({ count: 1 });
    }
  });
});

describe('reports of one thing at once', () => {
  // The lock of the reporter in moderation.file_report.
  it('by one person are one report', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [reporter, rascal] = [await world.person(), await world.person()];
      const seen = await outcomes(Array.from({ length: 4 }, () => world.report(reporter, rascal)));
      expect(seen.sort()).toEqual(['done', 'report.duplicate', 'report.duplicate', 'report.duplicate']);
    }
  });

  // The same lock: without it all of them count the same open reports.
  it('stop at the limit of open reports', async () => {
    const reporter = await world.person();
    const rascals = await world.people(6);
    await world.db.query(`update core.settings set value = '3' where key = 'moderation.open_report_limit'`);
    const seen = await outcomes(rascals.map((rascal) => world.report(reporter, rascal)));
    await world.db.query(`update core.settings set value = '20' where key = 'moderation.open_report_limit'`);
    expect(seen.sort()).toEqual([...Array(3).fill('done'), ...Array(3).fill('report.too_many')]);
  });

  // The key queue_items_open_key, and the upsert on it in moderation.enqueue.
  it('by many people become one piece of work', async () => {
    for (let round = 0; round < 5; round += 1) {
      const rascal = await world.person();
      const reporters = await world.people(8);
      const reports = await Promise.all(reporters.map((reporter) => world.report(reporter, rascal)));
      const items = new Set(reports.map((report) => report.queue_item_id));
      expect(items.size).toBe(1);
      expect(await world.item(at([...items], 0))).toMatchObject({ report_count: 8 });
    }
  });

  // The order person, item, reports: a report that comes in while its item is decided is closed with it, or begins anew.
  it('come in while moderators claim, give back and decide, and none is left behind', async () => {
    const rascals = await world.people(2);
    const reporters = await world.people(8);
    await Promise.all([
      ...reporters.map(async (reporter, index) => {
        const chance = random(index + 50);
        for (let step = 0; step < 12; step += 1) {
          await outcomes([world.report(reporter, at(rascals, Math.floor(chance() * 2)))]);
        }
      }),
      ...moderators.map(async (moderator, index) => {
        const chance = random(index + 500);
        for (let step = 0; step < 12; step += 1) {
          const [claimed] = await Promise.allSettled([
            moderator.call<QueueItem>('claim_next', { queue_type: 'investigation' }),
          ]);
          if (claimed.status === 'rejected') {
            expect(await reasonOf(Promise.reject(claimed.reason))).toBe('queue.empty');
            continue;
          }
          if (chance() < 0.3) await moderator.call('release', { item_id: claimed.value.id });
          else {
            await moderator.call('resolve_item', {
              item_id: claimed.value.id,
              action: chance() < 0.5 ? 'none' : 'edited',
            });
          }
        }
      }),
    ]);
    expect(await drift()).toEqual([]);
    const { rows } = await world.db.query(
      `select from moderation.reports where reporter_id = any ($1) and status in ('pending', 'investigating')
       group by reporter_id, subject_id having count(*) > 1`,
      [reporters.map((reporter) => reporter.id)],
    );
    expect(rows).toEqual([]);
  });
});

describe('decisions and sanctions about few people at once', () => {
  it('neither deadlock nor leave a ban unpublished', async () => {
    const rascals = await world.people(3);
    const reporters = await world.people(4);
    const known = new Set([
      'user_ban.overlapping',
      'user_ban.not_running',
      'report.duplicate',
      'account.restricted',
      'done',
    ]);
    const surprises: string[] = [];
    const attempt = async (work: Promise<unknown>) => {
      for (const outcome of await outcomes([work])) if (!known.has(outcome)) surprises.push(outcome);
    };
    await Promise.all([
      ...reporters.map(async (reporter, index) => {
        const chance = random(index + 7);
        for (let step = 0; step < 8; step += 1) {
          await attempt(
            world
              .report(reporter, at(rascals, Math.floor(chance() * 3)))
              .then((report) =>
                at(moderators, index).call('resolve_report', {
                  report_id: report.id,
                  action: 'warned',
                  warning_points: 1,
                  reason: 'Be kind.',
                }),
              )
              .catch((error: { detail?: string }) => {
                if (error.detail !== 'queue.resolved') throw error;
              }),
          );
        }
      }),
      ...admins.map(async (admin, index) => {
        const chance = random(index + 70);
        for (let step = 0; step < 10; step += 1) {
          const whom = at(rascals, Math.floor(chance() * 3));
          await attempt(
            world
              .ban(admin, whom, at(['account', 'chat'], step), days(chance() * 30))
              .then((ban: Ban) =>
                chance() < 0.5 ? admin.call('lift_ban', { ban_id: ban.id, reason: 'Forgiven' }) : undefined,
              ),
          );
        }
      }),
    ]);
    expect(surprises).toEqual([]);
    expect(await drift()).toEqual([]);
    const { rows } = await world.db.query(
      `select person.id
       from core.users as person
       left join lateral (
         select max(coalesce(ban.expires_at, 'infinity')) as until
         from moderation.bans as ban
         where ban.user_id = person.id and ban.ban_type = 'account' and ban.lifted_at is null
       ) as running on true
       where person.banned_until is distinct from running.until`,
    );
    expect(rows).toEqual([]);
  });
});
