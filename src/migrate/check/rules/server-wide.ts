import { nothing, type Rule } from '../rule.ts';

const kinds = new Map([
  ['AlterSystemStmt', 'it changes the settings of the server'],
  ['CreateRoleStmt', 'it makes a role, which every database of the server has'],
  ['AlterRoleStmt', 'it changes a role, which every database of the server has'],
  ['AlterRoleSetStmt', 'it changes a role, which every database of the server has'],
  ['DropRoleStmt', 'it drops a role, which every database of the server has'],
  ['GrantRoleStmt', 'it makes one role a member of another, in every database of the server'],
  ['CreatedbStmt', 'it makes a database'],
  ['DropdbStmt', 'it drops a database'],
  ['AlterDatabaseSetStmt', 'it changes the settings of every session of the database'],
  ['CreateTableSpaceStmt', 'it makes a tablespace'],
  ['DropTableSpaceStmt', 'it drops a tablespace'],
  ['LoadStmt', 'it loads a library into the server'],
]);

export const serverWide: Rule = {
  id: 'server-wide',
  level: 'error',
  condition: 'A migration reaches beyond its database: roles, settings of the server, programs, tablespaces',
  effect:
    'It changes what other databases and the next server stand on; it cannot be undone with the rest, it is missing from a restored backup, and the owner of the schema may not do it.',
  cure: 'Roles belong to sql/cluster/roles.sql; settings of the server to whoever runs it.',
  covers: [],
  examples: {
    bad: `alter system set work_mem = '1GB';`,
    good: [`set local work_mem = '64MB';`],
    refusedWith: '42501',
  },
  find: ({ node }) => {
    const kind = [...kinds].find(([name]) => name in node)?.[1];
    if (kind !== undefined) return [{ message: kind }];
    if ('CopyStmt' in node && node.CopyStmt.is_program)
      return [{ message: 'it runs a program on the server' }];
    return nothing;
  },
};
