import { beforeAll, describe, expect, it } from 'vitest';
import type { Group, Person } from '../groups/scene.ts';
import { type Scene, scene } from './scene.ts';

/** Every index must serve what it is there for, with the policies of whoever asks in the way. */
let world: Scene;
let owner: Person;
let group: Group;
const at: Record<string, string> = {};

beforeAll(async () => {
  world = await scene();
  owner = await world.person();
  group = await world.group(owner);
  const id = (moment: string): string =>
    `(left(core.uuidv7_floor(${moment})::text, 19) || right(gen_random_uuid()::text, 17))::uuid`;
  await world.db.query(`
    set session_replication_role = replica;
    insert into core.users (username, class_id, role)
    select 'member_' || n, class.id, class.role
    from generate_series(1, 2000) as n, core.user_classes as class
    where class.is_default;
    insert into core.user_settings (user_id, paranoia_level)
    select id, case when member_number % 40 = 0 then 4 else 0 end from core.users where username like 'member%';
    create temporary table people as
    select id, row_number() over (order by member_number) - 1 as n from core.users where username like 'member%';
    create unique index on people (n);
    insert into groups.groups (id, name, owner_id) select core.uuidv7(), 'g' || n, person.id from people as person, generate_series(1, 1) as m where n < 60;
    insert into groups.group_members (group_id, user_id) select home.id, person.id from groups.groups as home, people as person where home.name = 'A group';
    insert into groups.channels (group_id, name) select home.id, 'c' || n from groups.groups as home, generate_series(1, 3) as n;
    create temporary table places as select id, group_id, row_number() over (order by id) - 1 as n, count(*) over () as amount from groups.channels;
    create unique index on places (n);
    analyze people; analyze places;
    insert into groups.channel_messages (channel_id, id, seq, sender_id, content)
    select place.id, ${id("now() - step.n * interval '1 minute'")}, 40001 - step.n, person.id, 'x'
    from generate_series(1, 40000) as step (n)
    join people as person on person.n = step.n % 2000
    join places as place on place.n = case when step.n % 10 = 0 then 0 else step.n % place.amount end;
    insert into insight.message_analyses (channel_id, message_id, model_name, model_version, author_id, toxicity_score, topics)
    select message.channel_id, message.id, 'reader', '1', message.sender_id, (message.seq % 100)::numeric / 100, array['topic ' || message.seq % 500]
    from groups.channel_messages as message
    where message.sender_id is not null;
    insert into insight.tasks (kind, channel_id, start_message_id, end_message_id, available_at, claim_id, failed_at)
    select 'analysis', message.channel_id, message.id, message.id, now() + (message.seq % 1000 - 100) * interval '1 minute',
      case when message.seq % 9 = 0 then gen_random_uuid() end, case when message.seq % 7 = 0 then now() end
    from groups.channel_messages as message
    where message.seq % 2 = 0;
    insert into insight.conversation_summaries (id, channel_id, start_message_id, end_message_id, summary, message_count, model_name, model_version, stale_at, claim_id)
    select ${id('message.inserted_at')}, message.channel_id, message.id, message.id, 'x', 1, 'reader', '1', case when message.seq % 500 = 0 then now() end, gen_random_uuid()
    from groups.channel_messages as message
    where message.seq > 0;
    insert into insight.summary_participants (summary_id, user_id)
    select summary.id, message.sender_id
    from insight.conversation_summaries as summary
    join groups.channel_messages as message on message.channel_id = summary.channel_id and message.id = summary.start_message_id;
    insert into insight.reputation_scores (user_id, group_id, score)
    select person.id, home.id, person.n * 7919 % 1000 from people as person, groups.groups as home
    where home.name < 'g2'
    union all
    select person.id, null, person.n * 7919 % 1000 from people as person;
    insert into insight.community_health (group_id, date)
    select home.id, current_date - n from groups.groups as home, generate_series(1, 300) as n;
    insert into insight.group_policies (group_id, updated_by) select home.id, home.owner_id from groups.groups as home;
    set session_replication_role = origin;
    drop table people, places;
    analyze`);
  // The list of new entries of a GIN index is read whole until it is folded in.
  await world.db.query('vacuum insight.message_analyses');
  const busiest = `select channel_id from groups.channel_messages where channel_id in (select id from groups.channels where group_id = '${group.id}') group by 1 order by count(*) desc limit 1`;
  Object.assign(
    at,
    { group: group.id, me: owner.id },
    await world.one<Record<string, string>>(
      `${busiest}`.replace('select channel_id', 'select channel_id as channel'),
    ),
    await world.one<Record<string, string>>(
      `select id as person from core.users where username = 'member_78'`,
    ),
    await world.one<Record<string, string>>(
      'select claim_id as claim from insight.tasks where claim_id is not null limit 1',
    ),
    await world.one<Record<string, string>>(
      'select id as summary from insight.conversation_summaries limit 1',
    ),
  );
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

interface Plan {
  readonly nodes: readonly string[];
  readonly blocks: number;
}

/** `:name` in a query stands for a value of `at`. */
async function planOf(person: Person | 'the owner', query: string): Promise<Plan> {
  const text = `explain (analyze, buffers, format json) ${query.replace(/(?<!:):(\w+)/g, (_, name: string) => `'${at[name]}'::uuid`)}`;
  const run = async () =>
    person === 'the owner' ? (await world.db.query(text)).rows : await person.read(text);
  await run();
  const [row] = await run();
  const root: PlanNode = row?.['QUERY PLAN'][0].Plan;
  const nodes: string[] = [];
  const visit = (node: PlanNode): void => {
    nodes.push([node['Node Type'], node['Index Name'] ?? node['Relation Name']].filter(Boolean).join(' '));
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(root);
  return { nodes, blocks: root['Shared Hit Blocks'] + root['Shared Read Blocks'] };
}

const scansOf = (nodes: readonly string[]): readonly string[] =>
  nodes.filter((node) =>
    /^Seq Scan (message_analyses|conversation_summaries|summary_participants|reputation_scores|community_health|tasks)/.test(
      node,
    ),
  );

describe('a page, under row-level security', () => {
  it.each<[string, string, string]>([
    [
      'of the worst messages of a channel',
      'message_analyses_toxic_idx',
      'select message_id, toxicity_score from insight.message_analyses where channel_id = :channel and toxicity_score >= 0.80 order by toxicity_score desc limit 25',
    ],
    [
      'of the newest analyses of a channel',
      'message_analyses_pkey',
      'select message_id, topics from insight.message_analyses where channel_id = :channel order by message_id desc, model_name desc, model_version desc limit 25',
    ],
    [
      'of the newest summaries of a channel',
      'conversation_summaries_feed_idx',
      'select id, summary from insight.conversation_summaries where channel_id = :channel order by end_message_id desc, id desc limit 25',
    ],
    [
      'of the board of a group',
      'reputation_scores_board_idx',
      'select user_id, score from insight.reputation_scores where group_id = :group order by score desc, user_id limit 25',
    ],
    [
      'of the board of the platform',
      'reputation_scores_platform_idx',
      'select user_id, score from insight.reputation_scores where group_id is null order by score desc, user_id limit 25',
    ],
    [
      'of the days of a group',
      'community_health_pkey',
      'select date, message_count from insight.community_health where group_id = :group order by date desc limit 30',
    ],
  ])('%s comes from %s without a sort', async (_, index, query) => {
    const plan = await planOf(owner, query);
    expect(plan.nodes).toContainEqual(expect.stringMatching(new RegExp(`^Index.* ${index}$`)));
    expect([
      ...scansOf(plan.nodes),
      ...plan.nodes.filter((node) => /^(Sort|Incremental Sort)/.test(node)),
    ]).toEqual([]);
    expect(plan.blocks).toBeLessThan(400);
  });

  it.each<[string, string, string]>([
    [
      'the reputation of a person',
      'reputation_scores_user_group_key',
      'select group_id, score from insight.reputation_scores where user_id = :person',
    ],
    [
      'who appears in a summary',
      'summary_participants_pkey',
      'select user_id from insight.summary_participants where summary_id = :summary',
    ],
  ])('%s is found by %s', async (_, index, query) => {
    const plan = await planOf(owner, query);
    expect(plan.nodes).toContainEqual(expect.stringMatching(new RegExp(` ${index}$`)));
    expect(scansOf(plan.nodes)).toEqual([]);
  });
});

describe('what procedures ask', () => {
  it.each<[string, string, string]>([
    [
      'what can be taken next',
      'tasks_due_idx',
      `select id from insight.tasks where kind = 'analysis' and failed_at is null and available_at <= now() order by available_at, id limit 20 for update skip locked`,
    ],
    ['the task of a claim', 'tasks_claim_key', 'select * from insight.tasks where claim_id = :claim'],
    ['the tasks of a channel', 'tasks_channel_idx', 'delete from insight.tasks where channel_id = :person'],
    [
      'the analysis of a claim',
      'message_analyses_claim_key',
      'select * from insight.message_analyses where claim_id = :claim',
    ],
    [
      'the summary of a claim',
      'conversation_summaries_claim_key',
      'select * from insight.conversation_summaries where claim_id = :claim',
    ],
    [
      'what is known of a person',
      'message_analyses_author_idx',
      'select channel_id from insight.message_analyses where author_id = :person limit 1000',
    ],
    [
      'where a person appears',
      'summary_participants_user_idx',
      'select summary_id from insight.summary_participants where user_id = :person',
    ],
    [
      'stale summaries',
      'conversation_summaries_stale_idx',
      'select id from insight.conversation_summaries where stale_at is not null order by stale_at limit 200',
    ],
    [
      'summaries of a range',
      'conversation_summaries_range_key',
      'select id from insight.conversation_summaries where channel_id = :channel and start_message_id = :claim',
    ],
    [
      'messages about a topic',
      'message_analyses_topics_idx',
      `select message_id from insight.message_analyses where channel_id = :channel and topics @> array['topic 10'] order by message_id desc limit 25`,
    ],
  ])('%s: %s', async (_, index, query) => {
    const plan = await planOf('the owner', query);
    expect(plan.nodes).toContainEqual(expect.stringMatching(new RegExp(` ${index}$`)));
    expect(scansOf(plan.nodes)).toEqual([]);
  });

  it('the messages of a day: the primary key of the month', async () => {
    const plan = await planOf(
      'the owner',
      `select count(*) from insight.source_messages(:channel, core.uuidv7_floor(now() - interval '1 day'), core.uuidv7_floor(now()))`,
    );
    expect(plan.nodes.filter((node) => /Seq Scan.*channel_messages/.test(node))).toEqual([]);
    expect(plan.blocks).toBeLessThan(2000);
  });
});
