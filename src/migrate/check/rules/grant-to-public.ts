import { nothing, type Rule } from '../rule.ts';

export const grantToPublic: Rule = {
  id: 'grant-to-public',
  level: 'error',
  condition: 'PUBLIC is granted something',
  effect:
    'PUBLIC is every role that exists and every one that will: also the login that only serves sign-in, also the backup.',
  cure: 'Grant to the roles that need it, column by column where they need columns.',
  covers: [],
  examples: {
    bad: `grant select on app.posts to public;`,
    good: [`grant select (id, title) on app.posts to stoa_member;`],
  },
  find: ({ node }) => {
    const grant =
      'GrantStmt' in node
        ? node.GrantStmt
        : 'AlterDefaultPrivilegesStmt' in node
          ? node.AlterDefaultPrivilegesStmt.action
          : undefined;
    if (!grant?.is_grant) return nothing;
    const isPublic = (grant.grantees ?? []).some(
      (each) => 'RoleSpec' in each && each.RoleSpec.roletype === 'ROLESPEC_PUBLIC',
    );
    return isPublic ? [{ message: 'every role there is and will be gets it' }] : nothing;
  },
};
