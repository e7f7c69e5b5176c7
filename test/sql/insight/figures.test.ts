import { beforeAll, describe, expect, it } from 'vitest';
import type { Group, Person } from '../groups/scene.ts';
import { mask } from '../groups/scene.ts';
import { type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
});

const recompute = async (group: Group | null): Promise<number> =>
  (
    await world.asWorker<{ changed: number }>(
      'select insight.recompute_reputation($1) as changed',
      group?.id ?? null,
    )
  )[0]?.changed ?? -1;

const board = (group: Group | null) =>
  world.rows(
    `select user_id, score, helpful_messages as helpful, quality_contributions as quality, community_engagement as days, moderation_actions as actions
     from insight.reputation_scores where group_id is not distinct from $1 order by score desc, user_id`,
    group?.id ?? null,
  );

describe('reputation', () => {
  let group: Group;
  let helper: Person;
  let talker: Person;
  let rascal: Person;
  beforeAll(async () => {
    group = await world.group(owner);
    [helper, talker, rascal] = [await world.person(), await world.person(), await world.person()];
    await world.join(group, helper, talker, rascal);
    for (const person of [helper, helper, talker, rascal]) await world.say(person, group.general);
    // On another day.
    await world.db.query(
      `insert into groups.channel_messages (channel_id, seq, sender_id, content, inserted_at) values ($1, 1001, $2, 'x', now() - interval '2 days')`,
      [group.general, talker.id],
    );
    const said = await world.rows<{ id: string; sender_id: string }>(
      'select id, sender_id from groups.channel_messages where sender_id is not null and seq < 1000 order by seq',
    );
    for (const { id } of said) {
      // One's own reaction is worth nothing, and two by others are worth one.
      for (const person of [owner, talker]) {
        await world.db.query(
          `insert into groups.message_reactions (channel_id, message_id, emoji, user_id) values ($1, $2, '👍', $3)`,
          [group.general, id, person.id],
        );
      }
    }
    await world.db.query(`delete from groups.message_reactions where message_id = $1 and user_id = $2`, [
      said.find((message) => message.sender_id === talker.id)?.id,
      owner.id,
    ]);
    await world.db.query(`insert into groups.bans (group_id, user_id, reason) values ($1, $2, 'x')`, [
      group.id,
      rascal.id,
    ]);
  });

  it('is what the facts say, whoever counts them and however often', async () => {
    expect(await recompute(group)).toBe(3);
    const expected = [
      { user_id: helper.id, score: 11, helpful: 2, quality: 0, days: 1, actions: 0 },
      { user_id: talker.id, score: 2, helpful: 0, quality: 0, days: 2, actions: 0 },
      { user_id: rascal.id, score: -4, helpful: 1, quality: 0, days: 1, actions: 1 },
    ];
    expect(await board(group)).toEqual(expected);
    expect(await recompute(group)).toBe(0);
    await world.db.query('delete from insight.reputation_scores');
    await recompute(group);
    expect(await board(group)).toEqual(expected);
  });

  it('on the platform is that of all groups and what is counted outside of them', async () => {
    await world.db.query(
      `insert into moderation.warnings (user_id, points, reason, revoked_at) values ($1, 3, 'x', null), ($1, 3, 'x', now())`,
      [rascal.id],
    );
    const { id: forum } = await world.one<{ id: string }>(
      `insert into forums.forums (name, slug, owner_id) values ('F', 'figures', $1) returning id`,
      owner.id,
    );
    const { id: post } = await world.one<{ id: string }>(
      `insert into forums.posts (forum_id, author_id, title, upvote_count, score) values ($1, $2, 'T', 7, 7) returning id`,
      forum,
      helper.id,
    );
    await world.db.query(
      `insert into forums.comments (id, path, post_id, author_id, content, downvote_count, score)
       select made.id, array[made.id], $1, $2, 'C', 2, -2 from core.uuidv7() as made (id)`,
      [post, talker.id],
    );
    await recompute(null);
    expect(await board(null)).toEqual([
      { user_id: helper.id, score: 32, helpful: 2, quality: 7, days: 1, actions: 0 },
      { user_id: talker.id, score: -4, helpful: 0, quality: -2, days: 2, actions: 0 },
      { user_id: rascal.id, score: -14, helpful: 1, quality: 0, days: 1, actions: 2 },
    ]);
    expect(await recompute(null)).toBe(0);
    expect(
      await world.one(
        `select value from (${(await world.one<{ query: string }>(`select core.metric_query('reputation') as query`)).query}) as m where user_id = $1`,
        helper.id,
      ),
    ).toEqual({ value: 32 });
  });

  it('grows with the tasks that somebody has done, in a group and outside of one', async () => {
    const done = async (home: string | null): Promise<void> => {
      const { id: project } = await world.one<{ id: string }>(
        `insert into workspace.projects (owner_id, group_id, key, name) values ($1, $2, $3, 'P') returning id`,
        helper.id,
        home,
        home === null ? 'OWN' : 'GRP',
      );
      await world.db.query(
        `insert into workspace.project_members (project_id, user_id, role) values ($1, $2, 'owner') on conflict do nothing`,
        [project, helper.id],
      );
      await world.db.query(
        `insert into workspace.tasks (project_id, number, title, assignee_id, created_by, status, completed_at)
         values ($1, 1, 'done', $2, $2, 'done', now()), ($1, 2, 'not done', $2, $2, 'todo', null)`,
        [project, helper.id],
      );
    };
    await done(group.id);
    await done(null);
    await recompute(group);
    await recompute(null);
    expect((await board(group)).find((row) => row['user_id'] === helper.id)).toMatchObject({ quality: 1 });
    expect((await board(null)).find((row) => row['user_id'] === helper.id)).toMatchObject({ quality: 9 });
    await world.db.query('delete from workspace.projects where owner_id = $1', [helper.id]);
    await recompute(group);
    await recompute(null);
  });

  it('is silent about a module that is left out', async () => {
    await world.db.query(
      `update insight.reputation_sources set needs = 'left.out' where name = 'forum_post_scores'`,
    );
    await recompute(null);
    expect((await board(null)).find((row) => row['user_id'] === helper.id)).toMatchObject({ quality: 0 });
    await world.db.query(
      `update insight.reputation_sources set needs = 'forums.posts' where name = 'forum_post_scores'`,
    );
    await recompute(null);
  });

  it('loses what is deleted and who is erased, and follows the weights', async () => {
    await world.db.query(
      `update groups.channel_messages set deleted_at = now() where id = (select id from groups.channel_messages where sender_id = $1 order by seq limit 1)`,
      [helper.id],
    );
    await world.db.query(`update core.users set username = null, erased_at = now() where id = $1`, [
      talker.id,
    ]);
    await world.db.query(
      `update core.settings set value = '{"helpful_messages":2}' where key = 'insight.reputation_weights'`,
    );
    await recompute(group);
    expect(await board(group)).toMatchObject([
      { user_id: helper.id, score: 2, helpful: 1 },
      { user_id: rascal.id, score: 2 },
    ]);
    await world.db.query(
      `update core.settings set value = '{"helpful_messages":9999999999999}' where key = 'insight.reputation_weights'`,
    );
    await recompute(group);
    expect(await board(group)).toMatchObject([{ score: 2147483647 }, { score: 2147483647 }]);
  });

  it('is read by members of the group, except of those who show nothing, and by nobody changed', async () => {
    const [reader, outsider] = [await world.person(), await world.person()];
    await world.join(group, reader);
    const seen = async (person: Person, where: string) =>
      (await person.read<{ user_id: string }>(`select user_id from insight.reputation_scores where ${where}`))
        .map((row) => row.user_id)
        .sort();
    const inGroup = `group_id = '${group.id}'`;
    expect(await seen(reader, inGroup)).toEqual([helper.id, rascal.id].sort());
    expect(await seen(outsider, inGroup)).toEqual([]);
    expect(await seen(outsider, 'group_id is null')).toContain(helper.id);
    await world.db.query('update core.user_settings set paranoia_level = 3 where user_id = $1', [helper.id]);
    expect(await seen(reader, inGroup)).toEqual([rascal.id]);
    expect(await seen(helper, inGroup)).toEqual([helper.id, rascal.id].sort());
    await expect(helper.read('update insight.reputation_scores set score = 1')).rejects.toMatchObject({
      code: '42501',
    });
    await expect(helper.read('select insight.recompute_reputation(null)')).rejects.toMatchObject({
      code: '42501',
    });
  });
});

