import type { CreateFunctionStmt, FunctionParameter, Node, RangeVar, SelectStmt } from 'libpg-query';
import type { Statement } from '../split.ts';
import { identifier, nameOf, qualifiedName, stringOf, typeText } from './typename.ts';

export type ObjectKind = 'function' | 'view' | 'trigger' | 'policy';

/** One thing that a file of the working copy creates. */
export interface Definition {
  readonly kind: ObjectKind;
  /** `core.fail(text, integer)`, `social.friends`, `forums.posts.touch`: unique together with the kind. */
  readonly identity: string;
  /** The name by which other objects mention it; triggers and policies are mentioned by nobody. */
  readonly mentionedAs: string | undefined;
  /** The table that it belongs to, for triggers and policies. */
  readonly table: string | undefined;
  readonly schema: string;
  /** The last part of its name. */
  readonly name: string;
  readonly drop: string;
  readonly shape: Shape;
}

/** What `create or replace` must find unchanged. */
type Shape =
  | { readonly of: 'function'; readonly signature: string; readonly defaults: readonly boolean[] }
  | { readonly of: 'view'; readonly columns: readonly (string | undefined)[] }
  | { readonly of: 'other' };

/** Whether `create or replace` leads from one to the other. The identities are the same. */
export function replacesInPlace(from: Definition, to: Definition): boolean {
  if (from.shape.of === 'function' && to.shape.of === 'function') {
    const { defaults } = to.shape;
    // A default may be added, not taken away (manual, CREATE FUNCTION).
    return (
      from.shape.signature === to.shape.signature &&
      from.shape.defaults.every((has, at) => !has || defaults[at])
    );
  }
  if (from.shape.of === 'view' && to.shape.of === 'view') {
    const { columns } = to.shape;
    // Columns may be added at the end, not renamed, moved or taken away. A column without a name of its own in the
    // query (`*`, an expression) cannot be compared here.
    return from.shape.columns.every((column, at) => column !== undefined && column === columns[at]);
  }
  return true;
}

export function definitionOf({ node }: Statement): Definition | undefined {
  if ('CreateFunctionStmt' in node) return functionDefinition(node.CreateFunctionStmt);
  if ('ViewStmt' in node)
    return viewDefinition(node.ViewStmt.view, node.ViewStmt.query, node.ViewStmt.aliases ?? [], false);
  if ('CreateTableAsStmt' in node && node.CreateTableAsStmt.objtype === 'OBJECT_MATVIEW') {
    const { into, query } = node.CreateTableAsStmt;
    return viewDefinition(into?.rel, query, into?.colNames ?? [], true);
  }
  if ('CreateTrigStmt' in node) {
    const { relation, trigname = '' } = node.CreateTrigStmt;
    return onTable('trigger', trigname, relation);
  }
  if ('CreatePolicyStmt' in node) {
    const { table, policy_name: name = '' } = node.CreatePolicyStmt;
    return onTable('policy', name, table);
  }
  return undefined;
}

function onTable(kind: 'trigger' | 'policy', name: string, relation: RangeVar | undefined): Definition {
  const table = qualifiedName(relation?.schemaname, relation?.relname ?? '');
  return {
    kind,
    identity: `${table}.${identifier(name)}`,
    mentionedAs: undefined,
    table,
    schema: relation?.schemaname ?? '',
    name,
    drop: `drop ${kind} ${identifier(name)} on ${table}`,
    shape: { of: 'other' },
  };
}

function viewDefinition(
  view: RangeVar | undefined,
  query: Node | undefined,
  aliases: readonly Node[],
  isMaterialized: boolean,
): Definition {
  const name = qualifiedName(view?.schemaname, view?.relname ?? '');
  const select = query && 'SelectStmt' in query ? query.SelectStmt : undefined;
  const fromQuery = select ? columnsOf(select) : [];
  const columns = fromQuery.map((column, at) => {
    const alias = aliases[at];
    return alias ? stringOf(alias) : column;
  });
  return {
    kind: 'view',
    identity: name,
    mentionedAs: name,
    table: undefined,
    schema: view?.schemaname ?? '',
    name: view?.relname ?? '',
    drop: `drop ${isMaterialized ? 'materialized ' : ''}view ${name}`,
    // A materialized view has no "or replace".
    shape: { of: 'view', columns: isMaterialized ? [undefined] : columns },
  };
}

function columnsOf(select: SelectStmt): (string | undefined)[] {
  // Of a union, the first branch names the columns.
  if (select.larg) return columnsOf(select.larg);
  return (select.targetList ?? []).map((target) => {
    if (!('ResTarget' in target)) return undefined;
    const { name, val } = target.ResTarget;
    if (name) return name;
    if (val && 'ColumnRef' in val) {
      const last = val.ColumnRef.fields?.at(-1);
      return last && 'String' in last ? last.String.sval : undefined;
    }
    return undefined;
  });
}

function functionDefinition(statement: CreateFunctionStmt): Definition {
  const isProcedure = statement.is_procedure === true;
  const parameters = (statement.parameters ?? []).flatMap((node) =>
    'FunctionParameter' in node ? [node.FunctionParameter] : [],
  );
  const inputs = parameters.filter(isInput);
  // A procedure is also known by its output arguments.
  const inIdentity = isProcedure ? parameters : inputs;
  const types = inIdentity
    .map(({ argType, mode }) => (mode === 'FUNC_PARAM_OUT' ? 'out ' : '') + typeText(argType))
    .join(', ');
  const name = nameOf(statement.funcname);
  const parts = (statement.funcname ?? []).map(stringOf);
  return {
    kind: 'function',
    identity: `${name}(${types})`,
    mentionedAs: name,
    table: undefined,
    schema: parts.length > 1 ? (parts[0] ?? '') : '',
    name: parts.at(-1) ?? '',
    drop: `drop ${isProcedure ? 'procedure' : 'function'} ${name}(${types})`,
    shape: {
      of: 'function',
      signature: [
        isProcedure ? 'procedure' : 'function',
        statement.returnType?.setof ? 'setof' : '',
        statement.returnType ? typeText(statement.returnType) : '',
        ...parameters.map(
          (parameter) => `${modeOf(parameter)} ${parameter.name ?? ''} ${typeText(parameter.argType)}`,
        ),
      ].join('|'),
      defaults: inputs.map(({ defexpr }) => defexpr !== undefined),
    },
  };
}

function modeOf({ mode }: FunctionParameter): string {
  return mode === 'FUNC_PARAM_DEFAULT' ? 'FUNC_PARAM_IN' : (mode ?? 'FUNC_PARAM_IN');
}

function isInput({ mode }: FunctionParameter): boolean {
  return mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE';
}
