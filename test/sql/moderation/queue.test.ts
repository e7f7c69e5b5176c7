import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { days, type Person, type QueueItem, type Report, type Scene, scene } from './scene.ts';

let world: Scene;
let ann: Person;
let cleo: Person;
let dan: Person;
let admin: Person;
beforeAll(async () => {
  world = await scene();
  ann = await world.person();
  [cleo, dan, admin] = [
    await world.person('moderator'),
    await world.person('moderator'),
    await world.person('admin'),
  ];
});

const claim = (by: Person, queue = 'investigation') =>
  by.call<QueueItem>('claim_next', { queue_type: queue });
const assign = (by: Person, item: string, to?: Person) =>
  by.call<QueueItem>('assign', { item_id: item, ...(to ? { moderator_id: to.id } : {}) });
const release = (by: Person, item: string) => by.call<QueueItem>('release', { item_id: item });
const resolve = (by: Person, item: string, action: string, more: Record<string, unknown> = {}) =>
  by.call<QueueItem>('resolve_item', { item_id: item, action, ...more });

const emptyQueue = () => world.db.query('delete from moderation.reports; delete from moderation.queue_items');
const reported = async (whom?: Person, reason = 'other'): Promise<Report> =>
  world.report(await world.person(), whom ?? (await world.person()), { reason });
const lapse = (item: string) =>
  world.db.query(`update moderation.queue_items set assigned_at = now() - interval '5 hours' where id = $1`, [
    item,
  ]);

describe('claiming work', () => {
  it('gives the most urgent item first, then the oldest, and never one about oneself', async () => {
    await emptyQueue();
    const own = await reported(cleo, 'illegal');
    const [first, urgent, last] = [await reported(), await reported(undefined, 'illegal'), await reported()];
    const got = [(await claim(cleo)).id, (await claim(cleo)).id, (await claim(cleo)).id];
    expect(got).toEqual([urgent.queue_item_id, first.queue_item_id, last.queue_item_id]);
    expect(await reasonOf(claim(cleo))).toBe('queue.empty');
    expect((await claim(dan)).id).toBe(own.queue_item_id);
  });

  it('moves the item and its reports on, also those that come later', async () => {
    await emptyQueue();
    const rascal = await world.person();
    const report = await reported(rascal);
    const item = await claim(cleo);
    expect(item).toMatchObject({ status: 'in_progress', assigned_to: cleo.id });
    const late = await reported(rascal);
    const { rows } = await world.db.query(
      'select status, assigned_to from moderation.reports where id in ($1, $2)',
      [report.id, late.id],
    );
    expect(rows).toEqual([
      { status: 'investigating', assigned_to: cleo.id },
      { status: 'investigating', assigned_to: cleo.id },
    ]);
    expect(late).toMatchObject({ queue_item_id: item.id, assigned_to: null });
  });

  it('lapses after four hours, and not before', async () => {
    await emptyQueue();
    const report = await reported();
    const item = await claim(cleo);
    expect(await reasonOf(claim(dan))).toBe('queue.empty');
    expect(await reasonOf(assign(dan, item.id))).toBe('queue.taken');
    await lapse(item.id);
    expect(await claim(dan)).toMatchObject({ id: report.queue_item_id, assigned_to: dan.id });
    await lapse(item.id);
    expect(await assign(cleo, item.id)).toMatchObject({ assigned_to: cleo.id });
  });

  it('is for moderators, and of appeals for administrators', async () => {
    await expect(claim(ann)).rejects.toThrow('permission denied');
    expect(await reasonOf(claim(cleo, 'appeal'))).toBe('role.insufficient');
    expect(await reasonOf(claim(cleo, 'laundry'))).toBe('queue.type_unknown');
    expect(await reasonOf(claim(admin, 'appeal'))).toBe('queue.empty');
    expect(await reasonOf(claim(cleo, 'approval'))).toBe('queue.empty');
  });
});

