import type { AlterTableCmd, Node } from 'libpg-query';
import { type LockMode, lockModes, strengthOf } from '../plan/lock-modes.ts';
import type { TakenLock } from '../plan/measure.ts';
import {
  alterations,
  columnOf,
  columnsOf,
  constraintOf,
  constraintsOf,
  droppedNames,
  relationName,
} from './ast.ts';
import type { World } from './world.ts';

/**
 * The locks that a statement takes on relations which were there before it, as far as its text and the files tell.
 * Read off measurements, not off the manual: a test runs each kind on every supported server and compares.
 * `stoa migrate plan` measures instead, and so sees into `do` blocks and functions too.
 */
export function predictedLocks(node: Node, world: World): readonly TakenLock[] {
  const locks = new Map<string, LockMode>();
  const take = (relation: string | undefined, mode: LockMode): void => {
    if (relation === undefined || relation === '' || world.isNew(relation)) return;
    const known = locks.get(relation);
    if (known === undefined || strengthOf(known) < strengthOf(mode)) locks.set(relation, mode);
  };
  predict(node, world, take);
  return [...locks].map(([relation, mode]) => ({ relation, mode }));
}

type Take = (relation: string | undefined, mode: LockMode) => void;

const shareUpdateExclusive = new Set([
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_AttachPartition',
]);

function predictAction(table: string, action: AlterTableCmd, world: World, take: Take): void {
  const { subtype = 'AT_AddColumn', def } = action;
  const constraint = constraintOf(action);
  const partition = def && 'PartitionCmd' in def ? def.PartitionCmd : undefined;
  if (constraint?.contype === 'CONSTR_FOREIGN' && subtype === 'AT_AddConstraint') {
    take(table, 'ShareRowExclusive');
    take(relationName(constraint.pktable), 'ShareRowExclusive');
    return;
  }
  if (/^AT_(Enable|Disable)(Always|Replica)?Trig/.test(subtype)) {
    take(table, 'ShareRowExclusive');
    return;
  }
  const isConcurrent = partition?.concurrent === true || subtype === 'AT_DetachPartitionFinalize';
  take(table, shareUpdateExclusive.has(subtype) || isConcurrent ? 'ShareUpdateExclusive' : 'AccessExclusive');
  if (partition) take(relationName(partition.name), 'AccessExclusive');
  const column = columnOf(action);
  if (subtype === 'AT_AddColumn' && column) {
    for (const each of constraintsOf(column)) {
      if (each.contype === 'CONSTR_FOREIGN') take(relationName(each.pktable), 'ShareRowExclusive');
    }
  }
  if (subtype === 'AT_DropConstraint') take(world.targetOf(table, action.name ?? ''), 'AccessExclusive');
}

