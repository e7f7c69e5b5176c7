import type { AlterTableCmd, ColumnDef, Constraint, Node, RangeVar, TypeName } from 'libpg-query';
import { identifier, qualifiedName, stringOf } from '../objects/typename.ts';

/** `app.posts` */
export function relationName(relation: RangeVar | undefined): string {
  return qualifiedName(relation?.schemaname, relation?.relname ?? '');
}

/** The actions of an ALTER TABLE; none of any other statement. */
export function alterations(node: Node): {
  readonly table: string;
  readonly actions: readonly AlterTableCmd[];
} {
  if (!('AlterTableStmt' in node)) return { table: '', actions: [] };
  const { relation, cmds = [] } = node.AlterTableStmt;
  return {
    table: relationName(relation),
    actions: cmds.flatMap((command) => ('AlterTableCmd' in command ? [command.AlterTableCmd] : [])),
  };
}

export function isTableLike(node: Node): boolean {
  if (!('AlterTableStmt' in node)) return false;
  const { objtype } = node.AlterTableStmt;
  return objtype === 'OBJECT_TABLE' || objtype === 'OBJECT_FOREIGN_TABLE';
}

export function columnOf(action: AlterTableCmd): ColumnDef | undefined {
  return action.def && 'ColumnDef' in action.def ? action.def.ColumnDef : undefined;
}

export function constraintOf(action: AlterTableCmd): Constraint | undefined {
  return action.def && 'Constraint' in action.def ? action.def.Constraint : undefined;
}

export function constraintsOf(column: ColumnDef): readonly Constraint[] {
  return (column.constraints ?? []).flatMap((each) => ('Constraint' in each ? [each.Constraint] : []));
}

/** Names of the constraints that ALTER TABLE adds to a table in some statements. */
export function addedConstraints(
  statements: readonly { readonly node: Node }[],
  table: string,
): ReadonlySet<string> {
  return new Set(
    statements.flatMap(({ node }) => {
      const altered = alterations(node);
      return altered.table === table
        ? altered.actions.flatMap((action) => constraintOf(action)?.conname ?? [])
        : [];
    }),
  );
}

export function columnsOf(elements: readonly Node[] | undefined): readonly ColumnDef[] {
  return (elements ?? []).flatMap((each) => ('ColumnDef' in each ? [each.ColumnDef] : []));
}

/** What a DROP names: `app.posts`, `app.rank(integer)` without its arguments, `app.posts.trigger`. */
export function droppedNames(objects: readonly Node[] | undefined): readonly string[] {
  return (objects ?? []).map((object) => {
    if ('List' in object) return parts(object.List.items);
    if ('ObjectWithArgs' in object) return parts(object.ObjectWithArgs.objname);
    if ('TypeName' in object) return parts(object.TypeName.names);
    return 'String' in object ? identifier(stringOf(object)) : '';
  });
}

export function parts(names: readonly Node[] | undefined): string {
  return (names ?? []).map((part) => identifier(stringOf(part))).join('.');
}

/** A type and its numbers: `varchar(20)` is `varchar` and `[20]`. Types of the catalog are without their schema. */
export interface ColumnType {
  readonly name: string;
  readonly numbers: readonly number[];
}

export function columnType(type: TypeName | undefined): ColumnType | undefined {
  if (!type) return undefined;
  const names = (type.names ?? []).map(stringOf).filter((name) => name !== 'pg_catalog');
  return {
    name: names.join('.') + '[]'.repeat(type.arrayBounds?.length ?? 0),
    numbers: (type.typmods ?? []).flatMap((each) =>
      'A_Const' in each && each.A_Const.ival ? [each.A_Const.ival.ival ?? 0] : [],
    ),
  };
}

/** Every table, view, index or sequence that a statement names, wherever in it. */
export function namedRelations(node: Node): readonly string[] {
  const names = new Set<string>();
  walk(node, (value) => {
    if ('relname' in value && typeof value['relname'] === 'string') {
      const schema = value['schemaname'];
      names.add(qualifiedName(typeof schema === 'string' ? schema : undefined, value['relname']));
    }
  });
  if ('DropStmt' in node) for (const name of droppedNames(node.DropStmt.objects)) names.add(name);
  return [...names];
}

/** Every function that is called somewhere in an expression, by its last name. */
export function calledFunctions(node: unknown): readonly string[] {
  const names = new Set<string>();
  walk(node, (value) => {
    const call = value['FuncCall'];
    if (typeof call !== 'object' || call === null || !('funcname' in call) || !Array.isArray(call.funcname))
      return;
    names.add(call.funcname.map((part: Node) => stringOf(part)).join('.'));
  });
  return [...names];
}

function walk(node: unknown, see: (value: Record<string, unknown>) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, see);
    return;
  }
  if (!isRecord(node)) return;
  see(node);
  for (const value of Object.values(node)) walk(value, see);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