describe('assigning and giving back', () => {
  it('hands an item to a moderator who may work on it', async () => {
    await emptyQueue();
    const about = await world.person('moderator');
    const report = await reported(about);
    const item = report.queue_item_id;
    expect(await assign(cleo, item, dan)).toMatchObject({ assigned_to: dan.id });
    expect(await reasonOf(assign(cleo, item))).toBe('queue.taken');
    expect(await reasonOf(release(cleo, item))).toBe('queue.not_yours');
    for (const unfit of [ann, about]) {
      expect(await reasonOf(assign(dan, item, unfit))).toBe('queue.assignee_unfit');
    }
    expect(await reasonOf(assign(about, item))).toBe('queue.about_you');
    expect(await assign(admin, item, cleo)).toMatchObject({ assigned_to: cleo.id });
    expect(await release(cleo, item)).toMatchObject({ status: 'pending', assigned_to: null });
    expect(await reasonOf(release(cleo, item))).toBe('queue.not_yours');
    const { rows } = await world.db.query('select status from moderation.reports where id = $1', [report.id]);
    expect(rows).toEqual([{ status: 'pending' }]);
    expect(await reasonOf(assign(cleo, ann.id))).toBe('queue.unknown');
  });
});

describe('deciding', () => {
  it('closes the item with all its reports, and tells the reporters', async () => {
    const rascal = await world.person();
    const [one, two] = [await world.person(), await world.person()];
    const [first, second] = [await world.report(one, rascal), await world.report(two, rascal)];
    expect(
      await resolve(cleo, first.queue_item_id, 'warned', {
        reason: 'Be kind.',
        note: 'Third time',
        warning_points: 2,
      }),
    ).toMatchObject({ status: 'resolved', resolution: 'actioned', report_count: 0, resolved_by: cleo.id });
    const { rows } = await world.db.query(
      'select status, action_taken, resolution_note from moderation.reports where id in ($1, $2)',
      [first.id, second.id],
    );
    expect(rows).toEqual(
      Array.from({ length: 2 }, () => ({
        status: 'resolved',
        action_taken: 'warned',
        resolution_note: 'Third time',
      })),
    );
    expect(await world.bell(one)).toEqual(['Your report of a person led to action']);
    expect(await world.bell(rascal)).toEqual(['You were warned']);
    expect(await world.auditOf(first.queue_item_id)).toEqual(['resolve_report']);
    const warning = await world.one<{ report_id: string; points: number }>(
      'select report_id, points from moderation.warnings where user_id = $1',
      [rascal.id],
    );
    expect(warning).toEqual({ report_id: first.id, points: 2 });
    expect(await reasonOf(resolve(dan, first.queue_item_id, 'none'))).toBe('queue.resolved');
    expect(await reasonOf(cleo.call('resolve_report', { report_id: first.id, action: 'none' }))).toBe(
      'queue.resolved',
    );
  });

  it('takes content down by the procedure of its module, and is content with what is gone', async () => {
    const [owner, author] = [await world.person(), await world.person()];
    const [forum] = await owner.read<{ id: string }>(
      `select id from forums.create_forum(p_name => 'Market', p_slug => 'market')`,
    );
    const report = async () => {
      const [post] = await author.read<{ id: string }>(
        `select id from forums.create_post(p_forum_id => $1, p_title => 'Pills')`,
        [forum?.id],
      );
      const filed = await ann.call<Report>('file_report', {
        type: 'forum_post',
        subject_id: post?.id,
        reason: 'spam',
      });
      return { id: post?.id ?? '', item: filed.queue_item_id };
    };
    const standing = await report();
    await resolve(cleo, standing.item, 'removed', { reason: 'Spam.' });
    expect(
      await world.one('select deleted_by, deleted_at is not null as gone from forums.posts where id = $1', [
        standing.id,
      ]),
    ).toEqual({ deleted_by: cleo.id, gone: true });
    expect(await world.bell(author)).toEqual(['Your post was removed: Pills']);

    const withdrawn = await report();
    await author.read('select forums.delete_post($1)', [withdrawn.id]);
    expect(await resolve(cleo, withdrawn.item, 'removed')).toMatchObject({ resolution: 'actioned' });

    const purged = await report();
    await world.db.query('delete from forums.posts where id = $1', [purged.id]);
    expect(await resolve(cleo, purged.item, 'removed')).toMatchObject({ resolution: 'actioned' });

    const person = await reported();
    expect(await reasonOf(resolve(cleo, person.queue_item_id, 'removed'))).toBe('report.not_removable');
    expect(await world.item(person.queue_item_id)).toMatchObject({ status: 'pending', report_count: 1 });
  });

  it('can warn, ban and remove in one transaction, in which nothing stays when something is refused', async () => {
    const rascal = await world.person();
    const report = await reported(rascal);
    const all = { reason: 'Enough.', warning_points: 1, ban_type: 'chat', ban_until: days(2) };
    expect(
      await reasonOf(resolve(cleo, report.queue_item_id, 'banned', { ...all, ban_type: 'account' })),
    ).toBe('user_ban.admin_only');
    expect(await world.bell(rascal)).toEqual([]);
    await resolve(cleo, report.queue_item_id, 'banned', all);
    expect(await world.bansOf(rascal)).toMatchObject([{ ban_type: 'chat', source: 'manual' }]);
    expect(await world.bell(rascal)).toEqual(['You were warned', 'You were banned from chatting']);
  });

  it('refuses outcomes that do not fit, other queues, and items of others or about oneself', async () => {
    const item = (await reported()).queue_item_id;
    for (const [action, more] of [
      ['praised', {}],
      ['none', { removes_content: true }],
      ['none', { warning_points: 1 }],
      ['warned', {}],
      ['warned', { warning_points: 1, ban_type: 'chat' }],
      ['banned', {}],
      ['removed', { ban_until: days(1) }],
      ['edited', { warning_points: 1 }],
    ] as const) {
      expect(await reasonOf(resolve(cleo, item, action, more))).toBe('report.action_invalid');
    }
    expect(await reasonOf(resolve(cleo, item, 'warned', { warning_points: 1 }))).toBe('input.empty');
    expect(await reasonOf(resolve(cleo, ann.id, 'none'))).toBe('queue.unknown');
    await assign(cleo, item);
    expect(await reasonOf(resolve(dan, item, 'none'))).toBe('queue.taken');
    expect(await resolve(admin, item, 'edited')).toMatchObject({ resolution: 'actioned' });

    const about = await reported(cleo);
    expect(await reasonOf(resolve(cleo, about.queue_item_id, 'none'))).toBe('queue.about_you');
    expect(await reasonOf(cleo.call('resolve_report', { report_id: about.id, action: 'none' }))).toBe(
      'report.unknown',
    );
    expect(
      await reasonOf(resolve(dan, about.queue_item_id, 'warned', { reason: 'x', warning_points: 1 })),
    ).toBe('sanction.protected');
    expect(await resolve(dan, about.queue_item_id, 'none')).toMatchObject({ resolution: 'dismissed' });
  });
});

