import type { Node } from 'libpg-query';
import { nothing, type Rule } from '../rule.ts';

function isTrue(node: Node | undefined): boolean {
  return node !== undefined && 'A_Const' in node && node.A_Const.boolval?.boolval === true;
}

export const policyForEverybody: Rule = {
  id: 'policy-for-everybody',
  level: 'warning',
  condition: 'A policy that lets every row through, or that names no role',
  effect:
    'A condition of "true" is a grant in disguise. Without TO it holds for every role, those included that are made later.',
  cure: 'Name the role, and write the condition. Where every row is meant for a role, say so in a suppression.',
  covers: [],
  examples: {
    bad: `create policy everything on app.posts using (true);`,
    good: [`create policy open_posts on app.posts for select to stoa_member using (state = 'open');`],
  },
  find: ({ node }) => {
    const policy = 'CreatePolicyStmt' in node ? node.CreatePolicyStmt : undefined;
    const altered = 'AlterPolicyStmt' in node ? node.AlterPolicyStmt : undefined;
    const { policy_name: name, roles = [], qual, with_check: check } = policy ?? altered ?? {};
    const isForAll = roles.some((role) => 'RoleSpec' in role && role.RoleSpec.roletype === 'ROLESPEC_PUBLIC');
    const isOpen = isTrue(qual) || isTrue(check);
    // A role that may read every row is often meant; one that may write every row is not.
    const isReading = policy?.cmd_name === 'select' || altered !== undefined;
    if (!isForAll && (!isOpen || isReading)) return nothing;
    return [{ message: `${name} ${isForAll ? 'holds for every role' : 'lets every row through'}` }];
  },
};
