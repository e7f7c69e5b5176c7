import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf, refusal } from '../refusal.ts';
import { type Person, type Report, type Scene, scene } from './scene.ts';

let world: Scene;
let ann: Person;
let bob: Person;
let moderator: Person;
beforeAll(async () => {
  world = await scene();
  [ann, bob, moderator] = [await world.person(), await world.person(), await world.person('moderator')];
});

const forums = <Row extends Record<string, unknown>>(by: Person, call: string, values: readonly unknown[]) =>
  by.read<Row>(`select * from forums.${call}`, values);

async function forumOf(owner: Person, slug: string, more = ''): Promise<string> {
  const [row] = await forums<{ id: string }>(owner, `create_forum(p_name => $1, p_slug => $1${more})`, [
    slug,
  ]);
  return row?.id ?? '';
}

async function postIn(forum: string, author: Person, title: string): Promise<string> {
  const [row] = await forums<{ id: string }>(
    author,
    `create_post(p_forum_id => $1, p_title => $2, p_content => 'Buy this.')`,
    [forum, title],
  );
  return row?.id ?? '';
}

describe('filing a report', () => {
  it('keeps who, what and why, and queues it', async () => {
    const [reporter, rascal] = [await world.person(), await world.person()];
    const report = await world.report(reporter, rascal, { description: '  Rude.  ' });
    expect(report).toMatchObject({
      reporter_id: reporter.id,
      subject_user_id: rascal.id,
      status: 'pending',
      description: 'Rude.',
      evidence: null,
    });
    expect(await world.item(report.queue_item_id)).toMatchObject({
      queue_type: 'investigation',
      item_type: 'user',
      item_id: rascal.id,
      subject_user_id: rascal.id,
      submitted_by: reporter.id,
      status: 'pending',
      priority: 30,
      report_count: 1,
    });
  });

  it('refuses kinds, reasons and things that are not there, what is one’s own, and visitors', async () => {
    const file = (args: Record<string, unknown>) =>
      ann.call('file_report', { type: 'user', subject_id: bob.id, reason: 'spam', ...args });
    expect(await reasonOf(file({ type: 'weather' }))).toBe('report.type_unknown');
    expect(await reasonOf(file({ type: 'ban' }))).toBe('report.type_unknown');
    expect(await reasonOf(file({ reason: 'boredom' }))).toBe('report.reason_unknown');
    expect(await reasonOf(file({ reason: null }))).toBe('report.reason_unknown');
    expect(await reasonOf(file({ subject_id: '019a0000-0000-7000-8000-0000000000ff' }))).toBe(
      'report.subject_unknown',
    );
    expect(await reasonOf(file({ parent_id: bob.id }))).toBe('input.malformed');
    expect(await refusal(file({ subject_id: ann.id }))).toMatchObject({
      sqlstate: 'ST422',
      reason: 'report.own',
    });
    expect(await reasonOf(file({ description: 'x'.repeat(2001) }))).toBe('input.too_long');
    await expect(world.report(world.visitor(), bob)).rejects.toThrow('permission denied');
  });

  it('takes one open report per person and thing, and a new one after the decision', async () => {
    const [reporter, rascal] = [await world.person(), await world.person()];
    const first = await world.report(reporter, rascal);
    expect(await refusal(world.report(reporter, rascal, { reason: 'spam' }))).toMatchObject({
      sqlstate: 'ST409',
      reason: 'report.duplicate',
    });
    await moderator.call('resolve_report', { report_id: first.id, action: 'none' });
    const second = await world.report(reporter, rascal);
    expect(second.queue_item_id).not.toBe(first.queue_item_id);
  });

  it('collects the reports of several people in one item, at the highest priority', async () => {
    const rascal = await world.person();
    const [one, two] = await world.people(2);
    const first = await world.report(one as Person, rascal, { reason: 'other' });
    const second = await world.report(two as Person, rascal, { reason: 'illegal' });
    expect(second.queue_item_id).toBe(first.queue_item_id);
    expect(await world.item(first.queue_item_id)).toMatchObject({ report_count: 2, priority: 50 });
    const third = await world.report(await world.person(), rascal, { reason: 'spam' });
    expect(await world.item(third.queue_item_id)).toMatchObject({ report_count: 3, priority: 50 });
  });

  it('stops at the number of open reports that one person may have', async () => {
    const reporter = await world.person();
    await world.db.query(`update core.settings set value = '2' where key = 'moderation.open_report_limit'`);
    try {
      const first = await world.report(reporter, await world.person());
      await world.report(reporter, await world.person());
      expect(await refusal(world.report(reporter, await world.person()))).toMatchObject({
        sqlstate: 'ST429',
        reason: 'report.too_many',
      });
      await moderator.call('resolve_report', { report_id: first.id, action: 'none' });
      await world.report(reporter, await world.person());
    } finally {
      await world.db.query(
        `update core.settings set value = '20' where key = 'moderation.open_report_limit'`,
      );
    }
  });
});

