import type { ClientBase } from 'pg';
import pg from 'pg';
import type { TestDatabase } from '../../harness/index.ts';
import type { Cells, Columns, FixtureRow, Operation, Persona, Rows, TableMatrix } from './cells.ts';
import { people } from './people.ts';
import type { Relation } from './relations.ts';

/** One cell, in a form in which what is expected and what was seen can be compared. */
export type Outcome =
  | 'denied'
  | {
      /** Labels of the rows, sorted. */
      readonly rows: readonly string[];
      /** How many rows without a label: those of the migrations. */
      readonly unlabelled: number;
      /** Of a read: the columns that are withheld. */
      readonly without?: readonly string[];
      /** Of a write: the columns that may be written. */
      readonly columns?: readonly string[];
    };
export type Observation = Readonly<Record<Operation, Outcome>>;

/** The labelled rows as they stand in the table, and how many others stand there. */
export interface Inventory {
  /** By label: the values of every column as text, in the order of the columns. */
  readonly labelled: ReadonlyMap<string, readonly (string | null)[]>;
  readonly unlabelled: number;
}

const literal = (value: string | null | undefined): string =>
  value === null || value === undefined ? 'null' : pg.escapeLiteral(value);

function keyOf(relation: Relation, table: TableMatrix): readonly string[] {
  return table.key ?? relation.primaryKey;
}

/** Finds the labelled rows again. A row is found by those of its values that identify it, or else by all of them. */
export async function takeInventory(
  db: TestDatabase,
  relation: Relation,
  table: TableMatrix,
): Promise<Inventory> {
  const labelled = new Map<string, readonly (string | null)[]>();
  for (const row of table.rows) {
    const key = keyOf(relation, table);
    const isKeyed = key.length > 0 && key.every((column) => column in row.values);
    const columns = isKeyed
      ? key
      : Object.keys(row.values).filter((column) => typeof row.values[column] === 'string');
    const found = await db.pool.query<(string | null)[]>({
      text: `select ${relation.columns.map((column) => `${column}::text`).join(', ')} from ${relation.name}
             where ${columns.map((column, index) => `${column} = $${index + 1}`).join(' and ')}`,
      values: columns.map((column) => row.values[column]),
      rowMode: 'array',
    });
    const [values] = found.rows;
    if (values === undefined || found.rows.length !== 1) {
      throw new Error(`${found.rows.length} rows of ${relation.name} are "${row.label}", not one`);
    }
    labelled.set(row.label, values);
  }
  const total = await db.query<{ count: number }>(`select count(*)::integer as count from ${relation.name}`);
  return { labelled, unlabelled: (total.rows[0]?.count ?? 0) - labelled.size };
}

function isOf(row: FixtureRow, persona: Persona): boolean {
  if (persona === 'anonymous') return false;
  return Array.isArray(row.belongsTo) ? row.belongsTo.includes(persona) : row.belongsTo === persona;
}

function expectedRows(rows: Rows, persona: Persona, table: TableMatrix): readonly string[] {
  switch (rows) {
    case 'all':
      return table.rows.map(({ label }) => label).sort();
    case 'own':
      return table.rows
        .filter((row) => isOf(row, persona))
        .map(({ label }) => label)
        .sort();
    case 'none':
      return [];
    default:
      return [...rows].sort();
  }
}

/** The cells, spelt out for the rows that stand in the table. */
export function expected(
  cells: Cells,
  persona: Persona,
  table: TableMatrix,
  inventory: Inventory,
): Observation {
  const outcome = (rows: Rows) => ({
    rows: expectedRows(rows, persona, table),
    unlabelled: rows === 'all' ? inventory.unlabelled : rows === 'own' && table.isOfCaller ? 1 : 0,
  });
  // Only the labelled rows are written.
  const written = ({ rows, columns }: Columns): Outcome => ({
    rows: expectedRows(rows, persona, table),
    unlabelled: 0,
    columns: [...columns].sort(),
  });
  const [select, insert, update, remove] = cells;
  const isPartly = typeof select === 'object' && 'without' in select;
  return {
    select:
      select === 'denied'
        ? 'denied'
        : {
            ...outcome(isPartly ? select.rows : select),
            without: isPartly ? [...select.without].sort() : [],
          },
    insert: insert === 'denied' ? 'denied' : written(insert),
    update: update === 'denied' ? 'denied' : written(update),
    delete: remove === 'denied' ? 'denied' : { rows: expectedRows(remove, persona, table), unlabelled: 0 },
  };
}

type Attempt = 'denied' | 'refused' | `done ${number}` | `failed ${string}`;

/** What stands behind `attempt`: runs each statement as the caller, notes what came of it, and takes it back. */
export const attemptFunction = `
  create schema security_matrix;
  create function security_matrix.attempt(p_statements text[]) returns text[] language plpgsql as $$
  declare
    outcomes text[] := '{}';
    statement text;
    touched bigint;
  begin
    foreach statement in array p_statements loop
      begin
        execute statement;
        get diagnostics touched = row_count;
        raise exception using errcode = 'UNDO0', message = touched;
      exception
        when sqlstate 'UNDO0' then
          outcomes := outcomes || ('done ' || sqlerrm);
        when insufficient_privilege then
          outcomes := outcomes || case when sqlerrm like '%row-level security%' then 'refused' else 'denied' end;
        when object_not_in_prerequisite_state then
          -- A view that nothing can be written through refuses before anybody's grants are looked at.
          outcomes := outcomes || case when sqlerrm like 'cannot % view %' then 'denied' else 'failed ' || sqlstate end;
        when others then
          outcomes := outcomes || ('failed ' || sqlstate);
      end;
    end loop;
    return outcomes;
  end $$;
  grant usage on schema security_matrix to stoa_anonymous;
  grant execute on function security_matrix.attempt(text[]) to stoa_anonymous;
`;

