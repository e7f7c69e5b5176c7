import { beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Scene, scene } from './scene.ts';

/** The access paths that a page or a job stands on, as the role that walks them, with its policies in the way. */
let world: Scene;
let reader: Person;
let visitor: Person;
const at: Record<string, string> = {};

beforeAll(async () => {
  world = await scene();
  visitor = world.visitor();
  await world.db.query(`
    insert into core.users (username, class_id, role)
    select 'worker_' || n, class.id, class.role
    from generate_series(1, 300) as n, core.user_classes as class
    where class.is_default;
    insert into groups.groups (owner_id, name) select id, 'Group' from core.users limit 20;
    insert into groups.group_members (group_id, user_id)
    select team.id, person.id
    from (select id, row_number() over (order by id) as place from groups.groups) as team
    join (select id, row_number() over (order by id) as place from core.users) as person
      on person.place % 20 = team.place % 20;
    insert into workspace.projects (owner_id, key, name, visibility, group_id, deleted_at)
    select person.id, 'K' || n, 'Project', (array['members', 'members', 'members', 'group', 'public'])[1 + n % 5],
      case when n % 5 = 3 then team.id end, case when n % 50 = 0 then now() - interval '31 days' end
    from generate_series(1, 1000) as n
    join (select id, row_number() over (order by id) as place from core.users) as person on person.place = 1 + n % 300
    join (select id, row_number() over (order by id) as place from groups.groups) as team on team.place = 1 + n % 20;
    insert into workspace.project_members (project_id, user_id, role) select id, owner_id, 'owner' from workspace.projects;
    insert into workspace.project_members (project_id, user_id)
    select project.id, person.id
    from (select id, row_number() over (order by id) as place from workspace.projects) as project
    cross join generate_series(1, 4) as n
    join (select id, row_number() over (order by id) as place from core.users) as person
      on person.place = 1 + (project.place * 7 + n * 31) % 300
    on conflict do nothing;
    insert into workspace.tasks (project_id, number, title, status, position, created_by, assignee_id, completed_at, due_at, deleted_at)
    select project.id, n, 'Task', kind.status, n * 1024.0, project.owner_id, project.owner_id,
      case kind.status when 'done' then now() end, case when n % 3 > 0 then now() + n * interval '1 hour' end,
      case when n % 40 = 0 then now() - interval '31 days' end
    from (select id, owner_id, row_number() over (order by id) as place from workspace.projects) as project
    cross join lateral generate_series(1, case project.place when 1 then 2000 else 8 end) as n
    cross join lateral (select (array['todo', 'in_progress', 'review', 'done', 'cancelled'])[1 + n % 5] as status) as kind;
    alter table workspace.documents disable trigger queue_search_insert;
    insert into workspace.documents (project_id, title, content, created_by, updated_by, deleted_at)
    select project.id, 'Page ' || n, case when n = 7 and project.place % 100 = 1 then 'dragons' else 'words' end, project.owner_id,
      project.owner_id, case when n % 40 = 0 then now() - interval '31 days' end
    from (select id, owner_id, row_number() over (order by id) as place from workspace.projects) as project
    cross join lateral generate_series(1, case project.place when 1 then 1000 else 4 end) as n;
    alter table workspace.documents enable trigger queue_search_insert;
    insert into workspace.documents (project_id, parent_id, title)
    select page.project_id, page.id, 'Below ' || n
    from (select project_id, id from workspace.documents where title = 'Page 3') as page, generate_series(1, 2) as n;
    update workspace.tasks as part set parent_id = whole.id
    from workspace.tasks as whole
    where whole.project_id = part.project_id and whole.number = 1 and part.number in (2, 3, 4);
  `);
  await world.db.query(
    `vacuum analyze workspace.projects, workspace.project_members, workspace.tasks, workspace.documents,
       groups.groups, groups.group_members, core.users`,
  );
  const found = await world.one<Record<string, string>>(
    `select big.id as big_id, big.owner_id as me_id, page.id as page_id, whole.id as whole_id,
       (select task.id from workspace.tasks as task where task.project_id = big.id and task.number = 1500) as deep_id,
       (
         select project.id from workspace.projects as project
         where project.visibility = 'public' and project.deleted_at is null and project.owner_id <> big.owner_id
           and not exists (
             select from workspace.project_members as member
             where member.project_id = project.id and member.user_id = big.owner_id
           )
         order by project.id limit 1
       ) as public_id,
       (select project.group_id from workspace.projects as project where project.visibility = 'group' limit 1) as group_id
     from (select id, owner_id from workspace.projects order by id limit 1) as big
     join workspace.documents as page on page.project_id = big.id and page.title = 'Page 3'
     join workspace.tasks as whole on whole.project_id = big.id and whole.number = 1`,
  );
  Object.assign(at, found);
  await world.db.query(
    'insert into groups.group_members (group_id, user_id) values ($1, $2) on conflict do nothing',
    [at['group_id'], at['me_id']],
  );
  reader = world.acting(at['me_id'], 'stoa_member');
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Loops': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

interface Plan {
  /** Every node that ran, for example "Index Scan using tasks_pkey". */
  readonly nodes: readonly string[];
  /** Blocks that were read, found in memory or not. */
  readonly blocks: number;
}

/** `:name` in a query stands for the value of `at`. The second run counts: the first also fills caches. */
async function planOf(who: Person | 'the owner', query: string): Promise<Plan> {
  const values: string[] = [];
  const text = query.replace(/(?<!:):(\w+)/g, (_, name: string) => {
    const value = at[name];
    if (value === undefined) throw new Error(`nothing is called ${name}`);
    values.push(value);
    return `$${values.length}::uuid`;
  });
  const explain = `explain (analyze, buffers, format json) ${text}`;
  const run = async (): Promise<PlanNode> => {
    const rows = who === 'the owner' ? await world.rows(explain, ...values) : await who.read(explain, values);
    return rows[0]?.['QUERY PLAN'][0].Plan;
  };
  await run();
  const root = await run();
  const nodes: string[] = [];
  const visit = (node: PlanNode): void => {
    if (node['Actual Loops'] === 0) return;
    const index = node['Index Name'] && ` using ${node['Index Name']}`;
    nodes.push(
      `${node['Node Type']}${index ?? (node['Relation Name'] ? ` on ${node['Relation Name']}` : '')}`,
    );
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(root);
  return { nodes, blocks: root['Shared Hit Blocks'] + root['Shared Read Blocks'] };
}

const sorted = ({ nodes }: Plan) => nodes.filter((node) => /Sort/.test(node));
const scanned = ({ nodes }: Plan) => nodes.filter((node) => /^Seq Scan/.test(node));
const indexes = ({ nodes }: Plan) =>
  nodes.flatMap((node) => /^(?:Index|Bitmap Index).* using (\S+)/.exec(node)?.[1] ?? []);

describe('a member reads', () => {
  it.each([
    [
      'a column of a board in order',
      'tasks_board_idx',
      `select id, title from workspace.tasks where project_id = :big_id and status = 'todo' and deleted_at is null
       order by status, position, id limit 25`,
    ],
    [
      'a board, deep in it',
      'tasks_board_idx',
      `select id, title from workspace.tasks where project_id = :big_id and status = 'todo' and deleted_at is null
         and (position, id) > (1500000, :deep_id) order by position, id limit 25`,
    ],
    [
      'the newest tasks of a project',
      'tasks_project_id_key',
      'select id, title from workspace.tasks where project_id = :big_id order by id desc limit 25',
    ],
    [
      'one task by its number',
      'tasks_number_key',
      'select id, title from workspace.tasks where project_id = :big_id and number = 12',
    ],
    [
      'the parts of a task',
      'tasks_parent_idx',
      'select id, title from workspace.tasks where project_id = :big_id and parent_id = :whole_id limit 25',
    ],
    [
      'the pages at the top, by title',
      'documents_tree_idx',
      `select id, title from workspace.documents where project_id = :big_id and parent_id is null and deleted_at is null
       order by parent_id, title, id limit 25`,
    ],
    [
      'the pages under a page, by title',
      'documents_tree_idx',
      `select id, title from workspace.documents where project_id = :big_id and parent_id = :page_id and deleted_at is null
       order by title, id limit 25`,
    ],
    [
      'the newest pages of a project',
      'documents_project_id_key',
      'select id, title from workspace.documents where project_id = :big_id order by id desc limit 25',
    ],
  ])('%s by %s, without a sort', async (_, index, query) => {
    const plan = await planOf(reader, query);
    expect(indexes(plan)).toContain(index);
    expect([...sorted(plan), ...scanned(plan)]).toEqual([]);
    expect(plan.blocks).toBeLessThan(200);
  });

  // A handful of rows may be sorted; what counts is that no other row is looked at.
  it.each([
    [
      'the projects of a group, newest first',
      'projects_group_idx',
      'select id, name from workspace.projects where group_id = :group_id order by id desc limit 25',
    ],
    [
      'who takes part in a project',
      'project_members_pkey',
      'select user_id, role from workspace.project_members where project_id = :big_id order by user_id limit 25',
    ],
    [
      'the projects that they take part in',
      'project_members_user_idx',
      'select project_id, role from workspace.project_members where user_id = :me_id order by project_id limit 25',
    ],
    [
      'their open tasks over all projects, the next due first',
      'tasks_mine_idx',
      `select task.id, task.title from workspace.tasks as task
       where task.assignee_id = (select core.current_user_id()) and task.status not in ('done', 'cancelled')
         and task.deleted_at is null order by task.due_at, task.id limit 25`,
    ],
  ])('%s by %s', async (_, index, query) => {
    const plan = await planOf(reader, query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
    expect(plan.blocks).toBeLessThan(200);
  });

  it('in their own projects without a look at public ones', async () => {
    const plan = await planOf(
      reader,
      'select id, title from workspace.tasks where project_id = :big_id order by id desc limit 25',
    );
    expect(indexes(plan).filter((index) => index.startsWith('projects_'))).toEqual([]);
  });
});

describe.each(['member', 'visitor'])('a %s', (who) => {
  it('reads the tasks and pages of a public project by its key and one look-up a row', async () => {
    const person = who === 'member' ? reader : visitor;
    for (const table of ['tasks', 'documents']) {
      const plan = await planOf(
        person,
        `select id, title from workspace.${table} where project_id = :public_id order by id desc limit 25`,
      );
      expect(indexes(plan)).toEqual([expect.stringMatching(`^${table}_`), 'projects_pkey']);
      expect(scanned(plan)).toEqual([]);
      expect(plan.blocks).toBeLessThan(250);
    }
  });
});

describe('without row-level security', () => {
  it.each([
    [
      'the pages with a word',
      'documents_search_idx',
      `select id from workspace.documents where search @@ to_tsquery('english', 'dragons') and deleted_at is null`,
    ],
    [
      'deleted projects',
      'projects_purge_idx',
      `select id from workspace.projects where deleted_at < now() - interval '30 days'`,
    ],
    [
      'deleted tasks',
      'tasks_purge_idx',
      `select id from workspace.tasks where deleted_at < now() - interval '30 days'`,
    ],
    [
      'deleted pages',
      'documents_purge_idx',
      `select id from workspace.documents where deleted_at < now() - interval '30 days'`,
    ],
    [
      'what somebody does in a project, for the foreign key',
      'tasks_assignee_idx',
      `select id from workspace.tasks where project_id = :public_id and assignee_id = :me_id`,
    ],
    [
      'the end of a column',
      'tasks_board_idx',
      `select max(position) from workspace.tasks where project_id = :big_id and status = 'todo' and deleted_at is null`,
    ],
    [
      'the neighbour above a place',
      'tasks_board_idx',
      `select position from workspace.tasks where project_id = :big_id and status = 'todo' and deleted_at is null
         and (position, id) < (1500000, :deep_id) order by position desc, id desc limit 1`,
    ],
  ])('%s come by %s', async (_, index, query) => {
    const plan = await planOf('the owner', query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
  });
});
