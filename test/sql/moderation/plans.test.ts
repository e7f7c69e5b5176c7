import { beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Scene, scene } from './scene.ts';

/** Every index must serve what it is there for, with the policies of whoever asks in the way. */
let world: Scene;
let moderator: Person;
let admin: Person;
const at: Record<string, string> = {};

beforeAll(async () => {
  world = await scene();
  [moderator, admin] = [await world.person('moderator'), await world.person('admin')];
  const id = (moment: string): string =>
    `(left(core.uuidv7_floor(${moment})::text, 19) || right(gen_random_uuid()::text, 17))::uuid`;
  await world.db.query(`
    set session_replication_role = replica;
    insert into core.users (username, class_id, role)
    select 'member_' || n, class.id, class.role
    from generate_series(1, 500) as n, core.user_classes as class
    where class.is_default;
    create temporary table people as
    select id, row_number() over (order by member_number) - 1 as n from core.users where username like 'member%';
    create unique index on people (n);
    analyze people;
    insert into moderation.queue_items (
      id, queue_type, item_type, item_id, subject_user_id, status, priority, submitted_by, assigned_to, assigned_at,
      resolved_by, resolved_at, resolution
    )
    select ${id("now() - step.n * interval '10 minutes'")}, case when step.n % 10 = 0 then 'approval' else 'investigation' end,
      'user', case state.name when 'resolved' then subject.id else gen_random_uuid() end, subject.id,
      state.name, step.n * 7919 % 60, reporter.id,
      case when state.name <> 'pending' then reporter.id end, case when state.name <> 'pending' then now() - step.n * interval '1 minute' end,
      case when state.name = 'resolved' then reporter.id end, case when state.name = 'resolved' then now() end,
      case when state.name = 'resolved' then 'dismissed' end
    from generate_series(1, 20000) as step (n)
    join people as subject on subject.n = step.n % 500
    join people as reporter on reporter.n = step.n * 31 % 500
    cross join lateral (
      select case when step.n % 8 = 0 then 'pending' when step.n % 101 = 0 then 'in_progress' else 'resolved' end as name
    ) as state;
    insert into moderation.reports (
      id, reporter_id, report_type, subject_id, subject_user_id, reason, status, queue_item_id, assigned_to,
      resolved_by, resolved_at, action_taken
    )
    select ${id('core.uuidv7_time(item.id)')}, item.submitted_by, 'user', item.item_id, item.subject_user_id, 'spam',
      case item.status when 'pending' then 'pending' when 'in_progress' then 'investigating' else 'dismissed' end,
      item.id, item.assigned_to, item.resolved_by, item.resolved_at, case when item.status = 'resolved' then 'none' end
    from moderation.queue_items as item;
    insert into moderation.warnings (id, user_id, issued_by, points, reason, report_id, expires_at, revoked_at, revoked_by)
    select ${id("now() - report.n * interval '1 hour'")}, report.subject_user_id, report.reporter_id, 1, 'x', report.id,
      now() + (report.n % 400 - 200) * interval '1 day', case when report.n % 5 = 0 then now() end,
      case when report.n % 5 = 0 then report.reporter_id end
    from (select *, row_number() over () as n from moderation.reports) as report
    where report.n % 4 = 0;
    insert into moderation.warnings (id, user_id, points, reason)
    select ${id("now() - step.n * interval '1 day'")}, person.id, 1, 'x'
    from people as person, generate_series(1, 300) as step (n)
    where person.n = 77;
    insert into moderation.bans (id, user_id, ban_type, reason, starts_at, expires_at, lifted_at, banned_by, lifted_by)
    select ${id("now() - step.n * interval '3 days'")}, person.id, case step.n % 2 when 0 then 'chat' else 'posting' end, 'x',
      now() - step.n * interval '3 days', now() - step.n * interval '3 days' + interval '1 day',
      case when step.n % 9 = 0 then now() - step.n * interval '3 days' + interval '1 hour' end, person.id,
      case when step.n % 9 = 0 then person.id end
    from people as person, generate_series(1, 20) as step (n);
    set session_replication_role = origin;
    drop table people;
    analyze`);
  Object.assign(
    at,
    await world.one<Record<string, string>>(
      `select id as person from core.users where username = 'member_78'`,
    ),
    await world.one<Record<string, string>>(
      `select id as item from moderation.queue_items where status = 'pending' limit 1`,
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

const people = { member: () => at['person'] ?? '', moderator: () => moderator.id, admin: () => admin.id };
const roles = { member: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;
type Reader = keyof typeof people;

describe('a page, under row-level security', () => {
  it.each<[string, Reader, string, string]>([
    [
      'of the open queue',
      'moderator',
      'queue_items_claim_idx',
      `select id, item_type, priority from moderation.queue_items
       where queue_type = 'investigation' and status = 'pending' order by priority desc, id limit 25`,
    ],
    [
      'of the open queue',
      'admin',
      'queue_items_claim_idx',
      `select id, item_type, priority from moderation.queue_items
       where queue_type = 'investigation' and status = 'pending' order by priority desc, id limit 25`,
    ],
    [
      'of pending reports',
      'moderator',
      'reports_status_idx',
      `select id, reason from moderation.reports where status = 'pending' order by id desc limit 25`,
    ],
    [
      'of one’s own reports',
      'member',
      'reports_reporter_idx',
      'select id, status from moderation.reports where reporter_id = :person order by id desc limit 25',
    ],
    [
      'of the bans of a person',
      'admin',
      'bans_user_idx',
      'select id, reason from moderation.bans where user_id = :person order by id desc limit 10',
    ],
    [
      'of one’s own bans',
      'member',
      'bans_user_idx',
      'select id, reason from moderation.bans where user_id = :person order by id desc limit 10',
    ],
    [
      'of the warnings of a person',
      'moderator',
      'warnings_user_all_idx',
      'select id, points from moderation.warnings where user_id = :person order by id desc limit 10',
    ],
    [
      'of one’s own warnings',
      'member',
      'warnings_user_all_idx',
      'select id, points from moderation.warnings where user_id = :person order by id desc limit 10',
    ],
  ])('%s, as %s, comes from %s without a sort', async (_, reader, index, query) => {
    const plan = await planOf(world.acting(people[reader](), roles[reader]), query);
    expect(plan.nodes).toContainEqual(expect.stringMatching(new RegExp(`^Index.* ${index}$`)));
    expect(plan.nodes.filter((node) => /^(Seq Scan|Sort|Incremental Sort)/.test(node))).toEqual([]);
    expect(plan.blocks).toBeLessThan(120);
  });

  it.each<[string, Reader, string, string]>([
    [
      'the reports of a thing',
      'moderator',
      'reports_subject_idx',
      `select id, reason from moderation.reports where report_type = 'user' and subject_id = :person`,
    ],
    [
      'the reports of a piece of work',
      'moderator',
      'reports_queue_idx',
      'select id, reason from moderation.reports where queue_item_id = :item',
    ],
    [
      'what was queued about a thing',
      'moderator',
      'queue_items_item_idx',
      `select id, resolution from moderation.queue_items where item_type = 'user' and item_id = :person`,
    ],
    [
      'what somebody works on',
      'moderator',
      'queue_items_assigned_idx',
      `select id from moderation.queue_items where assigned_to = :person and status = 'in_progress'`,
    ],
  ])('%s, as %s, are found by %s', async (_, reader, index, query) => {
    const plan = await planOf(world.acting(people[reader](), roles[reader]), query);
    expect(plan.nodes).toContainEqual(expect.stringMatching(new RegExp(` ${index}$`)));
    expect(plan.nodes.filter((node) => /^Seq Scan/.test(node))).toEqual([]);
  });
});

describe('what procedures ask', () => {
  it.each<[string, string, string]>([
    [
      'the next piece of work',
      'queue_items_claim_idx',
      `select id from moderation.queue_items
       where queue_type = 'investigation' and status = 'pending' and subject_user_id is distinct from :person
       order by priority desc, id limit 1 for no key update skip locked`,
    ],
    [
      'claims that have lapsed',
      'queue_items_lapse_idx',
      `select id from moderation.queue_items
       where queue_type = 'investigation' and status = 'in_progress' and assigned_at <= now() - interval '4 hours'
       order by assigned_at limit 100`,
    ],
    [
      'the open item of a thing',
      'queue_items_open_key',
      `select id from moderation.queue_items
       where queue_type = 'investigation' and item_type = 'user' and item_id = :person and status <> 'resolved'`,
    ],
    [
      'the open reports of a person',
      'reports_open_key',
      `select from moderation.reports
       where reporter_id = :person and report_type = 'user' and subject_id = :person and status in ('pending', 'investigating')`,
    ],
    [
      'points that count',
      'warnings_user_idx',
      `select sum(points) from moderation.warnings
       where user_id = :person and revoked_at is null and (expires_at is null or expires_at > now())`,
    ],
    [
      'bans that end next',
      'bans_expiry_idx',
      `select id from moderation.bans where lifted_at is null and expires_at > now() order by expires_at limit 10`,
    ],
  ])('%s: %s', async (_, index, query) => {
    const plan = await planOf('the owner', query);
    expect(plan.nodes).toContainEqual(expect.stringMatching(new RegExp(` ${index}$`)));
    expect(plan.nodes.filter((node) => /^Seq Scan/.test(node))).toEqual([]);
  });
});