async function attempt(client: ClientBase, statements: readonly string[]): Promise<readonly Attempt[]> {
  if (statements.length === 0) return [];
  const { rows } = await client.query<{ outcomes: Attempt[] }>(
    'select security_matrix.attempt($1) as outcomes',
    [statements],
  );
  return rows[0]?.outcomes ?? [];
}

/** Passed the grants and the policies; that a constraint refused it afterwards does not matter here. */
function isAllowed(outcome: Attempt | undefined): boolean {
  return outcome !== undefined && outcome !== 'denied' && outcome !== 'refused' && outcome !== 'done 0';
}

/** The columns for which the command itself is not denied. */
async function allowedColumns(
  client: ClientBase,
  relation: Relation,
  statement: (column: string) => string,
): Promise<readonly string[]> {
  const outcomes = await attempt(client, relation.columns.map(statement));
  return relation.columns.filter((_, index) => outcomes[index] !== 'denied');
}

/** Performs the four operations on one table as the persona that `client` is, and tells what happened. */
export async function observe(
  client: ClientBase,
  relation: Relation,
  table: TableMatrix,
  inventory: Inventory,
): Promise<Observation> {
  const { name, columns } = relation;
  const key = keyOf(relation, table);
  const rows = [...inventory.labelled];
  const literalOf = (values: readonly (string | null)[], column: string): string =>
    literal(values[columns.indexOf(column)]);
  const here = (values: readonly (string | null)[]): string =>
    key.map((column) => `${column} = ${literalOf(values, column)}`).join(' and ');
  const labels = (outcomes: readonly Attempt[]): readonly string[] =>
    rows
      .filter((_, index) => isAllowed(outcomes[index]))
      .map(([label]) => label)
      .sort();

  const select = async (): Promise<Outcome> => {
    const readable = await allowedColumns(
      client,
      relation,
      (column) => `select ${column} from ${name} where false`,
    );
    if (readable.length === 0) return 'denied';
    const unreadableKey = key.filter((column) => !readable.includes(column));
    if (key.length === 0 || unreadableKey.length > 0)
      throw new Error(`the rows of ${name} cannot be told apart`);
    const seen = await client.query<(string | null)[]>({
      text: `select ${key.map((column) => `${column}::text`).join(', ')} from ${name}`,
      rowMode: 'array',
    });
    const labelOf = new Map(
      rows.map(([label, values]) => [
        JSON.stringify(key.map((column) => values[columns.indexOf(column)])),
        label,
      ]),
    );
    const found = seen.rows.map((values) => labelOf.get(JSON.stringify(values)));
    return {
      rows: found.filter((label) => label !== undefined).sort(),
      unlabelled: found.filter((label) => label === undefined).length,
      without: columns.filter((column) => !readable.includes(column)).sort(),
    };
  };

  const insert = async (): Promise<Outcome> => {
    const writable = await allowedColumns(
      client,
      relation,
      (column) => `insert into ${name} (${column}) values (default)`,
    );
    if (writable.length === 0) return 'denied';
    // Inserting a row a second time fails on its key, but only after the policies let it pass.
    const outcomes = await attempt(
      client,
      rows.map(
        ([, values]) =>
          `insert into ${name} (${writable.join(', ')}) overriding system value values (${writable.map((column) => literalOf(values, column)).join(', ')})`,
      ),
    );
    return { rows: labels(outcomes), unlabelled: 0, columns: [...writable].sort() };
  };

  const update = async (): Promise<Outcome> => {
    const writable = await allowedColumns(
      client,
      relation,
      (column) => `update ${name} set ${column} = default where false`,
    );
    const [column] = writable;
    if (column === undefined) return 'denied';
    const outcomes = await attempt(
      client,
      rows.map(
        ([, values]) => `update ${name} set ${column} = ${literalOf(values, column)} where ${here(values)}`,
      ),
    );
    return { rows: labels(outcomes), unlabelled: 0, columns: [...writable].sort() };
  };

  const remove = async (): Promise<Outcome> => {
    const [outcome] = await attempt(client, [`delete from ${name} where false`]);
    if (outcome === 'denied') return 'denied';
    const outcomes = await attempt(
      client,
      rows.map(([, values]) => `delete from ${name} where ${here(values)}`),
    );
    return { rows: labels(outcomes), unlabelled: 0 };
  };

  return { select: await select(), insert: await insert(), update: await update(), delete: await remove() };
}

/** Who the gateway would make of a persona. A banned account comes as a visitor that still has a name. */
export function actorOf(persona: Persona) {
  switch (persona) {
    case 'anonymous':
      return { role: 'stoa_anonymous' } as const;
    case 'banned':
      return { role: 'stoa_anonymous', userId: people.banned.id } as const;
    case 'moderator':
      return { role: 'stoa_moderator', userId: people.moderator.id } as const;
    case 'admin':
      return { role: 'stoa_admin', userId: people.admin.id } as const;
    default:
      return { role: 'stoa_member', userId: people[persona].id } as const;
  }
}
