import type { GrantStmt, Node } from 'libpg-query';
import type { Statement } from '../split.ts';
import { nameOf, qualifiedName, typeText } from './typename.ts';

/** `function core.fail(text, integer)` → the roles that a text grants something on it. */
export type Grantees = ReadonlyMap<string, ReadonlySet<string>>;

/** Whom the statements grant something, by object. */
export function granteesOf(statements: readonly Statement[]): Grantees {
  return collect(statements, (grant) => grant.is_grant === true);
}

/** Whom the statements take every privilege, by object. */
export function clearedBy(statements: readonly Statement[]): Grantees {
  return collect(statements, (grant) => grant.is_grant !== true && grant.privileges === undefined);
}

function collect(statements: readonly Statement[], isWanted: (grant: GrantStmt) => boolean): Grantees {
  const found = new Map<string, Set<string>>();
  for (const { node } of statements) {
    if (!('GrantStmt' in node) || !isWanted(node.GrantStmt)) continue;
    for (const object of node.GrantStmt.objects ?? []) {
      const target = targetOf(node.GrantStmt, object);
      if (target === undefined) continue;
      const roles = found.get(target) ?? new Set<string>();
      for (const grantee of node.GrantStmt.grantees ?? []) {
        if (!('RoleSpec' in grantee)) continue;
        const { roletype, rolename } = grantee.RoleSpec;
        if (roletype === 'ROLESPEC_PUBLIC') roles.add('public');
        else if (rolename) roles.add(rolename);
      }
      found.set(target, roles);
    }
  }
  return found;
}

function targetOf(grant: GrantStmt, object: Node): string | undefined {
  if ('RangeVar' in object) {
    const kind = grant.objtype === 'OBJECT_SEQUENCE' ? 'sequence' : 'table';
    return `${kind} ${qualifiedName(object.RangeVar.schemaname, object.RangeVar.relname ?? '')}`;
  }
  if ('ObjectWithArgs' in object) {
    const { objname, objargs = [], args_unspecified } = object.ObjectWithArgs;
    const kind = grant.objtype === 'OBJECT_PROCEDURE' ? 'procedure' : 'function';
    const types = objargs.map((type) => typeText('TypeName' in type ? type.TypeName : undefined)).join(', ');
    return `${kind} ${nameOf(objname)}${args_unspecified ? '' : `(${types})`}`;
  }
  return undefined;
}
