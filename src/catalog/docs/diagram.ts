import type { CatalogModule, Constraint, Table } from '../model/model.ts';
import { shortType } from './types.ts';

/** Mermaid takes letters, digits, underscores, hyphens, brackets and parentheses in a type, and no more. */
function diagramType(type: string): string {
  return shortType(type)
    .replace(/\((\d+),\s*\d+\)/, '($1)')
    .replaceAll(' ', '_');
}

/** `forums.posts` as the name of an entity. */
function entity(table: string): string {
  return table.replace('.', '_');
}

function keyMarks(table: Table, column: string): string {
  const marks: string[] = [];
  const holds = (kind: Constraint['kind'], single = false): boolean =>
    table.constraints.some(
      (constraint) =>
        constraint.kind === kind &&
        constraint.columns.includes(column) &&
        (!single || constraint.columns.length === 1),
    );
  if (holds('primary key')) marks.push('PK');
  if (holds('foreign key')) marks.push('FK');
  if (holds('unique', true)) marks.push('UK');
  return marks.join(', ');
}

/** How many rows of each side meet: `||--o{` is "exactly one to any number". */
function cardinality(table: Table, key: Constraint): string {
  const optional = key.columns.some(
    (name) => table.columns.find((column) => column.name === name)?.isNullable,
  );
  const single = table.constraints.some(
    (other) =>
      (other.kind === 'primary key' || other.kind === 'unique') &&
      other.columns.length === key.columns.length &&
      other.columns.every((column) => key.columns.includes(column)),
  );
  return `${optional ? '|o' : '||'}--${single ? 'o|' : 'o{'}`;
}

/**
 * The tables of one module with their columns and keys, as a Mermaid entity-relationship diagram. Tables of other
 * modules stand as empty boxes.
 */
export function diagram({ tables }: CatalogModule): string {
  const own = new Set(tables.map(({ name }) => name));
  const foreign = new Set<string>();
  const relations: string[] = [];
  for (const table of tables) {
    for (const key of table.constraints) {
      if (key.kind !== 'foreign key' || key.references === undefined) continue;
      if (!own.has(key.references)) foreign.add(key.references);
      relations.push(
        `  ${entity(key.references)} ${cardinality(table, key)} ${entity(table.name)} : "${key.columns.join(', ')}"`,
      );
    }
  }

  const lines = ['```mermaid', 'erDiagram'];
  for (const table of tables) {
    lines.push(`  ${entity(table.name)}["${table.name}"] {`);
    for (const column of table.columns) {
      lines.push(`    ${diagramType(column.type)} ${column.name} ${keyMarks(table, column.name)}`.trimEnd());
    }
    lines.push('  }');
  }
  for (const name of [...foreign].sort()) lines.push(`  ${entity(name)}["${name}"]`);
  lines.push(...relations.sort(), '```');
  return lines.join('\n');
}
