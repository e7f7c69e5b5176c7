import type { ClientBase } from 'pg';
import pg from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { connect } from '../postgres/connect.ts';

/** A row that breaks an invariant. */
export interface Offence {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

export interface InvariantResult {
  readonly name: string;
  readonly module: string;
  readonly description: string;
  /** `unknown`: it could not be found out, see `failure`. */
  readonly state: 'holds' | 'broken' | 'unknown';
  /** How many rows break it. */
  readonly offences: number;
  /** The first of them. */
  readonly examples: readonly Offence[];
  readonly failure?: string;
  readonly elapsedMs: number;
}

export interface InvariantOptions {
  readonly databaseUrl: string;
  /** Names, or beginnings of them up to a dot: `forums`, `forums.posts`, `forums.posts.votes`. Default: all. */
  readonly only?: readonly string[];
  /** For each of the queries. Default: ten minutes. */
  readonly timeoutMs?: number;
  /** How many offences are told of each. Default: 5. */
  readonly examples?: number;
  readonly onResult?: (result: InvariantResult, index: number, total: number) => void;
}

interface Registered {
  readonly name: string;
  readonly module: string;
  readonly description: string;
  readonly query: string;
}

async function registered(client: ClientBase, only: readonly string[]): Promise<Registered[]> {
  const { rows: known } = await client.query<{ yes: boolean }>(
    `select to_regclass('ops.invariants') is not null as yes`,
  );
  if (!known[0]?.yes) {
    throw new StoaError('doctor.no_invariants', 'This database has no list of invariants yet.', {
      cure: 'Run "stoa migrate up" first.',
      exitCode: exitCodes.checkFailed,
    });
  }
  const { rows } = await client.query<Registered>(
    `select name, module, description, query
     from ops.invariants as invariant
     where cardinality($1::text[]) = 0
        or exists (
          select from unnest($1::text[]) as wanted (name)
          where invariant.name = wanted.name or starts_with(invariant.name, wanted.name || '.')
        )
     order by name`,
    [only],
  );
  const unknown = only.find((wanted) =>
    rows.every(({ name }) => name !== wanted && !name.startsWith(`${wanted}.`)),
  );
  if (unknown !== undefined) {
    throw new StoaError('doctor.unknown_invariant', `There is no invariant named "${unknown}".`, {
      cure: 'List them with "stoa doctor invariants --list".',
      exitCode: exitCodes.usage,
    });
  }
  return rows;
}

/** One snapshot, read only: what is looked at last is as old as what is looked at first. */
async function inSnapshot<Result>(
  databaseUrl: string,
  timeoutMs: number,
  work: (client: ClientBase) => Promise<Result>,
): Promise<Result> {
  const client = await connect(databaseUrl, 'doctor');
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query('set local role stoa_owner');
    await client.query(`set local search_path = ''`);
    await client.query(`select set_config('statement_timeout', $1, true)`, [`${timeoutMs}ms`]);
    return await work(client);
  } finally {
    await client.query('rollback').catch(() => undefined);
    await client.end();
  }
}

function failureOf(error: pg.DatabaseError, timeoutMs: number): string {
  return error.code === '57014' ? `stopped after ${timeoutMs / 1_000} s` : error.message;
}

async function check(
  client: ClientBase,
  invariant: Registered,
  options: { readonly timeoutMs: number; readonly examples: number },
): Promise<InvariantResult> {
  const { name, module, description, query } = invariant;
  const begun = performance.now();
  const told = { name, module, description };
  const elapsed = (): number => Math.round(performance.now() - begun);
  await client.query('savepoint invariant');
  try {
    const { rows } = await client.query<Offence & { total: number }>(
      `select offence.subject, offence.expected, offence.found, count(*) over ()::integer as total
       from (${query}) as offence
       limit $1`,
      [Math.max(1, options.examples)],
    );
    await client.query('release invariant');
    return {
      ...told,
      state: rows.length === 0 ? 'holds' : 'broken',
      offences: rows[0]?.total ?? 0,
      examples: rows
        .slice(0, options.examples)
        .map(({ subject, expected, found }) => ({ subject, expected, found })),
      elapsedMs: elapsed(),
    };
  } catch (error) {
    // A query that cannot be answered is a finding like any other; the rest can still be.
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query('rollback to invariant');
    const failure = failureOf(error, options.timeoutMs);
    return { ...told, state: 'unknown', offences: 0, examples: [], failure, elapsedMs: elapsed() };
  }
}

/**
 * Runs the queries of `ops.invariants` one after another in one read-only snapshot and tells what each found. Nothing
 * is repaired, and no lock is taken that a reader would not take.
 */
export async function checkInvariants(options: InvariantOptions): Promise<readonly InvariantResult[]> {
  const { timeoutMs = 600_000, examples = 5 } = options;
  return inSnapshot(options.databaseUrl, timeoutMs, async (client) => {
    const invariants = await registered(client, options.only ?? []);
    const results: InvariantResult[] = [];
    for (const [index, invariant] of invariants.entries()) {
      const result = await check(client, invariant, { timeoutMs, examples });
      results.push(result);
      options.onResult?.(result, index, invariants.length);
    }
    return results;
  });
}

/** What would be checked, without doing it. */
export function listInvariants(
  options: Pick<InvariantOptions, 'databaseUrl' | 'only'>,
): Promise<readonly Omit<Registered, 'query'>[]> {
  return inSnapshot(options.databaseUrl, 60_000, async (client) =>
    (await registered(client, options.only ?? [])).map(({ name, module, description }) => ({
      name,
      module,
      description,
    })),
  );
}
