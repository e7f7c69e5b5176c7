import type { Client } from 'pg';
import pg from 'pg';
import { z } from 'zod';
import { exitCodes, StoaError } from '../errors.ts';

/** A row of ops.legal_holds. */
export interface LegalHold {
  readonly id: string;
  readonly kind: string;
  readonly subjectId: string;
  readonly reason: string;
  readonly placedBy: string;
  readonly placedAt: Date;
  readonly releasedAt: Date | null;
  readonly releasedBy: string | null;
  readonly releaseReason: string | null;
}

export interface HoldKind {
  readonly kind: string;
  readonly label: string;
}

/** A refusal of the database that is in its registry, as the command line tells it. */
function explain(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError && error.code?.startsWith('ST'))) return error;
  return new StoaError(error.detail ?? 'hold.refused', error.message, {
    ...(error.hint === undefined ? {} : { cure: error.hint }),
    exitCode: exitCodes.usage,
    cause: error,
  });
}

export async function listHoldKinds(client: Client): Promise<HoldKind[]> {
  const { rows } = await client.query<HoldKind>('select kind, label from ops.hold_kinds order by kind');
  return rows;
}

export async function listHolds(
  client: Client,
  options: { readonly all?: boolean } = {},
): Promise<LegalHold[]> {
  const { rows } = await client.query<LegalHold>(
    `select
       id, kind, subject_id as "subjectId", reason, placed_by as "placedBy", placed_at as "placedAt",
       released_at as "releasedAt", released_by as "releasedBy", release_reason as "releaseReason"
     from ops.legal_holds
     where $1 or released_at is null
     order by id`,
    [options.all ?? false],
  );
  return rows;
}

/** A person may be named by their username as well. */
async function subjectOf(client: Client, kind: string, subject: string): Promise<string> {
  if (z.uuid().safeParse(subject).success) return subject;
  if (kind === 'user') {
    const { rows } = await client.query<{ id: string }>(
      'select id from core.users where username::text = $1',
      [subject.replace(/^@/, '').toLowerCase()],
    );
    if (rows[0] !== undefined) return rows[0].id;
  }
  throw new StoaError('hold.subject_unknown', `There is no ${kind} ${subject}.`, {
    cure: kind === 'user' ? 'Give the username or the id.' : 'Give the id.',
    exitCode: exitCodes.usage,
  });
}

export async function placeHold(
  client: Client,
  hold: { readonly kind: string; readonly subject: string; readonly reason: string; readonly by?: string },
): Promise<string> {
  const subject = await subjectOf(client, hold.kind, hold.subject);
  try {
    const { rows } = await client.query<{ id: string }>(
      'select ops.place_hold($1, $2, $3, coalesce($4, session_user)) as id',
      [hold.kind, subject, hold.reason, hold.by ?? null],
    );
    return rows[0]?.id ?? '';
  } catch (error) {
    throw explain(error);
  }
}

export async function releaseHold(
  client: Client,
  release: { readonly id: string; readonly reason: string; readonly by?: string },
): Promise<void> {
  if (!z.uuid().safeParse(release.id).success) {
    throw new StoaError('hold.unknown', `${release.id} is not the id of a hold.`, {
      cure: 'List them with "stoa hold list".',
      exitCode: exitCodes.usage,
    });
  }
  try {
    await client.query('select ops.release_hold($1, $2, coalesce($3, session_user))', [
      release.id,
      release.reason,
      release.by ?? null,
    ]);
  } catch (error) {
    throw explain(error);
  }
}
