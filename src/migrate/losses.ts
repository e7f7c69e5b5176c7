import type { Node, RangeVar } from 'libpg-query';
import type { Client } from 'pg';
import { identifier, qualifiedName, stringOf } from './objects/typename.ts';
import type { Step } from './step.ts';

/** Something that a statement takes away together with what is stored in it. */
interface Loss {
  /** `table forums.posts`, `column forums.posts.title` */
  readonly what: string;
  /** Answers whether something is stored there; undefined when that cannot be asked. */
  readonly probe: { readonly table: string; readonly condition: string } | undefined;
}

/**
 * What would be lost if the step ran now: tables and columns that hold something, rows that are removed without a
 * condition. A delete that names its rows is taken for the undoing of an insert.
 */
export async function lossesOf(client: Client, step: Step): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const { node } of step.statements) {
    for (const { what, probe } of lossesIn(node)) {
      if (probe === undefined || (await holdsSomething(client, probe))) lost.push(what);
    }
  }
  return lost;
}

async function holdsSomething(client: Client, probe: { table: string; condition: string }): Promise<boolean> {
  const { rows: known } = await client.query<{ exists: boolean }>(
    'select to_regclass($1) is not null as exists',
    [probe.table],
  );
  if (known[0]?.exists !== true) return false;
  const { rows } = await client.query<{ answer: boolean }>(
    `select exists (select from ${probe.table} where ${probe.condition}) as answer`,
  );
  return rows[0]?.answer === true;
}

function lossesIn(node: Node): readonly Loss[] {
  if ('DropStmt' in node) {
    const { removeType, behavior, objects = [] } = node.DropStmt;
    if (removeType === 'OBJECT_TABLE') {
      return objects.map((object) => {
        const table =
          'List' in object
            ? (object.List.items ?? []).map((part) => identifier(stringOf(part))).join('.')
            : '';
        return { what: `table ${table}`, probe: { table, condition: 'true' } };
      });
    }
    if (removeType === 'OBJECT_SCHEMA' && behavior === 'DROP_CASCADE') {
      return [{ what: 'a whole schema', probe: undefined }];
    }
    return [];
  }
  if ('AlterTableStmt' in node) {
    const { relation, cmds = [] } = node.AlterTableStmt;
    return cmds.flatMap((command) => {
      if (!('AlterTableCmd' in command) || command.AlterTableCmd.subtype !== 'AT_DropColumn') return [];
      const column = identifier(command.AlterTableCmd.name ?? '');
      const table = tableName(relation);
      return [{ what: `column ${table}.${column}`, probe: { table, condition: `${column} is not null` } }];
    });
  }
  if ('TruncateStmt' in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((relation) =>
      'RangeVar' in relation
        ? [
            {
              what: `rows of ${tableName(relation.RangeVar)}`,
              probe: { table: tableName(relation.RangeVar), condition: 'true' },
            },
          ]
        : [],
    );
  }
  if ('DeleteStmt' in node && node.DeleteStmt.whereClause === undefined) {
    const table = tableName(node.DeleteStmt.relation);
    return [{ what: `rows of ${table}`, probe: { table, condition: 'true' } }];
  }
  return [];
}

function tableName(relation: RangeVar | undefined): string {
  return qualifiedName(relation?.schemaname, relation?.relname ?? '');
}
