import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type ClientBase } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { aloneNow, ask } from './database.ts';
import { appendToLedger } from './erasure-ledger.ts';
import type { Places } from './places.ts';
import { type ScanResult, scanFor } from './scan.ts';

export interface Certificate {
  readonly request: string;
  readonly user: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly is_replay: boolean;
  /** By step. */
  readonly rows: Readonly<Record<string, number>>;
  readonly scan: ScanResult;
  readonly scan_sha256: string;
  readonly rules_sha256: string;
  readonly ledger: { readonly key: string; readonly sha256: string };
}

export interface ErasureProgress {
  readonly requestId: string;
  readonly phase: 'erasing' | 'proving';
  /** Rows, or tables. */
  readonly done: number;
  readonly detail: string;
}

export interface ErasureOptions {
  /** Does not wait for the end of the time in which the request can be taken back. */
  readonly isEarly?: boolean;
  readonly isReplay?: boolean;
  /** Rows a transaction. */
  readonly batch?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: ErasureProgress) => void;
}

export interface ErasureOutcome {
  readonly requestId: string;
  /** Undefined: the person was found, the request stays open. */
  readonly certificate: Certificate | undefined;
  readonly scan: ScanResult;
  /** Tables with rows that a legal hold keeps, which was placed after the erasure had begun. */
  readonly heldIn: readonly string[];
}

interface Progress {
  readonly request_id: string;
  readonly user_id: string;
  readonly identifiers: readonly { kind: string; value: string; is_common: boolean }[] | null;
  readonly ledger_key: string | null;
  readonly started_at: Date;
}

/** restrict_violation since PostgreSQL 18, foreign_key_violation before. */
const stillReferenced = ['23001', '23503'];

/** Long enough for a request that was under way when the account became a tombstone. */
const settleMs = 60_000;

/** Row and bytes, or neither: the row is gone for good when the bytes are. */
async function eraseUploads(client: ClientBase, { uploads }: Places, progress: Progress): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rows } = await ask<{ id: string; storage_path: string }>(
      client,
      'select id, storage_path from media.erasable_uploads($1)',
      [progress.user_id],
    );
    let removedNow = 0;
    for (const { id, storage_path: path } of rows) {
      await client.query('begin');
      try {
        await client.query('delete from media.uploads where id = $1', [id]);
        await uploads.delete(path);
        await uploads.delete(`incoming/${id}`);
        await client.query('select audit.count_uploads($1, 1)', [progress.request_id]);
        await client.query('commit');
        removedNow += 1;
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        // Attached to something at this moment: it loses its owner instead.
        if (!(error instanceof pg.DatabaseError) || !stillReferenced.includes(error.code ?? '')) throw error;
      }
    }
    removed += removedNow;
    if (removedNow === 0) return removed;
  }
}

/** Each step to its end, a batch a transaction. Answers with how many rows were deleted or changed. */
async function onePass(
  client: ClientBase,
  places: Places,
  progress: Progress,
  options: ErasureOptions,
  doneBefore: number,
): Promise<number> {
  const batch = options.batch ?? 1_000;
  const { rows: steps } = await ask<{ step: string; turn: number }>(
    client,
    'select step, turn from audit.erasure_steps()',
  );
  let done = 0;
  const work = async (step: string, atOnce: number): Promise<void> => {
    for (let affected = atOnce; affected >= atOnce; ) {
      options.signal?.throwIfAborted();
      const { rows } = await ask<{ affected: number }>(
        client,
        'select audit.run_erasure_step($1, $2, $3) as affected',
        [progress.request_id, step, atOnce],
      );
      affected = rows[0]?.affected ?? 0;
      done += affected;
      options.onProgress?.({
        requestId: progress.request_id,
        phase: 'erasing',
        done: doneBefore + done,
        detail: step.split(' where ')[0] ?? step,
      });
    }
  };
  // Files lose their owner only after those that nothing shows any more are gone with their bytes.
  const uploadsTurn = 200;
  for (const { step } of steps.filter(({ turn }) => turn < uploadsTurn)) await work(step, batch);
  done += await eraseUploads(client, places, progress);
  for (const { step } of steps.filter(({ turn }) => turn >= uploadsTurn)) await work(step, batch);
  await work('jobs', 2_000_000_000);
  await work('audit.logs', Math.min(batch, 500));
  return done;
}

/**
 * Requests that began before the account became a tombstone may still write in its name. Waits until every transaction
 * that had begun to write is over.
 */
async function settle(client: ClientBase, signal: AbortSignal | undefined): Promise<void> {
  const { rows } = await ask<{ edge: string }>(
    client,
    'select pg_snapshot_xmax(pg_current_snapshot())::text as edge',
  );
  const edge = rows[0]?.edge;
  const until = Date.now() + settleMs;
  for (;;) {
    signal?.throwIfAborted();
    const { rows: now } = await ask<{ over: boolean }>(
      client,
      'select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as over',
      [edge],
    );
    if (now[0]?.over) return;
    if (Date.now() > until) {
      throw new StoaError(
        'privacy.not_settled',
        'A transaction that began before the erasure does not end.',
        {
          cure: 'End it (see "stoa status" or pg_stat_activity), then run the erasure again: it goes on where it is.',
          exitCode: exitCodes.busy,
        },
      );
    }
    await sleep(100);
  }
}

