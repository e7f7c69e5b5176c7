import type { Rule } from '../rule.ts';
import { attachPartition } from './attach-partition.ts';
import { columnRewritesTable } from './column-rewrites-table.ts';
import { concurrentlyMixed } from './concurrently-mixed.ts';
import { constraintWithoutNotValid } from './constraint-without-not-valid.ts';
import { defaultPartition } from './default-partition.ts';
import { definerWithoutSearchPath } from './definer-without-search-path.ts';
import { detachWithoutConcurrently } from './detach-without-concurrently.ts';
import { doBlock } from './do-block.ts';
import { dropCascade } from './drop-cascade.ts';
import { dropColumn } from './drop-column.ts';
import { dropConstraint } from './drop-constraint.ts';
import { dropIndexWithoutConcurrently } from './drop-index-without-concurrently.ts';
import { dropObject } from './drop-object.ts';
import { exclusionConstraint } from './exclusion-constraint.ts';
import { foreignKeyLocksTarget } from './foreign-key-locks-target.ts';
import { foreignKeyWithoutIndex } from './foreign-key-without-index.ts';
import { grantToPublic } from './grant-to-public.ts';
import { indexWithoutConcurrently } from './index-without-concurrently.ts';
import { jsonColumn } from './json-column.ts';
import { lockTable } from './lock-table.ts';
import { lossyTypeChange } from './lossy-type-change.ts';
import { notNullWithoutDefault } from './not-null-without-default.ts';
import { partitionOf } from './partition-of.ts';
import { policyForEverybody } from './policy-for-everybody.ts';
import { primaryKeyReadsTheTable } from './primary-key-reads-the-table.ts';
import { refreshWithoutConcurrently } from './refresh-without-concurrently.ts';
import { reindexWithoutConcurrently } from './reindex-without-concurrently.ts';
import { rename } from './rename.ts';
import { rewritesTable } from './rewrites-table.ts';
import { rowSecurityOff } from './row-security-off.ts';
import { ruleOnTable } from './rule-on-table.ts';
import { serverWide } from './server-wide.ts';
import { setNotNull } from './set-not-null.ts';
import { tableWithoutPrimaryKey } from './table-without-primary-key.ts';
import { triggerOnTable } from './trigger-on-table.ts';
import { triggersOff } from './triggers-off.ts';
import { truncate } from './truncate.ts';
import { typeChangeRewrites } from './type-change-rewrites.ts';
import { uniqueWithoutIndex } from './unique-without-index.ts';
import { validatedInTheSameFile } from './validated-in-the-same-file.ts';
import { viewReplaced } from './view-replaced.ts';
import { workUnderLock } from './work-under-lock.ts';
import { writeWithoutWhere } from './write-without-where.ts';

/** In the order of the index page: what breaks, what makes people wait, what is worth knowing. */
export const rules: readonly Rule[] = [
  notNullWithoutDefault,
  setNotNull,
  columnRewritesTable,
  lossyTypeChange,
  typeChangeRewrites,
  jsonColumn,
  dropColumn,
  rename,
  dropObject,
  dropCascade,
  dropConstraint,
  indexWithoutConcurrently,
  dropIndexWithoutConcurrently,
  reindexWithoutConcurrently,
  constraintWithoutNotValid,
  validatedInTheSameFile,
  uniqueWithoutIndex,
  primaryKeyReadsTheTable,
  exclusionConstraint,
  foreignKeyWithoutIndex,
  writeWithoutWhere,
  truncate,
  workUnderLock,
  lockTable,
  rewritesTable,
  refreshWithoutConcurrently,
  partitionOf,
  defaultPartition,
  attachPartition,
  detachWithoutConcurrently,
  rowSecurityOff,
  policyForEverybody,
  grantToPublic,
  definerWithoutSearchPath,
  serverWide,
  triggersOff,
  doBlock,
  concurrentlyMixed,
  tableWithoutPrimaryKey,
  ruleOnTable,
  triggerOnTable,
  foreignKeyLocksTarget,
  viewReplaced,
];