describe('the health of a community', () => {
  const today = new Date().toISOString().slice(0, 10);
  const compute = async (group: Group, day = today): Promise<number> =>
    (
      await world.asWorker<{ changed: number }>('select insight.compute_health($1, $2) as changed', day, [
        group.id,
      ])
    )[0]?.changed ?? -1;
  const healthOf = (group: Group) =>
    world.rows(
      `select active_users, message_count, positive_sentiment_ratio, toxicity_incidents, moderation_actions, engagement_score, health_score
       from insight.community_health where group_id = $1`,
      group.id,
    );

  it('is that of the formula, however often it is computed, and takes in what comes late', async () => {
    const group = await world.openGroup(owner);
    const people = await world.people(9);
    await world.join(group, ...people);
    const [first, second] = people;
    if (!first || !second) throw new Error('nobody there');
    const kind = await world.analysed(first, group.general, { sentiment: 0.9 });
    await world.analysed(first, group.general, { sentiment: -0.5, toxicity: 0.85 });
    await world.say(second, group.general);
    const gone = await world.say(second, group.general);
    await owner.call('delete_channel_message', { channel_id: group.general, message_id: gone.id });
    await compute(group);
    // 2 of 10 wrote: 0.4 × 0.5 + 0.3 × 0.8 + 0.3 × (1 − min(1, 1/3 × 50)) = 0.44
    const row = {
      active_users: 2,
      message_count: 3,
      positive_sentiment_ratio: '0.50',
      toxicity_incidents: 1,
      moderation_actions: 1,
      engagement_score: '20.00',
      health_score: '0.44',
    };
    expect(await healthOf(group)).toEqual([row]);
    expect(await compute(group)).toBe(0);

    // A later model counts instead of the earlier one.
    await world.asWorker('select insight.enqueue_analysis($1, $2)', group.general, kind.id);
    await world.db.query(
      `update insight.message_analyses set inserted_at = inserted_at - interval '1 minute'`,
    );
    const claims = (await world.claim('analysis')).filter((claim) => claim.start_message_id === kind.id);
    await world.readClaims(claims);
    for (const claim of claims) await world.record(claim, { model_version: '2', sentiment: -1, toxicity: 0 });
    expect(await compute(group)).toBe(1);
    expect(await healthOf(group)).toEqual([
      { ...row, positive_sentiment_ratio: '0.00', health_score: '0.24' },
    ]);

    await world.db.query('update groups.channel_messages set deleted_at = now() where channel_id = $1', [
      group.general,
    ]);
    await compute(group);
    expect(await healthOf(group)).toMatchObject([
      { message_count: 0, positive_sentiment_ratio: null, health_score: null },
    ]);
  });

  it('of a day on which nothing happened has no row, and without analyses no score', async () => {
    const group = await world.group(owner);
    await compute(group, '2020-02-29');
    expect(await healthOf(group)).toEqual([]);
    await world.say(owner, group.general);
    await compute(group);
    expect(await healthOf(group)).toMatchObject([
      { active_users: 1, engagement_score: '100.00', health_score: null },
    ]);
  });

  it('is read with VIEW_INSIGHTS, and kept for two years', async () => {
    const group = await world.group(owner);
    const [analyst, member] = [await world.person(), await world.person()];
    await world.join(group, analyst, member);
    await world.role(group, mask('VIEW_INSIGHTS'), analyst);
    await world.db.query(
      `insert into insight.community_health (group_id, date)
       values ($1, current_date - interval '2 years' - interval '2 days'), ($1, current_date - interval '2 years' + interval '2 days')`,
      [group.id],
    );
    const seen = async (person: Person) =>
      (await person.read('select date from insight.community_health where group_id = $1', [group.id])).length;
    expect([await seen(analyst), await seen(member), await seen(owner)]).toEqual([2, 0, 2]);
    await world.db.query(`select ops.run_retention('insight_community_health')`);
    expect(await seen(analyst)).toBe(1);
  });
});

it('groups are gone through in order, deleted ones left out', async () => {
  const made = [await world.group(owner), await world.group(owner), await world.group(owner)];
  await owner.call('delete_group', { group_id: made[1]?.id });
  const all = await world.asWorker<{ id: string }>(
    'select id from insight.groups_after($1, 10) as next (id)',
    made[0]?.id,
  );
  expect(all.map(({ id }) => id)).toEqual([made[2]?.id]);
});