/** Answers with whom it erased. */
async function eraseRows(
  client: ClientBase,
  places: Places,
  requestId: string,
  options: ErasureOptions,
): Promise<string> {
  const { rows } = await ask<Progress>(client, 'select * from audit.begin_erasure($1, $2, $3)', [
    requestId,
    options.isEarly ?? false,
    options.isReplay ?? false,
  ]);
  const [progress] = rows;
  if (progress === undefined) throw new Error('an erasure began without progress');
  if (progress.ledger_key === null) {
    // Before anything is taken out: a restore to any later moment finds it.
    const record = await appendToLedger(client, places.ledger, {
      requestId,
      userId: progress.user_id,
      requestedAt: progress.started_at,
      identifiers: (progress.identifiers ?? []).filter(({ kind }) => kind !== 'secret' && kind !== 'address'),
    });
    await ask(client, 'select audit.note_ledger($1, $2, $3)', [
      requestId,
      record.key,
      Buffer.from(record.digest, 'hex'),
    ]);
  }
  let done = await onePass(client, places, progress, options, 0);
  await settle(client, options.signal);
  // What was written in the person's name meanwhile; mostly nothing.
  for (let pass = 0; pass < 5; pass += 1) {
    const more = await onePass(client, places, progress, options, done);
    if (more === 0) break;
    done += more;
  }
  return progress.user_id;
}

async function tablesHeld(client: ClientBase, userId: string): Promise<readonly string[]> {
  const { rows } = await ask<{ held_in: readonly string[] }>(
    client,
    'select audit.erasure_held_in($1) as held_in',
    [userId],
  );
  return rows[0]?.held_in ?? [];
}

/** `people` by their requests. */
async function prove(
  client: ClientBase,
  people: ReadonlyMap<string, string>,
  options: ErasureOptions,
): Promise<readonly ErasureOutcome[]> {
  const requestIds = [...people.keys()];
  const scans = await scanFor(client, requestIds, {
    signal: options.signal,
    onTable: (done, total, table) => {
      for (const requestId of requestIds) {
        options.onProgress?.({ requestId, phase: 'proving', done, detail: `of ${total} tables (${table})` });
      }
    },
  });
  const outcomes: ErasureOutcome[] = [];
  for (const [requestId, scan] of scans) {
    const { rows } = await ask<{ certificate: Certificate | null }>(
      client,
      'select audit.finish_erasure($1, $2) as certificate',
      [requestId, JSON.stringify(scan)],
    );
    const certificate = rows[0]?.certificate ?? undefined;
    const userId = certificate === undefined ? people.get(requestId) : undefined;
    const heldIn = userId === undefined ? [] : await tablesHeld(client, userId);
    outcomes.push({ requestId, certificate, scan, heldIn });
  }
  return outcomes;
}

/**
 * Erases the people of requests that are due and proves it: one after the other, then one look through the database
 * for all of them. Cut off anywhere, it goes on where it was. Refuses privacy.busy when another process works on one of
 * them.
 */
export async function erasePeople(
  client: ClientBase,
  places: Places,
  requestIds: readonly string[],
  options: ErasureOptions = {},
): Promise<readonly ErasureOutcome[]> {
  const [first, ...others] = requestIds;
  if (first === undefined) return [];
  const within = async (
    ids: readonly string[],
    work: () => Promise<readonly ErasureOutcome[]>,
  ): Promise<readonly ErasureOutcome[]> => {
    const [next, ...rest] = ids;
    if (next === undefined) return work();
    return aloneNow(
      client,
      `audit.erase:${next}`,
      () =>
        new StoaError('privacy.busy', `Another process is at work on request ${next}.`, {
          cure: 'Wait until it is done: "stoa privacy list" shows it.',
          exitCode: exitCodes.busy,
        }),
      () => within(rest, work),
    );
  };
  return within([first, ...others], async () => {
    const eraseAndProve = async (ids: readonly string[]): Promise<readonly ErasureOutcome[]> => {
      const people = new Map<string, string>();
      for (const id of ids) people.set(id, await eraseRows(client, places, id, options));
      return prove(client, people, options);
    };
    const outcomes = await eraseAndProve(requestIds);
    const open = outcomes.filter(({ certificate }) => certificate === undefined);
    if (open.length === 0) return outcomes;
    // A job that ran while the queue was looked at may have left something: once more, before it is said.
    const again = await eraseAndProve(open.map(({ requestId }) => requestId));
    return outcomes.map(
      (outcome) => again.find(({ requestId }) => requestId === outcome.requestId) ?? outcome,
    );
  });
}
