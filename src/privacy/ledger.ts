import type { ClientBase } from 'pg';
import { StoaError } from '../errors.ts';
import { ask } from './database.ts';
import { erasePeople } from './erasure.ts';
import { type LedgerRecord, readLedger } from './erasure-ledger.ts';
import type { Places } from './places.ts';

export interface ReplayProgress {
  readonly done: number;
  readonly total: number;
  readonly detail: string;
}

export interface ReplayFailure {
  /** Of the ledger; undefined where the entry itself is missing. */
  readonly key: string | undefined;
  readonly requestId: string | undefined;
  readonly userId: string | undefined;
  readonly code: string;
  readonly reason: string;
}

export interface ReplayResult {
  readonly replayed: number;
  readonly alreadyGone: number;
  readonly failed: readonly ReplayFailure[];
}

/** People who are looked for in one reading of the database. */
const atOnce = 25;

const failureOf = (record: LedgerRecord, code: string, reason: string): ReplayFailure => ({
  key: record.key,
  requestId: record.entry.requestId,
  userId: record.entry.userId,
  code,
  reason,
});

/** What the database knows to be in the ledger, and is not. */
async function missingEntries(
  client: ClientBase,
  records: readonly LedgerRecord[],
): Promise<ReplayFailure[]> {
  const { rows } = await ask<{ id: string; user_id: string; key: string; sha256: string }>(
    client,
    `select id, user_id, certificate -> 'ledger' ->> 'key' as key, certificate -> 'ledger' ->> 'sha256' as sha256
     from audit.privacy_list(p_limit => 1000000)
     where certificate is not null`,
  );
  const digests = new Map(records.map(({ key, digest }) => [key, digest]));
  return rows
    .filter(({ key, sha256 }) => digests.get(key) !== sha256)
    .map(({ id, user_id: userId, key }) => ({
      key,
      requestId: id,
      userId,
      code: 'privacy.ledger_entry',
      reason: digests.has(key) ? 'The entry is not the one that was written.' : 'The entry is missing.',
    }));
}

/**
 * Erases again, and proves, whoever came back with a restore. To be run after every restore, before anybody may use the
 * database; doing it again changes nothing. `client` may be the worker's, the owner's or a superuser's, outside of a
 * transaction. A broken ledger is among the failures, and what is left of it is carried out all the same.
 */
export async function replayErasures(
  client: ClientBase,
  places: Places,
  options: { readonly onProgress?: (progress: ReplayProgress) => void } = {},
): Promise<ReplayResult> {
  const { records, faults } = await readLedger(places.ledger);
  const failed: ReplayFailure[] = [
    ...faults.map(({ key, sequence, reason }) => ({
      key,
      requestId: undefined,
      userId: undefined,
      code: 'privacy.ledger_broken',
      reason: `Entry ${sequence} of the ledger: ${reason}.`,
    })),
    ...(await missingEntries(client, records)),
  ];
  let alreadyGone = 0;
  const back: LedgerRecord[] = [];
  for (const record of records) {
    const { requestId, userId, requestedAt } = record.entry;
    const { rows } = await ask<{ state: string }>(
      client,
      'select audit.reopen_erasure($1, $2, $3) as state',
      [requestId, userId, requestedAt],
    );
    const state = rows[0]?.state;
    if (state === 'open') back.push(record);
    else if (state === 'another') {
      failed.push(failureOf(record, 'privacy.ledger_entry', 'The request is about somebody else here.'));
    } else alreadyGone += 1;
  }
  let replayed = 0;
  for (let start = 0; start < back.length; start += atOnce) {
    const part = back.slice(start, start + atOnce);
    const ids = part.map(({ entry }) => entry.requestId);
    try {
      const outcomes = await erasePeople(client, places, ids, {
        isEarly: true,
        isReplay: true,
        onProgress: ({ phase, detail }) =>
          options.onProgress?.({ done: start, total: back.length, detail: `${phase} ${detail}` }),
      });
      for (const { requestId, certificate, scan } of outcomes) {
        const record = part.find(({ entry }) => entry.requestId === requestId);
        if (certificate !== undefined) replayed += 1;
        else if (record !== undefined) {
          const where = scan.found.map(({ column }) => column).join(', ');
          failed.push(failureOf(record, 'privacy.not_proved', `Found in ${where}.`));
        }
      }
    } catch (error) {
      if (!(error instanceof StoaError)) throw error;
      for (const record of part) failed.push(failureOf(record, error.code, error.message));
    }
    options.onProgress?.({ done: start + part.length, total: back.length, detail: '' });
  }
  return { replayed, alreadyGone, failed };
}
