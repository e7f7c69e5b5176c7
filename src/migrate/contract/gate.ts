import type { Client } from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import { programVersion } from '../../postgres/client-version.ts';
import { readBackfillRecords } from '../backfill/record.ts';
import type { Step } from '../step.ts';
import { replacedBy, type Taken, takenBy } from './taken.ts';
import { type User, usersOf } from './users.ts';

export interface ContractOptions {
  /** The version that migrates: what is older may still use what is taken away. */
  readonly version: string;
  /** How long ago a client of an older version may have been seen last. */
  readonly withinMinutes: number;
  /** Apply it all the same, for this reason. */
  readonly force?: string | undefined;
  /** What operations that clients have registered use of it, a line each. */
  readonly registeredUses?: ((taken: readonly Taken[]) => Promise<readonly string[]>) | undefined;
}

export const contractDefaults: ContractOptions = { version: programVersion, withinMinutes: 15 };

/** What still uses what a migration marked "-- contract" takes away, a line each; nothing for one that is not marked. */
export async function usesOf(
  client: Client,
  step: Step,
  options: ContractOptions,
): Promise<readonly string[]> {
  if (!step.migration.headers.isContract) return [];
  const taken = takenBy(step);
  return [
    ...(await usesInDatabase(client, step, taken)),
    ...(await olderClients(client, options)),
    ...(await unfinishedBackfills(client, taken)),
    ...((await options.registeredUses?.(taken)) ?? []),
  ];
}

export const contractCure =
  'Change these first. To apply it all the same: --force-contract "<why>", which the audit log keeps.';

/**
 * Throws while something still uses what a migration marked "-- contract" takes away. With a reason to force it, the
 * reason and what was found are written to the audit log instead.
 */
export async function refuseWhileInUse(client: Client, step: Step, options: ContractOptions): Promise<void> {
  const found = await usesOf(client, step, options);
  if (found.length === 0) return;
  const { migration } = step;
  if (options.force !== undefined) {
    await client.query(
      `select audit.record('force_contract', 'migration',
         p_resource_key => jsonb_build_object('name', $1::text),
         p_new_values => jsonb_build_object('found', $2::jsonb, 'login', session_user::text),
         p_reason => $3)`,
      [migration.name, JSON.stringify(found), options.force],
    );
    return;
  }
  throw new StoaError(
    'contract.in_use',
    `${migration.file} takes away what is still in use:\n${found.map((line) => `  ${line}`).join('\n')}`,
    { cure: contractCure, exitCode: exitCodes.refused },
  );
}

async function usesInDatabase(
  client: Client,
  step: Step,
  taken: readonly Taken[],
): Promise<readonly string[]> {
  const replaced = replacedBy(step);
  const gone = new Set(taken.flatMap((each) => (each.kind === 'relation' ? [`view ${each.relation}`] : [])));
  const lines: string[] = [];
  for (const each of taken) {
    const what = named(each);
    for (const { name, evidence } of await usersOf(client, each)) {
      if (replaced.has(name) || gone.has(name)) continue;
      lines.push(`${what}: ${name} ${how[evidence]}`);
    }
  }
  return lines;
}

const how: Readonly<Record<User['evidence'], string>> = {
  dependency: 'uses it',
  parsed: 'uses it',
  word: 'has its name in its text',
  dynamic: 'has its name in SQL that it puts together: whether it uses it cannot be known',
};

function named(taken: Taken): string {
  switch (taken.kind) {
    case 'relation':
      return taken.relation;
    case 'column':
      return `${taken.relation}.${taken.column}`;
    case 'function':
      return `${taken.name}()`;
  }
}

async function olderClients(client: Client, options: ContractOptions): Promise<readonly string[]> {
  if (!(await isThere(client, 'ops.client_versions'))) return [];
  const { rows } = await client.query<{ application: string; version: string; ago: number }>(
    `select application, version, round(extract(epoch from clock_timestamp() - seen_at) / 60)::integer as ago
     from ops.client_versions
     where seen_at > clock_timestamp() - make_interval(mins => $1)
     order by application, version`,
    [options.withinMinutes],
  );
  return rows
    .filter(({ version }) => isOlder(version, options.version))
    .map(
      ({ application, version, ago }) => `${application} of version ${version} was connected ${ago} min ago`,
    );
}

/** A program that is older than `than`, by the numbers of both. What follows the numbers does not count. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): number[] => (/^[\d.]+/.exec(text)?.[0] ?? '').split('.').map(Number);
  const [a, b] = [numbers(version), numbers(than)];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

async function unfinishedBackfills(client: Client, taken: readonly Taken[]): Promise<readonly string[]> {
  const tables = new Set(taken.flatMap((each) => (each.kind === 'function' ? [] : [each.relation])));
  return (await readBackfillRecords(client))
    .filter(({ table, state }) => tables.has(table) && state !== 'finished')
    .map(({ name, table, state }) => `backfill ${name} of ${table} is ${state}`);
}

async function isThere(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ answer: boolean }>('select to_regclass($1) is not null as answer', [
    table,
  ]);
  return rows[0]?.answer === true;
}
