import type { Node } from 'libpg-query';
import type { Statement } from './split.ts';

/**
 * What the engine must know of a statement before it sends it.
 *
 * - `definition` takes locks that readers or writers notice: short lock timeout, retried.
 * - `data` reads or changes rows: the same lock timeout, more time to run.
 * - `concurrent` is made to wait without being in the way (`create index concurrently` …): no timeout; who holds it
 *   up is watched and told. Such a statement cannot run inside a transaction.
 */
export type StatementClass = 'definition' | 'data' | 'concurrent';

export function classify(node: Node): StatementClass {
  if (!runsInTransaction(node)) return 'concurrent';
  return changesOnlyData(node) ? 'data' : 'definition';
}

/** Decided from the parse: a comment or a string that says "concurrently" decides nothing. */
export function runsInTransaction(node: Node): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent !== true;
  if ('DropStmt' in node) return node.DropStmt.concurrent !== true;
  if ('ReindexStmt' in node) {
    const { kind, params = [] } = node.ReindexStmt;
    const isConcurrent = params.some(
      (param) => 'DefElem' in param && param.DefElem.defname === 'concurrently',
    );
    return !isConcurrent && (kind === 'REINDEX_OBJECT_INDEX' || kind === 'REINDEX_OBJECT_TABLE');
  }
  if ('AlterTableStmt' in node) {
    return !(node.AlterTableStmt.cmds ?? []).some((command) => detachesConcurrently(command));
  }
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd !== true;
  if ('ClusterStmt' in node) return node.ClusterStmt.relation !== undefined;
  return !(
    'CreatedbStmt' in node ||
    'DropdbStmt' in node ||
    'AlterSystemStmt' in node ||
    'CreateTableSpaceStmt' in node ||
    'DropTableSpaceStmt' in node ||
    'CreateSubscriptionStmt' in node ||
    'DropSubscriptionStmt' in node
  );
}

function detachesConcurrently(command: Node): boolean {
  if (!('AlterTableCmd' in command)) return false;
  const { subtype, def } = command.AlterTableCmd;
  return (
    subtype === 'AT_DetachPartition' &&
    def !== undefined &&
    'PartitionCmd' in def &&
    def.PartitionCmd.concurrent === true
  );
}

function changesOnlyData(node: Node): boolean {
  return (
    'InsertStmt' in node ||
    'UpdateStmt' in node ||
    'DeleteStmt' in node ||
    'MergeStmt' in node ||
    'SelectStmt' in node ||
    'CopyStmt' in node ||
    'CallStmt' in node ||
    'DoStmt' in node ||
    'VariableSetStmt' in node
  );
}

const keywords = new Set(
  (
    'alter add attach column comment concurrently constraint copy create data default deferrable delete detach ' +
    'do domain drop enable event extension foreign function grant index insert into lock materialized merge not ' +
    'of on operator or partition policy privileges procedure publication refresh reindex rename replace revoke ' +
    'rule schema security select sequence server set local statistics table temporary trigger truncate type ' +
    'unique unlogged update vacuum validate view where with aggregate cast call analyze cluster'
  ).split(' '),
);
const endsTheKind = new Set(['on', 'of', 'where', 'with', 'not', 'into', 'set', 'select']);

/** `create unique index concurrently`: the words that a person would call the statement by. */
export function kindOf(statement: Statement): string {
  const words: string[] = [];
  for (const word of statement.text
    .slice(0, 120)
    .toLowerCase()
    .split(/[\s(;]+/)) {
    if (words.length > 0 && endsTheKind.has(word)) break;
    if (!keywords.has(word)) break;
    words.push(word);
  }
  return words.length > 0 ? words.join(' ') : (statement.text.split(/\s/, 1)[0] ?? '').toLowerCase();
}
