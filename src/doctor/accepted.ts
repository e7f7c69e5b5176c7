import type { ClientBase } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';

/** A finding that somebody looked at and leaves, kept in ops.accepted_findings. */
export interface Acceptance {
  readonly identity: string;
  readonly reason: string;
  /** `2030-12-31`, the last day; null: for good. */
  readonly until: string | null;
  readonly acceptedBy: string;
  readonly isInForce: boolean;
}

/** Empty also where the database is older than the table. */
export async function acceptances(client: ClientBase): Promise<readonly Acceptance[]> {
  const { rows: known } = await client.query<{ answer: boolean }>(
    "select to_regclass('ops.accepted_findings') is not null as answer",
  );
  if (!known[0]?.answer) return [];
  const { rows } = await client.query<Acceptance>(
    `select
       identity,
       reason,
       until::text as until,
       accepted_by::text as "acceptedBy",
       coalesce(until >= (now() at time zone 'UTC')::date, true) as "isInForce"
     from ops.accepted_findings
     order by identity`,
  );
  return rows;
}

export async function acceptedIdentities(client: ClientBase): Promise<ReadonlySet<string>> {
  const known = await acceptances(client);
  return new Set(known.filter(({ isInForce }) => isInForce).map(({ identity }) => identity));
}

export interface NewAcceptance {
  readonly identity: string;
  readonly reason: string;
  readonly until?: string | undefined;
}

/** A second acceptance of the same finding replaces the first. */
export async function accept(client: ClientBase, { identity, reason, until }: NewAcceptance): Promise<void> {
  if (until !== undefined && !isDate(until)) {
    throw new StoaError('doctor.not_a_date', `"${until}" is not a date.`, {
      cure: 'Write it like 2030-12-31.',
      exitCode: exitCodes.usage,
    });
  }
  if (reason.trim().length < 3) {
    throw new StoaError('doctor.no_reason', 'What is accepted is accepted for a reason.', {
      cure: 'Give it: --reason "…".',
      exitCode: exitCodes.usage,
    });
  }
  await client.query(
    `insert into ops.accepted_findings (identity, reason, until)
     values ($1, $2, $3)
     on conflict (identity) do update
     set reason = excluded.reason, until = excluded.until, accepted_by = excluded.accepted_by, inserted_at = now()`,
    [identity, reason.trim(), until ?? null],
  );
}

/** Throws where nothing of that name was accepted. */
export async function withdraw(client: ClientBase, identity: string): Promise<void> {
  const { rowCount } = await client.query('delete from ops.accepted_findings where identity = $1', [
    identity,
  ]);
  if (rowCount === 1) return;
  throw new StoaError('doctor.not_accepted', `Nothing called "${identity}" was accepted.`, {
    cure: 'See what was: stoa doctor --accepted.',
    exitCode: exitCodes.usage,
  });
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}
