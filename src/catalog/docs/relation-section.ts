import type { Grant, RowType, Table, View } from '../model/model.ts';
import { readable } from './expression.ts';
import { cell, code, count, page, table } from './markdown.ts';
import { shortType } from './types.ts';

function columnTable({ columns }: RowType): string {
  return table(
    ['column', 'type', 'null', 'default', 'meaning'],
    columns.map((column) => [
      column.name,
      code(shortType(column.type)),
      column.isNullable ? 'yes' : 'no',
      code(column.default && readable(column.default)),
      cell(column.comment.text),
    ]),
  );
}

/** One line a role: what it may do, beyond what it inherits from the role before it. */
function grantTable(grants: readonly Grant[]): string {
  const roles = [...new Set(grants.map(({ role }) => role))];
  const privilege = (role: string, name: Grant['privilege']): string => {
    const held = grants.filter((grant) => grant.role === role && grant.privilege === name);
    if (held.length === 0) return '';
    if (held.some(({ columns }) => columns === undefined)) return 'yes';
    return held.flatMap(({ columns }) => columns ?? []).join(', ');
  };
  return table(
    ['role', 'select', 'insert', 'update', 'delete'],
    roles.map((role) => [
      role,
      privilege(role, 'select'),
      privilege(role, 'insert'),
      privilege(role, 'update'),
      privilege(role, 'delete'),
    ]),
  );
}

function facts(relation: Table, references: readonly string[]): string {
  const lines: string[] = [];
  if (relation.comment.name) lines.push(`- In the API: \`${relation.comment.name}\`.`);
  if (relation.isUnlogged) lines.push('- Unlogged: emptied by a crash, in no base backup, on no replica.');
  if (relation.storage.length > 0)
    lines.push(`- Storage: ${relation.storage.map((option) => `\`${option}\``).join(', ')}.`);
  if (relation.partitionKey) {
    const policy = relation.partitionPolicy;
    const upkeep = policy
      ? `; one a ${policy.period}, ${policy.ahead} made ahead, ${
          policy.retain
            ? `dropped after ${policy.retain}${policy.isExportedBeforeDrop ? ', once exported and verified' : ''}`
            : 'never dropped'
        }`
      : '';
    lines.push(`- Partitioned by \`${relation.partitionKey}\`${upkeep}.`);
  }
  if (relation.backupTier) lines.push(`- Backup tier ${relation.backupTier}.`);
  for (const rule of relation.retention) {
    lines.push(`- Retention: ${rule.action} where ${code(rule.predicate)} (${rule.name}).`);
  }
  if (references.length > 0)
    lines.push(`- Referenced by ${references.map((name) => `\`${name}\``).join(', ')}.`);
  return lines.join('\n');
}

/** Everything about one table. `references` names the tables with a foreign key to it. */
export function tableSection(relation: Table, references: readonly string[]): string {
  const titled = (title: string, body: string): string | undefined =>
    body ? `**${title}**\n\n${body}` : undefined;
  return page(
    `### ${relation.name}`,
    relation.comment.text,
    facts(relation, references),
    columnTable(relation),
    titled(
      'Keys and rules',
      table(
        ['name', 'definition', 'meaning'],
        relation.constraints.map(({ name, definition, comment }) => [
          name,
          code(readable(definition)),
          cell(comment.text),
        ]),
      ),
    ),
    titled(
      'Indexes',
      table(
        ['name', 'definition', 'access path'],
        relation.indexes.map(({ name, isUnique, definition, comment }) => [
          name,
          `${isUnique ? 'unique ' : ''}${code(readable(definition))}`,
          cell(comment.text),
        ]),
      ),
    ),
    titled('Grants', grantTable(relation.grants)) ??
      '**Grants**: none. No role of the API reaches this table; functions do.',
    titled(
      'Policies',
      table(
        ['policy', 'for', 'roles', 'rows', 'meaning'],
        relation.policies.map((policy) => [
          policy.name,
          policy.command,
          policy.roles.join(', '),
          [
            code(policy.using && readable(policy.using)),
            policy.check && `new rows: ${code(readable(policy.check))}`,
          ]
            .filter(Boolean)
            .join(' '),
          cell(policy.comment.text),
        ]),
      ),
    ),
    titled(
      'Triggers',
      table(
        ['trigger', 'when', 'calls', 'meaning'],
        relation.triggers.map((trigger) => [
          trigger.name,
          cell(trigger.timing),
          code(trigger.function),
          cell(trigger.comment.text),
        ]),
      ),
    ),
    titled(
      'Personal data',
      table(
        ['column', 'on erasure', 'why'],
        relation.personalData.map((rule) => [rule.column, rule.action, cell(rule.reason)]),
      ),
    ),
  ).trimEnd();
}

export function viewSection(relation: View): string {
  return page(
    `### ${relation.name}`,
    relation.comment.text,
    relation.comment.name ? `- In the API: \`${relation.comment.name}\`.` : undefined,
    columnTable(relation),
    relation.grants.length > 0 ? `**Grants**\n\n${grantTable(relation.grants)}` : '**Grants**: none.',
  ).trimEnd();
}

export function typeSection(type: RowType): string {
  return page(
    `### ${type.name}`,
    type.comment.text,
    table(
      ['field', 'type', 'meaning'],
      type.columns.map(({ name, type, comment }) => [name, code(shortType(type)), cell(comment.text)]),
    ),
  ).trimEnd();
}

/** `12 columns, 3 indexes, 2 policies`: what a table holds, for a list. */
export function tableCounts({ columns, indexes, policies }: Table): string {
  return [
    count(columns.length, 'column'),
    count(indexes.length, 'index', 'indexes'),
    count(policies.length, 'policy', 'policies'),
  ].join(', ');
}
