import { alterations, droppedNames, relationName } from '../check/ast.ts';
import { identifier, nameOf } from '../objects/typename.ts';
import type { Step } from '../step.ts';

/** Something that is not there any more under its name when a migration has run. */
export type Taken =
  | { readonly kind: 'relation'; readonly relation: string }
  | { readonly kind: 'column'; readonly relation: string; readonly column: string }
  | { readonly kind: 'function'; readonly name: string };

export function takenBy(step: Step): readonly Taken[] {
  return step.statements.flatMap(({ node }): readonly Taken[] => {
    if ('DropStmt' in node) {
      const names = droppedNames(node.DropStmt.objects);
      switch (node.DropStmt.removeType) {
        case 'OBJECT_TABLE':
        case 'OBJECT_VIEW':
        case 'OBJECT_MATVIEW':
          return names.map((relation) => ({ kind: 'relation', relation }));
        case 'OBJECT_FUNCTION':
        case 'OBJECT_PROCEDURE':
          return names.map((name) => ({ kind: 'function', name }));
        default:
          return [];
      }
    }
    if ('RenameStmt' in node) {
      const { renameType, relation: renamed, subname } = node.RenameStmt;
      const relation = relationName(renamed);
      if (renameType === 'OBJECT_COLUMN') {
        return [{ kind: 'column', relation, column: identifier(subname ?? '') }];
      }
      return renameType === 'OBJECT_TABLE' || renameType === 'OBJECT_VIEW'
        ? [{ kind: 'relation', relation }]
        : [];
    }
    const { table, actions } = alterations(node);
    return actions.flatMap(({ subtype, name }): readonly Taken[] =>
      subtype === 'AT_DropColumn'
        ? [{ kind: 'column', relation: table, column: identifier(name ?? '') }]
        : [],
    );
  });
}

/** Users that the migration itself drops or writes anew: `view a.b`, `policy c on a.b`, `function a.f`. */
export function replacedBy(step: Step): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { node } of step.statements) {
    if ('DropStmt' in node) {
      const kind = kinds.get(node.DropStmt.removeType ?? '');
      if (kind === undefined) continue;
      for (const name of droppedNames(node.DropStmt.objects)) names.add(describe(kind, name));
    } else if ('CreateFunctionStmt' in node) {
      names.add(describe('function', nameOf(node.CreateFunctionStmt.funcname)));
    } else if ('ViewStmt' in node) {
      names.add(describe('view', relationName(node.ViewStmt.view)));
    } else if ('CreateTrigStmt' in node) {
      const { trigname, relation } = node.CreateTrigStmt;
      names.add(`trigger ${identifier(trigname ?? '')} on ${relationName(relation)}`);
    } else if ('AlterPolicyStmt' in node) {
      const { policy_name: policy, table } = node.AlterPolicyStmt;
      names.add(`policy ${identifier(policy ?? '')} on ${relationName(table)}`);
    }
  }
  return names;
}

const kinds: ReadonlyMap<string, string> = new Map([
  ['OBJECT_VIEW', 'view'],
  ['OBJECT_MATVIEW', 'view'],
  ['OBJECT_FUNCTION', 'function'],
  ['OBJECT_PROCEDURE', 'function'],
  ['OBJECT_TRIGGER', 'trigger'],
  ['OBJECT_POLICY', 'policy'],
]);

/** The name of a policy or a trigger stands behind that of its table. */
function describe(kind: string, name: string): string {
  if (kind !== 'policy' && kind !== 'trigger') return `${kind} ${name}`;
  const cut = name.lastIndexOf('.');
  return `${kind} ${name.slice(cut + 1)} on ${name.slice(0, cut)}`;
}