describe('work that other modules queue', () => {
  it('joins the open item about the same thing, and is closed by whoever decides it', async () => {
    await emptyQueue();
    const enqueue = (priority: number, metadata: object) =>
      world.one<QueueItem>(
        `select * from moderation.enqueue('approval', 'user', $1, p_priority => $2, p_metadata => $3)`,
        [ann.id, priority, metadata],
      );
    const [first, again] = [await enqueue(5, { a: 1 }), await enqueue(1, { b: 2 })];
    expect(again).toMatchObject({ id: first.id, priority: 5, metadata: { a: 1, b: 2 } });
    expect(await claim(cleo, 'approval')).toMatchObject({ id: first.id });
    expect(await reasonOf(resolve(cleo, first.id, 'none'))).toBe('queue.wrong_type');
    const close = () =>
      world.one(`select moderation.close_item('approval', 'user', $1, 'approved', 'Fine') as id`, [ann.id]);
    expect(await close()).toEqual({ id: first.id });
    expect(await close()).toEqual({ id: null });
    expect(await world.item(first.id)).toMatchObject({
      status: 'resolved',
      resolution: 'approved',
      notes: 'Fine',
    });
    await expect(
      world.db.query(`select moderation.close_item('investigation', 'user', $1, 'dismissed')`, [ann.id]),
    ).rejects.toThrow('closed with their reports');
  });

  it('may have nobody to warn for it', async () => {
    const item = await world.one<QueueItem>(
      `select * from moderation.enqueue('investigation', 'forum_post', core.uuidv7())`,
    );
    expect(await reasonOf(resolve(cleo, item.id, 'warned', { reason: 'x', warning_points: 1 }))).toBe(
      'report.no_offender',
    );
  });
});
