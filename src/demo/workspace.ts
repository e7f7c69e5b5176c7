import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';
import { insertRows } from './rows.ts';

export interface WorkspaceCounts {
  readonly projects: number;
  readonly tasks: number;
  readonly documents: number;
}

const dayMs = 86_400_000;
const statuses = ['todo', 'in_progress', 'review', 'done', 'cancelled'] as const;

const plans = [
  {
    key: 'FEST',
    name: 'Summer meeting',
    description: 'One day, one meadow, sixty people.',
    visibility: 'public',
    tasks: [
      'Ask for the meadow',
      'Borrow benches',
      'Write the invitation',
      'Find somebody with a van',
      'Plan for rain',
      'Count plates',
      'Print the programme',
      'Thank everybody',
    ],
    pages: [
      {
        title: 'Programme',
        content: '# Programme\n\nEleven: soup. Twelve: the choir. After that, whatever happens.',
      },
      { title: 'What we learned last year', content: 'More shade. Fewer speeches.' },
    ],
  },
  {
    key: 'SITE',
    name: 'Tidy up the help pages',
    description: 'Half of the questions have an answer that nobody finds.',
    visibility: 'members',
    tasks: [
      'List the questions of a month',
      'Merge the three pages on notifications',
      'Ask newcomers to read it',
    ],
    pages: [{ title: 'Style', content: 'Short sentences. One question a page.' }],
  },
];

/** Two projects with a board of tasks and some pages; the demo account owns the first. */
export async function fillWorkspace(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  now: Date,
): Promise<WorkspaceCounts> {
  const projects = plans.map((plan, index) => {
    const at = new Date(now.getTime() - (25 - index * 5) * dayMs);
    const owner = people[index % people.length];
    const others = chance.several(
      people.filter((person) => person !== owner),
      4,
    );
    return { ...plan, at, id: chance.idAt(at), members: owner ? [owner, ...others] : others };
  });
  await insertRows(
    client,
    'workspace.projects',
    projects.map(({ id, key, name, description, visibility, members, tasks, at }) => ({
      id,
      owner_id: members[0]?.id,
      key,
      name,
      description,
      visibility,
      last_task_number: tasks.length,
      inserted_at: at,
      updated_at: at,
    })),
  );
  await insertRows(
    client,
    'workspace.project_members',
    projects.flatMap(({ id, members, at }) =>
      members.map((person, seat) => ({
        project_id: id,
        user_id: person.id,
        role: seat === 0 ? 'owner' : seat === 1 ? 'maintainer' : seat === 4 ? 'viewer' : 'member',
        added_by: seat === 0 ? null : members[0]?.id,
        joined_at: at,
      })),
    ),
  );
  const tasks = projects.flatMap(({ id, members, tasks: titles, at }) =>
    titles.map((title, index) => {
      const made = new Date(at.getTime() + (index + 1) * 3_600_000);
      const status = statuses[index % statuses.length];
      return {
        id: chance.idAt(made),
        project_id: id,
        number: index + 1,
        title,
        description: chance.next() < 0.4 ? 'See the page on it.' : null,
        status,
        priority: 1 + chance.below(3),
        assignee_id: chance.next() < 0.7 ? chance.pick(members.slice(0, 4)).id : null,
        created_by: chance.pick(members.slice(0, 4)).id,
        position: 1_024 * (1 + Math.floor(index / statuses.length)),
        due_at: chance.next() < 0.5 ? new Date(now.getTime() + (1 + chance.below(20)) * dayMs) : null,
        completed_at: status === 'done' ? new Date(made.getTime() + 2 * dayMs) : null,
        inserted_at: made,
        updated_at: made,
      };
    }),
  );
  await insertRows(client, 'workspace.tasks', tasks);
  const documents = projects.flatMap(({ id, members, pages, at }) =>
    pages.map(({ title, content }) => ({
      id: chance.idAt(at),
      project_id: id,
      title,
      content,
      created_by: members[0]?.id,
      updated_by: members[0]?.id,
      inserted_at: at,
      updated_at: at,
    })),
  );
  await insertRows(client, 'workspace.documents', documents);
  return { projects: projects.length, tasks: tasks.length, documents: documents.length };
}
