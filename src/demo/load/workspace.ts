import { type LoadModule, share, sizeByRank } from './step.ts';

/**
 * Projects of which few have most of the people, tasks and pages. Every other one belongs to a group, whose owner and
 * first members work on it. Comes after the groups, whose drawing it reads.
 */
export const workspace: LoadModule = {
  schemas: ['workspace'],
  bulk: ['workspace.project_members', 'workspace.tasks', 'workspace.documents'],
  steps: (plan) => {
    const { members, nowMs } = plan;
    const projects = share(plan, 1_000, 8);
    const tasks = share(plan, 40_000, 200);
    const documents = share(plan, 5_000, 24);
    const memberships = share(plan, 12_000, 40);
    const startMs = nowMs - 90 * 86_400_000;
    const person = (seat: string): string => `pg_temp.person(project.first + ${seat})`;
    const taskMs = '(project.start_ms + place * project.step_ms)';
    const taskId = (place: string): string =>
      `pg_temp.id_at(project.start_ms + ${place} * project.step_ms, project.k * 1000003 + ${place}, 121)`;
    const pageId = (place: string): string =>
      `pg_temp.id_at(project.start_ms + ${place}, project.k * 1000003 + ${place}, 122)`;
    // The third of each five is a part of the second. One in fifty, never one of those, was deleted.
    const isDone = `(pg_temp.dice(project.k * 1000003 + place, 123) % 5 < 2)`;
    const state = `(case when ${isDone} then 'done' else (array['todo', 'in_progress', 'review', 'cancelled'])[1 + place % 4] end)`;
    return [
      {
        name: 'projects drawn',
        isHidden: true,
        statements: [
          `create temporary table load_projects on commit drop as
           select
             drawn.*,
             pg_temp.id_at(drawn.start_ms, drawn.k, 120) as id,
             (${nowMs} - 60000 - drawn.start_ms) / (drawn.tasks + 1) as step_ms
           from (
             select
               ranked.rank - 1 as k, ${startMs} + ranked.rank as start_ms, home.id as group_id,
               coalesce(home.g * 997, (ranked.rank - 1) * 311) as first,
               least(${sizeByRank(memberships, projects)}, coalesce(home.size, ${members}), 500, ${Math.floor(members / 2)})::integer as people,
               ${sizeByRank(tasks, projects)} as tasks,
               ${sizeByRank(documents, projects)} as documents
             from generate_series(1::bigint, ${projects}) as ranked (rank)
             left join (
               select known.*, pg_temp.id_at(known.start_ms, known.g, 40) as id, count(*) over () as amount
               from load_groups as known
             ) as home on ranked.rank % 2 = 0 and home.g = (ranked.rank / 2) % home.amount
           ) as drawn`,
          'analyze load_projects',
        ],
      },
      {
        name: 'projects',
        statements: [
          `insert into workspace.projects
             (id, group_id, owner_id, key, name, description, status, visibility, last_task_number, inserted_at, updated_at)
           select
             project.id, project.group_id, ${person('0')}, 'P' || project.k, 'Project ' || project.k,
             pg_temp.words(project.k, 124),
             (array['active', 'active', 'planned', 'paused', 'completed'])[1 + project.k % 5],
             case when project.group_id is not null then 'group' when project.k % 3 = 0 then 'public' else 'members' end,
             project.tasks, pg_temp.moment(project.start_ms), pg_temp.moment(project.start_ms)
           from load_projects as project`,
        ],
      },
      {
        name: 'members of projects',
        statements: [
          `insert into workspace.project_members (project_id, user_id, role, added_by, joined_at)
           select
             project.id, ${person('seat')},
             case when seat = 0 then 'owner' when seat = 1 then 'maintainer' when seat % 9 = 8 then 'viewer' else 'member' end,
             case when seat > 0 then ${person('0')} end, pg_temp.moment(project.start_ms + seat)
           from load_projects as project
           cross join lateral generate_series(0, project.people - 1) as seat
           order by 1, 2`,
        ],
      },
      {
        name: 'tasks',
        statements: [
          `insert into workspace.tasks
             (id, project_id, number, parent_id, title, description, status, priority, assignee_id, created_by, position, due_at,
              completed_at, deleted_at, inserted_at, updated_at)
           select
             ${taskId('place')}, project.id, place, case when place % 5 = 3 then ${taskId('(place - 1)')} end,
             pg_temp.words(project.k * 1000003 + place, 125),
             case when place % 3 = 0 then pg_temp.words(project.k * 1000003 + place, 126) end,
             ${state}, place % 5,
             case when place % 4 > 0 then ${person('pg_temp.dice(project.k * 1000003 + place, 127) % project.people')} end,
             ${person('pg_temp.dice(project.k * 1000003 + place, 128) % project.people')}, 1024.0 * place,
             case when place % 2 = 0 then pg_temp.moment(${nowMs} + (place % 30 - 10) * 86400000::bigint) end,
             case when ${isDone} then pg_temp.moment(${taskMs} + project.step_ms / 2) end,
             case when place % 50 = 49 then pg_temp.moment(${taskMs} + project.step_ms / 2) end,
             pg_temp.moment(${taskMs}), pg_temp.moment(${taskMs})
           from load_projects as project
           cross join lateral generate_series(1, project.tasks) as place
           order by project.id, place`,
        ],
      },
      {
        name: 'pages',
        // Three of each four stand under the first.
        statements: [
          `insert into workspace.documents
             (id, project_id, parent_id, title, content, version, created_by, updated_by, inserted_at, updated_at)
           select
             ${pageId('place')}, project.id, case when place % 4 <> 1 then ${pageId('(place - (place + 3) % 4)')} end,
             pg_temp.words(project.k * 1000003 + place, 129),
             concat_ws(
               E'\\n\\n', pg_temp.words(project.k * 1000003 + place, 130), pg_temp.words(project.k * 1000003 + place, 131),
               pg_temp.words(project.k * 1000003 + place, 132)
             ),
             1 + place % 7, ${person('0')}, ${person('place % project.people')},
             pg_temp.moment(project.start_ms + place), pg_temp.moment(project.start_ms + place)
           from load_projects as project
           cross join lateral generate_series(1, project.documents) as place
           order by project.id, place`,
        ],
      },
    ];
  },
};
