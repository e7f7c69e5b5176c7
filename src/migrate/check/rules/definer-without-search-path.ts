import { parts } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

export const definerWithoutSearchPath: Rule = {
  id: 'definer-without-search-path',
  level: 'error',
  condition: 'A function runs with the rights of its owner and does not fix its search_path',
  effect:
    'Whoever calls it chooses where its unqualified names are looked up, and so may have code of their own run with the rights of the owner.',
  cure: "Add set search_path = '' and qualify every name.",
  covers: [],
  examples: {
    bad: `create function app.total() returns bigint language sql security definer as 'select count(*) from app.posts';`,
    good: [
      `create function app.total() returns bigint language sql security definer set search_path = '' as 'select count(*) from app.posts';`,
    ],
  },
  find: ({ node }) => {
    if (!('CreateFunctionStmt' in node)) return nothing;
    const options = (node.CreateFunctionStmt.options ?? []).flatMap((each) =>
      'DefElem' in each ? [each.DefElem] : [],
    );
    const isDefiner = options.some(
      ({ defname, arg }) => defname === 'security' && arg && 'Boolean' in arg && arg.Boolean.boolval === true,
    );
    const isFixed = options.some(
      ({ defname, arg }) =>
        defname === 'set' && arg && 'VariableSetStmt' in arg && arg.VariableSetStmt.name === 'search_path',
    );
    return isDefiner && !isFixed
      ? [{ message: `${parts(node.CreateFunctionStmt.funcname)} takes the search_path of its caller` }]
      : nothing;
  },
};
