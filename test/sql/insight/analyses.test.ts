import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Group, Person } from '../groups/scene.ts';
import { mask } from '../groups/scene.ts';
import { reasonOf } from '../refusal.ts';
import { type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let member: Person;
let group: Group;
beforeAll(async () => {
  world = await scene();
  [owner, member] = [await world.person(), await world.person()];
  group = await world.openGroup(owner);
  await world.join(group, member);
});
beforeEach(() => world.db.query('delete from insight.tasks'));

describe('what a group lets models do', () => {
  it('is nothing until somebody who manages it says otherwise', async () => {
    const quiet = await world.group(owner);
    await world.say(owner, quiet.general);
    expect(await world.claim('analysis')).toEqual([]);

    await world.join(quiet, member);
    const attempt = (patch: unknown, by = owner) =>
      reasonOf(by.read('select insight.configure_group($1, $2)', [quiet.id, patch]));
    expect(await attempt({ analyses: true }, member)).toBe('group.not_allowed');
    expect(await attempt({ analyses: true }, await world.person())).toBe('group.unknown');
    expect(await attempt({ analyses: 'yes' })).toBe('input.malformed');
    expect(await attempt({ everything: true })).toBe('input.unknown_key');

    expect(await world.configure(owner, quiet, { analyses: true })).toMatchObject({
      analyses: true,
      summaries: false,
      updated_by: owner.id,
    });
    expect(await world.auditOf(quiet)).toContain('configure_insight');
    expect(
      await member.read('select analyses from insight.group_policies where group_id = $1', [quiet.id]),
    ).toEqual([{ analyses: true }]);
    // What was written before is not looked at.
    expect(await world.claim('analysis')).toEqual([]);
    const message = await world.say(owner, quiet.general);
    expect(await world.claim('analysis')).toMatchObject([{ start_message_id: message.id }]);
  });

  it('once switched off keeps nothing, not even what is on its way', async () => {
    const fickle = await world.openGroup(owner);
    await world.analysed(owner, fickle.general);
    const late = await world.claimOf(await world.say(owner, fickle.general));
    await world.configure(owner, fickle, { analyses: false });

    expect(await world.record(late)).toMatchObject({ message_id: null });
    expect(
      await world.rows(
        "select payload from graphile_worker._private_jobs as job where key like 'insight_forget%'",
      ),
    ).toEqual([{ payload: { groupId: fickle.id } }]);
    await world.asWorker('select insight.forget_group($1)', fickle.id);
    expect(await world.count('insight.message_analyses where channel_id = $1', fickle.general)).toBe(0);
    // Nothing is deleted of a group that wants it (again).
    const kept = await world.analysed(owner, group.general);
    expect(await world.asWorker('select insight.forget_group($1) as gone', group.id)).toEqual([{ gone: 0 }]);
    expect(await world.count('insight.message_analyses where message_id = $1', kept.id)).toBe(1);
  });
});

describe('what a person lets models read', () => {
  it('is everything, nothing, or nothing any more', async () => {
    const [shy, newcomer] = [await world.person(), await world.person()];
    await world.join(group, shy, newcomer);
    await world.db.query('delete from core.user_settings where user_id = $1', [newcomer.id]);
    await world.say(newcomer, group.general);
    const before = await world.analysed(shy, group.general);
    const underWay = await world.claimOf(await world.say(shy, group.general));
    await world.say(shy, group.general, 'Waiting.');

    await world.consent(shy, false);
    expect(await world.record(underWay)).toMatchObject({ message_id: null });
    expect(await world.claim('analysis')).toEqual([]);
    await world.say(shy, group.general);
    expect(await world.count('insight.tasks')).toBe(0);
    expect(
      await world.rows(
        'select payload from graphile_worker._private_jobs where key = $1',
        `insight_forget:${shy.id}`,
      ),
    ).toEqual([{ payload: { userId: shy.id } }]);
    expect(
      await world.asWorker('select insight.enqueue_analysis($1, $2) as asked', before.channel_id, before.id),
    ).toEqual([{ asked: false }]);
    expect(await world.asWorker('select insight.forget_person($1) as gone', shy.id)).toEqual([{ gone: 1 }]);
    expect(await world.asWorker('select insight.forget_person($1) as gone', shy.id)).toEqual([{ gone: 0 }]);
    expect(await world.count('insight.message_analyses where author_id = $1', shy.id)).toBe(0);
  });

  it('goes when the account is erased, by the registered rules alone', async () => {
    const leaver = await world.person();
    await world.join(group, leaver);
    await world.analysed(leaver, group.general);
    const rules = await world.rows<{ table_name: string; column_name: string }>(
      `select table_name, column_name from ops.personal_data_rules
       where table_name like 'insight.%' and action = 'delete' and column_name in ('author_id', 'user_id') order by 1`,
    );
    expect(rules.map((rule) => rule.table_name)).toEqual([
      'insight.message_analyses',
      'insight.reputation_scores',
      'insight.summary_participants',
    ]);
    for (const rule of rules) {
      await world.db.query(`delete from ${rule.table_name} where ${rule.column_name} = $1`, [leaver.id]);
    }
    expect(await world.count('insight.message_analyses where author_id = $1', leaver.id)).toBe(0);
  });
});

describe('a claim', () => {
  it('gives what was written, and speakers without names', async () => {
    const first = await world.say(owner, group.general, 'One.');
    const second = await world.say(member, group.general, 'Two.');
    const claims = await world.claim('analysis', 100);
    expect(claims.map(({ start_message_id, attempt }) => [start_message_id, attempt])).toEqual([
      [first.id, 1],
      [second.id, 1],
    ]);
    const read = await world.readClaims(claims);
    expect(read.map(({ message_id, content }) => [message_id, content]).sort()).toEqual(
      [
        [first.id, 'One.'],
        [second.id, 'Two.'],
      ].sort(),
    );
    expect(JSON.stringify(read)).not.toContain(owner.id);
    expect(await world.claim('analysis')).toEqual([]);
  });

  it('leaves out what no model has to read', async () => {
    const { id } = await world.say(owner, group.general);
    await owner.call('delete_channel_message', { channel_id: group.general, message_id: id });
    await world.db.query(
      `insert into groups.channel_messages (channel_id, seq, sender_id, type, content) values
       ($1, 1001, $2, 'member_join', 'Came.'), ($1, 1002, $2, 'image', ''), ($1, 1003, null, 'default', 'A webhook.')`,
      [group.general, owner.id],
    );
    expect(await world.claim('analysis')).toEqual([]);
    expect(await world.count('insight.tasks')).toBe(0);
  });

  it('is asked for in bounds', async () => {
    const ask = (...values: unknown[]) =>
      reasonOf(world.asWorker('select * from insight.claim_tasks($1, $2, $3)', ...values));
    expect(await ask('gossip', 1, 60)).toBe('insight_claim.invalid');
    expect(await ask('analysis', 0, 60)).toBe('insight_claim.invalid');
    expect(await ask('analysis', 101, 60)).toBe('insight_claim.invalid');
    expect(await ask('analysis', 1, 5)).toBe('insight_claim.invalid');
    expect(await ask(null, null, null)).toBe('insight_claim.invalid');
  });

  it('that ends is free for another, and the result of the first is refused', async () => {
    const slow = await world.claimOf(await world.say(owner, group.general));
    await world.db.query('update insight.tasks set available_at = now()');
    const [second] = await world.claim('analysis');
    expect(second).toMatchObject({ start_message_id: slow.start_message_id, attempt: 2 });
    expect(await reasonOf(world.record(slow))).toBe('insight_claim.lost');
  });

  it('fails with a pause, and is given up after the last attempt until somebody asks again', async () => {
    await world.db.query("update core.settings set value = '2' where key = 'insight.max_attempts'");
    const message = await world.say(owner, group.general);
    const fail = async () => {
      const claim = await world.claimOf(message);
      const [{ again } = { again: undefined }] = await world.asWorker(
        'select insight.fail_task($1, $2) as again',
        claim.claim_id,
        'x'.repeat(600),
      );
      expect(await reasonOf(world.asWorker('select insight.fail_task($1, $2)', claim.claim_id, 'x'))).toBe(
        'insight_claim.lost',
      );
      return again;
    };
    expect(await fail()).toBe(true);
    expect(await world.claim('analysis')).toEqual([]);
    expect(
      await world.one(
        `select length(last_error) as length, available_at > now() + interval '25 seconds' as pauses from insight.tasks`,
      ),
    ).toEqual({ length: 500, pauses: true });
    await world.db.query('update insight.tasks set available_at = now()');
    expect(await fail()).toBe(false);
    await world.db.query('update insight.tasks set available_at = now()');
    expect(await world.claim('analysis')).toEqual([]);
    expect(await world.asWorker('select kind, waiting, claimed, failed from insight.task_counts()')).toEqual([
      { kind: 'analysis', waiting: '0', claimed: '0', failed: '1' },
    ]);
    expect(await world.asWorker(`select insight.retry_tasks('analysis') as revived`)).toEqual([
      { revived: 1 },
    ]);
    // A process that died at its last attempt answers nothing.
    await world.claimOf(message);
    await world.db.query('update insight.tasks set available_at = now(), attempts = 2');
    expect(await world.claim('analysis')).toEqual([]);
    expect(
      await world.one(
        'select failed_at is not null as is_failed, last_error is not null as has_error from insight.tasks',
      ),
    ).toEqual({
      is_failed: true,
      has_error: true,
    });
    expect(
      await world.asWorker('select insight.enqueue_analysis($1, $2) as asked', group.general, message.id),
    ).toEqual([{ asked: true }]);
    expect(await world.claim('analysis')).toHaveLength(1);
    await world.db.query("update core.settings set value = '5' where key = 'insight.max_attempts'");
  });
});

describe('a result', () => {
  it('is kept with model, version and cost, and once however often it is sent', async () => {
    const message = await world.say(member, group.general);
    const claim = await world.claimOf(message);
    const scores = {
      topics: ['weather'],
      entities: { place: 'Rome' },
      input_tokens: 12,
      output_tokens: 3,
      cost: '0.000012',
    };
    const kept = await world.record(claim, scores);
    expect(kept).toMatchObject({
      message_id: message.id,
      author_id: member.id,
      model_name: 'reader',
      model_version: '1',
      sentiment_score: '0.50',
      cost: '0.000012000',
      topics: ['weather'],
    });
    expect(await world.record(claim, { ...scores, sentiment: -1 })).toEqual(kept);
    expect(await world.count('insight.message_analyses where message_id = $1', message.id)).toBe(1);
    expect(await world.count('insight.tasks')).toBe(0);
  });

  it('of another model stands beside it, of the same one in its place', async () => {
    const message = await world.analysed(member, group.general);
    for (const scores of [{ model_version: '2' }, { sentiment: -0.25 }]) {
      await world.asWorker('select insight.enqueue_analysis($1, $2)', group.general, message.id);
      await world.record(await world.claimOf(message), scores);
    }
    expect(
      await world.rows(
        'select model_version, sentiment_score from insight.message_analyses where message_id = $1 order by 1',
        message.id,
      ),
    ).toEqual([
      { model_version: '1', sentiment_score: '-0.25' },
      { model_version: '2', sentiment_score: '0.50' },
    ]);
  });

  it.each([
    ['a sentiment of 1.01', { sentiment: 1.01 }],
    ['a sentiment of 10', { sentiment: 10 }],
    ['a toxicity of -0.01', { toxicity: -0.01 }],
    ['a toxicity that is no number', { toxicity: 'NaN' }],
    ['a confidence of 9.99', { confidence: 9.99 }],
    ['a model without a name', { model_name: ' ' }],
    ['a model without a version', { model_version: null }],
    ['a version of 51 characters', { model_version: 'x'.repeat(51) }],
    ['a language of 11 characters', { language: 'x'.repeat(11) }],
    ['21 topics', { topics: Array.from({ length: 21 }, () => 'x') }],
    ['a topic that is nothing', { topics: [null] }],
    ['entities that are a list', { entities: '[]' }],
    ['entities of 20 kB', { entities: { words: 'xyz'.repeat(7_000) } }],
    ['a gist of 501 characters', { summary: 'x'.repeat(501) }],
    ['a cost that is no number', { cost: 'NaN' }],
    ['a cost below zero', { cost: -1 }],
    ['an unknown number of tokens', { input_tokens: null }],
  ])('with %s is refused, and the claim goes on', async (_, scores) => {
    const claim = await world.claimOf(await world.say(member, group.general));
    expect(await reasonOf(world.record(claim, scores))).toBe('message_analysis.invalid');
    expect(await world.record(claim)).toMatchObject({ message_id: claim.start_message_id });
  });

  it('is not kept when it was not read, or is of another kind', async () => {
    await world.say(member, group.general);
    const [claim] = await world.claim('analysis');
    if (!claim) throw new Error('nothing to claim');
    expect(await reasonOf(world.summarise(claim))).toBe('insight_claim.lost');
    expect(await world.record(claim)).toMatchObject({ message_id: null });
    expect(await world.claim('analysis')).toHaveLength(1);
  });

  it('goes when the message is edited, deleted or blanked, and is asked for anew when there is something to read', async () => {
    const message = await world.analysed(member, group.general);
    const analyses = () => world.count('insight.message_analyses where message_id = $1', message.id);
    const change = (procedure: string, more = {}) =>
      member.call(procedure, { channel_id: group.general, message_id: message.id, ...more });
    await change('edit_channel_message', { content: 'Changed.' });
    expect(await analyses()).toBe(0);
    const claim = await world.claimOf(message);

    // Edited after it was read: the result is of other words.
    await change('edit_channel_message', { content: 'Changed again.' });
    expect(await world.record(claim)).toMatchObject({ message_id: null });
    await world.record(await world.claimOf(message));
    expect(await analyses()).toBe(1);

    await change('delete_channel_message');
    expect([await analyses(), await world.claim('analysis')]).toEqual([0, []]);
    await change('restore_channel_message');
    await world.record(await world.claimOf(message));
    expect(await analyses()).toBe(1);
    await world.db.query(`update groups.channel_messages set content = '' where id = $1`, [message.id]);
    expect([await analyses(), await world.count('insight.tasks')]).toEqual([0, 0]);
  });

  it('goes with a message that is purged', async () => {
    const message = await world.analysed(member, group.general);
    await world.db.query('delete from groups.channel_messages where id = $1', [message.id]);
    expect(await world.count('insight.message_analyses where message_id = $1', message.id)).toBe(0);
  });
});

describe('a toxic message', () => {
  const queued = (id: string) =>
    world.rows(
      `select queue_type, item_type, item_parent_id, subject_user_id, priority from moderation.queue_items where item_id = $1`,
      id,
    );

  it('of a public group becomes work of the moderators, who can take it down, and its analysis with it', async () => {
    const open = await world.openGroup(owner, true);
    await world.join(open, member);
    const [mild, foul] = [
      await world.analysed(member, open.general, { toxicity: 0.79 }),
      await world.analysed(member, open.general, { toxicity: 0.8 }),
    ];
    expect(await queued(mild.id)).toEqual([]);
    expect(await queued(foul.id)).toEqual([
      {
        queue_type: 'investigation',
        item_type: 'channel_message',
        item_parent_id: open.general,
        subject_user_id: member.id,
        priority: 30,
      },
    ]);
    const moderator = await world.person('moderator');
    await moderator.read(
      `select moderation.resolve_item(id, 'removed', 'Foul.') from moderation.claim_next('investigation')`,
    );
    expect(await world.one('select deleted_by from groups.channel_messages where id = $1', foul.id)).toEqual({
      deleted_by: moderator.id,
    });
    expect(await world.count('insight.message_analyses where message_id = $1', foul.id)).toBe(0);
  });

  it('of another group stays the business of its own staff', async () => {
    const foul = await world.analysed(member, group.general, { toxicity: 1 });
    expect(await queued(foul.id)).toEqual([]);
  });
});

describe('who reads an analysis', () => {
  it('is whoever may read the message and holds VIEW_INSIGHTS, and nobody else', async () => {
    const [analyst, outsider, moderator, admin] = [
      await world.person(),
      await world.person(),
      await world.person('moderator'),
      await world.person('admin'),
    ];
    await world.join(group, analyst);
    await world.role(group, mask('VIEW_INSIGHTS'), analyst);
    const secret = await owner.call<{ id: string }>('create_channel', {
      group_id: group.id,
      name: 'secret',
      is_private: true,
    });
    const thread = await owner.call<{ id: string; channel_id: string }>('start_thread', {
      channel_id: group.general,
      name: 'aside',
    });
    const threadId = thread['channel_id'] ?? thread.id;
    const [open, hidden, aside] = [
      await world.analysed(member, group.general, { topics: ['tea'] }),
      await world.analysed(owner, secret.id, { topics: ['tea'] }),
      await world.analysed(owner, threadId, { topics: ['tea'] }),
    ];
    const seen = async (person: Person) => {
      const rows = await person.read<{ message_id: string }>(
        'select message_id from insight.message_analyses where message_id = any ($1)',
        [[open.id, hidden.id, aside.id]],
      );
      return rows.map((row) => row.message_id).sort();
    };
    const found = async (person: Person, channel: string) =>
      (
        await person.read<{ message_id: string }>(`select message_id from insight.search_topics($1, 'tea')`, [
          channel,
        ])
      ).map((row) => row.message_id);
    expect(await seen(owner)).toEqual([open.id, hidden.id, aside.id].sort());
    expect(await seen(analyst)).toEqual([open.id, aside.id].sort());
    for (const person of [member, outsider, moderator]) expect(await seen(person)).toEqual([]);
    expect(await seen(admin)).toEqual([open.id, hidden.id, aside.id].sort());

    expect(await found(analyst, group.general)).toEqual([open.id]);
    expect(await found(analyst, threadId)).toEqual([aside.id]);
    expect(await found(admin, secret.id)).toEqual([hidden.id]);
    expect(await reasonOf(found(analyst, secret.id))).toBe('channel.unknown');
    expect(await reasonOf(found(member, group.general))).toBe('channel.not_allowed');
    expect(await reasonOf(found(moderator, group.general))).toBe('channel.unknown');
    expect(await reasonOf(analyst.read(`select insight.search_topics($1, ' ')`, [group.general]))).toBe(
      'input.empty',
    );

    // What one may no longer read, one may no longer read about.
    await world.override(group, { channel: group.general }, { user: analyst.id }, '0', mask('READ_HISTORY'));
    expect(await seen(analyst)).toEqual([]);
    expect(await reasonOf(found(analyst, group.general))).toBe('channel.not_allowed');
  });

  it('reads no costs', async () => {
    const attempt = owner.read('select cost from insight.message_analyses limit 1');
    await expect(attempt).rejects.toMatchObject({ code: '42501' });
    await (await world.person('admin')).read('select cost from insight.message_analyses limit 1');
  });
});

describe('time', () => {
  it('takes analyses after 180 days and tasks after 30', async () => {
    const [old, young] = [
      await world.analysed(owner, group.general),
      await world.analysed(owner, group.general),
    ];
    await world.say(owner, group.general);
    await world.db.query(
      `update insight.message_analyses set inserted_at = now() - interval '181 days' where message_id = $1`,
      [old.id],
    );
    await world.db.query(
      `update insight.message_analyses set inserted_at = now() - interval '179 days' where message_id = $1`,
      [young.id],
    );
    for (const rule of ['insight_message_analyses', 'insight_tasks']) {
      await world.db.query('select ops.run_retention($1)', [rule]);
    }
    const left = await world.rows<{ message_id: string }>(
      'select message_id from insight.message_analyses where message_id = any ($1)',
      [old.id, young.id],
    );
    expect(left).toEqual([{ message_id: young.id }]);
    expect(await world.count('insight.tasks')).toBe(1);
    await world.db.query(`select ops.run_retention('insight_tasks', now() + interval '31 days')`);
    expect(await world.count('insight.tasks')).toBe(0);
  });
});
