import type { Cells, FixtureRow, ModuleMatrix, Person, Persona, Rows } from './cells.ts';
import { id, idOf } from './people.ts';

/**
 * The projects of the little world:
 *
 * | project   |                                                                                     |
 * |-----------|-------------------------------------------------------------------------------------|
 * | shown     | public, of the owner; the stranger maintains it                                     |
 * | hidden    | for its members, of the owner; the banned account takes part                        |
 * | clubhouse | of the stranger, in the club, which the member belongs to, and read by it           |
 * | team      | for its members, of the stranger; the member is a viewer there                      |
 * | gone      | public, of the owner, deleted yesterday; the member maintained it                   |
 */
const projects: readonly {
  readonly name: string;
  readonly of: Person;
  readonly visibility: string;
  readonly others: readonly (readonly [Person, string])[];
}[] = [
  { name: 'shown', of: 'owner', visibility: 'public', others: [['stranger', 'maintainer']] },
  { name: 'hidden', of: 'owner', visibility: 'members', others: [['banned', 'member']] },
  { name: 'clubhouse', of: 'stranger', visibility: 'group', others: [] },
  { name: 'team', of: 'stranger', visibility: 'members', others: [['member', 'viewer']] },
  { name: 'gone', of: 'owner', visibility: 'public', others: [['member', 'maintainer']] },
];

const yesterday = new Date(Date.now() - 86_400_000).toISOString();

function readOnly(anonymous: Rows | 'denied', owner: Rows, member: Rows): Readonly<Record<Persona, Cells>> {
  const cells = (rows: Rows | 'denied'): Cells => [rows, 'denied', 'denied', 'denied'];
  return {
    anonymous: cells(anonymous),
    owner: cells(owner),
    member: cells(member),
    moderator: cells('all'),
    admin: cells('all'),
    banned: cells(anonymous),
  };
}

/** A live row in every project, and a deleted one in the first four. */
function inEveryProject(first: number, more: (place: number) => Readonly<Record<string, unknown>>) {
  const row = (label: string, place: number, index: number, deletedAt: string | null): FixtureRow => ({
    label,
    values: {
      id: id(first + index),
      project_id: id(0x601 + place),
      title: `${label}: lying on the ground`,
      deleted_at: deletedAt,
      ...more(index),
    },
  });
  return [
    ...projects.map(({ name }, place) => row(name, place, place, null)),
    ...projects.slice(0, 4).map(({ name }, place) => row(`deleted in ${name}`, place, place + 5, yesterday)),
  ];
}

/** Whoever reads a project reads what is live in it; who owns or maintains it, what is deleted too. */
const asProject = readOnly(
  ['shown'],
  ['shown', 'hidden', 'deleted in shown', 'deleted in hidden'],
  ['shown', 'clubhouse', 'team'],
);

const membersOf = (...names: readonly string[]): readonly string[] =>
  projects
    .filter(({ name }) => names.includes(name))
    .flatMap(({ name, of, others }) =>
      [of, ...others.map(([person]) => person)].map((who) => `${who} in ${name}`),
    );

export const workspace: ModuleMatrix = {
  'workspace.projects': {
    rows: projects.map(({ name, of, visibility }, index) => ({
      label: name,
      belongsTo: of,
      values: {
        id: id(0x601 + index),
        owner_id: idOf(of),
        key: `KEY${index}`,
        name,
        visibility,
        // The club of the groups.
        group_id: name === 'clubhouse' ? id(0x403) : null,
        deleted_at: name === 'gone' ? yesterday : null,
      },
    })),
    cells: readOnly(['shown'], ['shown', 'hidden', 'gone'], ['shown', 'clubhouse', 'team']),
  },

  'workspace.project_members': {
    rows: projects.flatMap(({ name, of, others }, index) =>
      [[of, 'owner'] as const, ...others].map(([person, role]) => ({
        label: `${person} in ${name}`,
        belongsTo: person,
        values: { project_id: id(0x601 + index), user_id: idOf(person), role },
      })),
    ),
    cells: readOnly('denied', membersOf('shown', 'hidden'), membersOf('shown', 'clubhouse', 'team')),
  },

  'workspace.tasks': {
    rows: inEveryProject(0x611, (index) => ({ number: index + 1 })),
    cells: asProject,
  },

  'workspace.documents': {
    rows: inEveryProject(0x621, () => ({ content: 'lying on the ground' })),
    cells: asProject,
  },
};
