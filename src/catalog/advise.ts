import type { Advisor, Finding } from './advisors/advisor.ts';
import { columnWithoutComment } from './advisors/column_without_comment.ts';
import { duplicateIndex } from './advisors/duplicate_index.ts';
import { enumType } from './advisors/enum_type.ts';
import { errorReasonNeverRaised } from './advisors/error_reason_never_raised.ts';
import { errorReasonNotRegistered } from './advisors/error_reason_not_registered.ts';
import { exposedTableWithoutName } from './advisors/exposed_table_without_name.ts';
import { foreignKeyWithoutIndex } from './advisors/foreign_key_without_index.ts';
import { functionOpenToPublic } from './advisors/function_open_to_public.ts';
import { functionWithoutComment } from './advisors/function_without_comment.ts';
import { functionWithoutSearchPath } from './advisors/function_without_search_path.ts';
import { grantWithoutPolicy } from './advisors/grant_without_policy.ts';
import { indexUnusableUnderRowSecurity } from './advisors/index_unusable_under_row_security.ts';
import { indexWithoutComment } from './advisors/index_without_comment.ts';
import { invalidIndex } from './advisors/invalid_index.ts';
import { objectOfAnotherOwner } from './advisors/object_of_another_owner.ts';
import { partitionWithinReach } from './advisors/partition_within_reach.ts';
import { partitionedTableWithoutPolicy } from './advisors/partitioned_table_without_policy.ts';
import { policyCallsFunctionOfRow } from './advisors/policy_calls_function_of_row.ts';
import { policyComputesPerRow } from './advisors/policy_computes_per_row.ts';
import { policyForPublic } from './advisors/policy_for_public.ts';
import { policyWithoutComment } from './advisors/policy_without_comment.ts';
import { policyWithoutGrant } from './advisors/policy_without_grant.ts';
import { registryNamesUnknownObject } from './advisors/registry_names_unknown_object.ts';
import { sequenceWithinReach } from './advisors/sequence_within_reach.ts';
import { tableWithoutBackupTier } from './advisors/table_without_backup_tier.ts';
import { tableWithoutComment } from './advisors/table_without_comment.ts';
import { tableWithoutRowSecurity } from './advisors/table_without_row_security.ts';
import { timestampWithoutTimeZone } from './advisors/timestamp_without_time_zone.ts';
import { triggerFunctionWithoutTrigger } from './advisors/trigger_function_without_trigger.ts';
import { unloggedTableInDurableTier } from './advisors/unlogged_table_in_durable_tier.ts';
import { updatedAtWithoutTouchTrigger } from './advisors/updated_at_without_touch_trigger.ts';
import { userReferenceWithoutPersonalDataRule } from './advisors/user_reference_without_personal_data_rule.ts';
import { viewWithoutSecurityInvoker } from './advisors/view_without_security_invoker.ts';
import type { Queryable } from './queryable.ts';
import { moduleSchemas } from './schemas.ts';

/** Every check that Stoa makes of its own catalog, by name. */
export const advisors: readonly Advisor[] = [
  columnWithoutComment,
  duplicateIndex,
  enumType,
  errorReasonNeverRaised,
  errorReasonNotRegistered,
  exposedTableWithoutName,
  foreignKeyWithoutIndex,
  functionOpenToPublic,
  functionWithoutComment,
  functionWithoutSearchPath,
  grantWithoutPolicy,
  indexUnusableUnderRowSecurity,
  indexWithoutComment,
  invalidIndex,
  objectOfAnotherOwner,
  partitionWithinReach,
  partitionedTableWithoutPolicy,
  policyCallsFunctionOfRow,
  policyComputesPerRow,
  policyForPublic,
  policyWithoutComment,
  policyWithoutGrant,
  registryNamesUnknownObject,
  sequenceWithinReach,
  tableWithoutBackupTier,
  tableWithoutComment,
  tableWithoutRowSecurity,
  timestampWithoutTimeZone,
  triggerFunctionWithoutTrigger,
  unloggedTableInDurableTier,
  updatedAtWithoutTouchTrigger,
  userReferenceWithoutPersonalDataRule,
  viewWithoutSecurityInvoker,
];

/**
 * Runs the checks over the modules that this database has, and returns what they found: errors first, then by
 * name and object. Nothing is changed.
 */
export async function advise(
  database: Queryable,
  options: { checks?: readonly Advisor[]; schemas?: readonly string[] } = {},
): Promise<readonly Finding[]> {
  const schemas = options.schemas ?? (await moduleSchemas(database));
  const findings: Finding[] = [];
  for (const { name, level, query } of options.checks ?? advisors) {
    const { rows } = await database.query<Pick<Finding, 'object' | 'detail' | 'remediation'>>(query, [
      schemas,
    ]);
    for (const { object, detail, remediation } of rows) {
      findings.push({ name, level, object, detail, remediation });
    }
  }
  return findings.sort(
    (a, b) =>
      compare(a.level, b.level) ||
      compare(a.name, b.name) ||
      compare(a.object, b.object) ||
      compare(a.detail, b.detail),
  );
}

/** By code unit, so that the order does not depend on the language of the machine; 'error' comes before 'warning'. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