function predict(node: Node, world: World, take: Take): void {
  if ('AlterTableStmt' in node) {
    const { objtype } = node.AlterTableStmt;
    const { table, actions } = alterations(node);
    if (objtype === 'OBJECT_INDEX' || objtype === 'OBJECT_TYPE') return;
    for (const action of actions) predictAction(table, action, world, take);
  } else if ('IndexStmt' in node) {
    take(relationName(node.IndexStmt.relation), node.IndexStmt.concurrent ? 'ShareUpdateExclusive' : 'Share');
  } else if ('DropStmt' in node) {
    predictDrop(node.DropStmt, world, take);
  } else if ('CreateStmt' in node) {
    const { tableElts = [], inhRelations = [], partbound } = node.CreateStmt;
    for (const parent of inhRelations) {
      if ('RangeVar' in parent) {
        take(relationName(parent.RangeVar), partbound ? 'AccessExclusive' : 'ShareUpdateExclusive');
      }
    }
    const constraints = [
      ...columnsOf(tableElts).flatMap(constraintsOf),
      ...tableElts.flatMap((each) => ('Constraint' in each ? [each.Constraint] : [])),
    ];
    for (const each of constraints) {
      if (each.contype === 'CONSTR_FOREIGN') take(relationName(each.pktable), 'ShareRowExclusive');
    }
  } else if ('ReindexStmt' in node) {
    const { relation, kind, params = [] } = node.ReindexStmt;
    const isConcurrent = params.some((each) => 'DefElem' in each && each.DefElem.defname === 'concurrently');
    const named = relationName(relation);
    const table = kind === 'REINDEX_OBJECT_INDEX' ? world.tableOfIndex(named) : named;
    take(table, isConcurrent ? 'ShareUpdateExclusive' : 'Share');
  } else if ('RefreshMatViewStmt' in node) {
    const { relation, concurrent } = node.RefreshMatViewStmt;
    take(relationName(relation), concurrent ? 'Exclusive' : 'AccessExclusive');
  } else if ('ClusterStmt' in node) {
    take(relationName(node.ClusterStmt.relation), 'AccessExclusive');
  } else if ('VacuumStmt' in node) {
    const { rels = [], options = [] } = node.VacuumStmt;
    const isFull = options.some((each) => 'DefElem' in each && each.DefElem.defname === 'full');
    for (const each of rels) {
      if ('VacuumRelation' in each) {
        take(relationName(each.VacuumRelation.relation), isFull ? 'AccessExclusive' : 'ShareUpdateExclusive');
      }
    }
  } else if ('TruncateStmt' in node) {
    for (const each of node.TruncateStmt.relations ?? []) {
      if ('RangeVar' in each) take(relationName(each.RangeVar), 'AccessExclusive');
    }
  } else if ('LockStmt' in node) {
    for (const each of node.LockStmt.relations ?? []) {
      // The parser counts lock modes from 1.
      if ('RangeVar' in each)
        take(relationName(each.RangeVar), lockModes[(node.LockStmt.mode ?? 8) - 1] ?? 'AccessExclusive');
    }
  } else if ('CreateTrigStmt' in node) {
    take(relationName(node.CreateTrigStmt.relation), 'ShareRowExclusive');
  } else if ('CreatePolicyStmt' in node) {
    take(relationName(node.CreatePolicyStmt.table), 'AccessExclusive');
  } else if ('AlterPolicyStmt' in node) {
    take(relationName(node.AlterPolicyStmt.table), 'AccessExclusive');
  } else if ('RuleStmt' in node) {
    take(relationName(node.RuleStmt.relation), 'AccessExclusive');
  } else if ('ViewStmt' in node) {
    if (node.ViewStmt.replace) take(relationName(node.ViewStmt.view), 'AccessExclusive');
  } else if ('RenameStmt' in node) {
    const { renameType, relation } = node.RenameStmt;
    if (renameType !== 'OBJECT_INDEX') take(relationName(relation), 'AccessExclusive');
  } else if ('AlterObjectSchemaStmt' in node) {
    take(relationName(node.AlterObjectSchemaStmt.relation), 'AccessExclusive');
  } else if ('CommentStmt' in node) {
    const { objtype, object } = node.CommentStmt;
    if (objtype === 'OBJECT_TABLE' && object) take(droppedNames([object])[0], 'ShareUpdateExclusive');
  } else if ('CreateStatsStmt' in node) {
    for (const each of node.CreateStatsStmt.relations ?? []) {
      if ('RangeVar' in each) take(relationName(each.RangeVar), 'ShareUpdateExclusive');
    }
  } else if ('InsertStmt' in node) take(relationName(node.InsertStmt.relation), 'RowExclusive');
  else if ('UpdateStmt' in node) take(relationName(node.UpdateStmt.relation), 'RowExclusive');
  else if ('DeleteStmt' in node) take(relationName(node.DeleteStmt.relation), 'RowExclusive');
  else if ('CopyStmt' in node && node.CopyStmt.is_from)
    take(relationName(node.CopyStmt.relation), 'RowExclusive');
}

function predictDrop(drop: Extract<Node, { DropStmt: unknown }>['DropStmt'], world: World, take: Take): void {
  const names = droppedNames(drop.objects);
  switch (drop.removeType) {
    case 'OBJECT_TABLE':
      for (const name of names) {
        take(name, 'AccessExclusive');
        take(world.parentOf(name), 'AccessExclusive');
        for (const target of world.targetsOf(name)) take(target, 'AccessExclusive');
      }
      break;
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_SEQUENCE':
      for (const name of names) take(name, 'AccessExclusive');
      break;
    case 'OBJECT_INDEX':
      for (const name of names) {
        take(world.tableOfIndex(name), drop.concurrent ? 'ShareUpdateExclusive' : 'AccessExclusive');
      }
      break;
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      for (const name of names) take(name.replace(/\.[^.]*$/, ''), 'AccessExclusive');
      break;
    default:
      break;
  }
}