describe('the things that modules register', () => {
  it('can be reported by exactly those who can read them', async () => {
    const [owner, subscriber, stranger] = [await world.person(), await world.person(), await world.person()];
    const [open, closed] = [
      await forumOf(owner, 'open'),
      await forumOf(owner, 'closed', ', p_is_public => false'),
    ];
    await world.db.query('insert into forums.subscriptions (user_id, forum_id) values ($1, $2)', [
      subscriber.id,
      closed,
    ]);
    const kinds: [type: string, table: string, id: string][] = [];
    for (const forum of [open, closed]) {
      const post = await postIn(forum, owner, 'A bargain');
      const [comment] = await forums<{ id: string }>(
        owner,
        `create_comment(p_post_id => $1, p_content => 'Really.')`,
        [post],
      );
      kinds.push(['forum', 'forums', forum], ['forum_post', 'posts', post]);
      kinds.push(['forum_comment', 'comments', comment?.id ?? '']);
      const gone = await postIn(forum, owner, 'A mistake');
      await forums(owner, 'delete_post($1)', [gone]);
      kinds.push(['forum_post', 'posts', gone]);
    }
    for (const person of [subscriber, stranger]) {
      for (const [type, table, id] of kinds) {
        const isShown = (await person.read(`select id from forums.${table} where id = $1`, [id])).length > 0;
        const filing = person.call('file_report', { type, subject_id: id, reason: 'spam' });
        if (isShown) expect(await filing).toMatchObject({ report_type: type, subject_user_id: owner.id });
        else expect(await reasonOf(filing)).toBe('report.subject_unknown');
      }
    }
    const { rows } = await world.db.query(
      'select reporter_id = $1 as is_stranger, count(*)::int from moderation.reports where subject_user_id = $2 group by 1 order by 1',
      [stranger.id, owner.id],
    );
    expect(rows).toEqual([
      { is_stranger: false, count: 6 },
      { is_stranger: true, count: 3 },
    ]);
  });

  it('are listed for members, without how they are looked up', async () => {
    const listed = await ann.read('select type, label from core.report_subjects order by type');
    expect(listed).toContainEqual({ type: 'forum_post', label: 'post' });
    expect(listed).not.toContainEqual({ type: 'ban', label: 'ban' });
    await expect(ann.read('select condition from core.report_subjects')).rejects.toThrow('permission denied');
  });

  it('name tables and columns that exist, and procedures that take them down', async () => {
    const { rows } = await world.db.query<{
      type: string;
      table_name: string;
      columns: string[];
      condition: string;
      removal: string | null;
    }>(
      `select type, table_name, condition, removal,
         array_remove(array[key_column, parent_column, author_column] || evidence_columns, null) as columns
       from core.report_subjects`,
    );
    expect(rows.length).toBeGreaterThan(3);
    for (const { table_name, columns, condition, removal } of rows) {
      const wanted = columns.map((column) => `target.${column}`).join(', ');
      await world.db.query(`select ${wanted} from ${table_name} as target where (${condition}) limit 0`);
      if (removal)
        await world.db.query(
          `explain select ${removal.replace(/\$[12]/g, 'null::uuid').replace('$3', 'null::text')}`,
        );
    }
  });

  it('keep their composite keys: the container must be the right one', async () => {
    await world.db.query(
      `insert into core.report_subjects (type, label, table_name, parent_column, author_column)
       values ('answer', 'answer', 'forums.comments', 'post_id', 'author_id')`,
    );
    const forum = await forumOf(bob, 'composite');
    const [post, other] = [await postIn(forum, bob, 'One'), await postIn(forum, bob, 'Two')];
    const [comment] = await forums<{ id: string }>(bob, `create_comment(p_post_id => $1, p_content => 'X')`, [
      post,
    ]);
    const file = (parent: string | null) =>
      ann.call('file_report', {
        type: 'answer',
        subject_id: comment?.id,
        reason: 'spam',
        parent_id: parent,
      });
    expect(await reasonOf(file(null))).toBe('input.malformed');
    expect(await reasonOf(file(other))).toBe('report.subject_unknown');
    expect(await file(post)).toMatchObject({ subject_parent_id: post });
  });
});

describe('evidence', () => {
  it('is the thing as it was when it was reported, and is shown only with a reason that is recorded', async () => {
    const author = await world.person();
    const forum = await forumOf(bob, 'evidence');
    const post = await postIn(forum, author, 'Cheap pills');
    const report = await ann.call<Report>('file_report', {
      type: 'forum_post',
      subject_id: post,
      reason: 'spam',
    });
    await forums(author, `edit_post(p_post_id => $1, p_content => 'Nothing to see.')`, [post]);

    const open = (by: Person, reason = 'Checking the complaint') =>
      by.call<{ open_evidence: Record<string, unknown> }>('open_evidence', { report_id: report.id, reason });
    expect((await open(moderator)).open_evidence).toMatchObject({
      title: 'Cheap pills',
      content: 'Buy this.',
    });
    const { rows } = await world.db.query(
      `select actor_id, reason from audit.logs where action = 'open_evidence' and resource_id = $1`,
      [report.id],
    );
    expect(rows).toEqual([{ actor_id: moderator.id, reason: 'Checking the complaint' }]);
    expect(await reasonOf(open(moderator, ' '))).toBe('input.empty');
    await expect(open(ann)).rejects.toThrow('permission denied');
    for (const person of [ann, moderator, await world.person('admin')]) {
      await expect(person.read('select evidence from moderation.reports')).rejects.toThrow(
        'permission denied',
      );
    }
  });

  it('holds what the reporter quotes, marked as unverified', async () => {
    const report = await world.report(await world.person(), bob, { quote: 'I will find you.' });
    expect(
      (
        await moderator.call<{ open_evidence: object }>('open_evidence', {
          report_id: report.id,
          reason: 'x',
        })
      ).open_evidence,
    ).toMatchObject({ quote: 'I will find you.', quote_is_verified: false });
  });

  it('is not shown to the moderator whom it is about, and gone once it is blanked', async () => {
    const about = await world.person('moderator');
    const report = await world.report(ann, about);
    const open = (by: Person) => by.call('open_evidence', { report_id: report.id, reason: 'Curious' });
    expect(await reasonOf(open(about))).toBe('report.unknown');
    await world.db.query('update moderation.reports set evidence = null where id = $1', [report.id]);
    expect(await reasonOf(open(moderator))).toBe('report.evidence_gone');
  });
});

describe('reading reports', () => {
  it('is for the reporter and for moderators, but not about oneself', async () => {
    const about = await world.person('moderator');
    const reporter = await world.person();
    const report = await world.report(reporter, about);
    const seen = async (by: Person) =>
      (await by.read('select id from moderation.reports where id = $1', [report.id])).length;
    expect(await seen(reporter)).toBe(1);
    expect(await seen(moderator)).toBe(1);
    expect(await seen(bob)).toBe(0);
    expect(await seen(about)).toBe(0);
    expect(
      await about.read('select id from moderation.queue_items where id = $1', [report.queue_item_id]),
    ).toEqual([]);
    await expect(reporter.read('select assigned_to from moderation.reports')).rejects.toThrow(
      'permission denied',
    );
    await expect(reporter.read('select id from moderation.queue_items')).rejects.toThrow('permission denied');
  });
});

describe('retention', () => {
  const run = (name: string) => world.db.query('select * from ops.run_retention($1)', [name]);

  it('blanks evidence after a year and deletes reports after two, queue items after one', async () => {
    const report = await world.report(await world.person(), await world.person());
    await moderator.call('resolve_report', { report_id: report.id, action: 'none' });
    const age = (years: string) =>
      world.db.query(
        `with aged as (update moderation.queue_items set resolved_at = now() - $2::interval where id = $3)
         update moderation.reports set resolved_at = now() - $2::interval where id = $1`,
        [report.id, years, report.queue_item_id],
      );
    await age('11 months');
    for (const name of ['moderation_evidence', 'moderation_reports', 'moderation_queue_items'])
      await run(name);
    const now = () =>
      world.db.query(
        'select evidence is null as blank, queue_item_id from moderation.reports where id = $1',
        [report.id],
      );
    expect((await now()).rows).toEqual([{ blank: false, queue_item_id: report.queue_item_id }]);
    await age('13 months');
    await run('moderation_evidence');
    await run('moderation_queue_items');
    expect((await now()).rows).toEqual([{ blank: true, queue_item_id: null }]);
    await age('25 months');
    await run('moderation_reports');
    expect((await now()).rows).toEqual([]);
  });

  it('deletes warnings two years after they expired', async () => {
    const rascal = await world.person();
    const warning = await world.warn(moderator, rascal, 1);
    await run('moderation_warnings');
    await world.db.query(
      `update moderation.warnings set expires_at = now() - interval '25 months' where id = $1`,
      [warning['id']],
    );
    await run('moderation_warnings');
    const { rows } = await world.db.query('select id from moderation.warnings where user_id = $1', [
      rascal.id,
    ]);
    expect(rows).toEqual([]);
  });
});
