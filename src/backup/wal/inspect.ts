import type { QueryResult, QueryResultRow } from 'pg';
import type { Finding } from '../../alerts/set-alerts.ts';
import { listBackups, type PhysicalBackup, readEntry } from '../catalog.ts';
import type { Vault } from '../vault.ts';
import { findWal, listWal } from '../wal-archive.ts';
import { findMissing, type MissingSegments } from './contiguity.ts';
import { formatLsn, parseLsn, placeOf } from './position.ts';

export interface SlotState {
  readonly name: string;
  readonly isActive: boolean;
  /** `reserved`, `extended`, `unreserved` (next to be thrown away) or `lost`. */
  readonly walStatus: string | null;
  readonly restartLsn: string | null;
  /** How much more may be written before the server gives the slot up, in bytes; null: it never does. */
  readonly safeBytes: number | null;
  /** What the server keeps because of it, in bytes. */
  readonly keptBytes: number | null;
  readonly isSynchronous: boolean;
}

export interface WalState {
  readonly serverLsn: string;
  readonly slot: SlotState | undefined;
  /** The server archives by `archive_command` or `archive_library`. */
  readonly isArchiving: boolean;
  /** `max_slot_wal_keep_size` in bytes; null where there is no limit. */
  readonly slotLimitBytes: number | null;
  readonly archive: {
    readonly segments: number;
    /** The newest, whole or begun. */
    readonly last: string | undefined;
    readonly lastLsn: string | undefined;
    readonly lastAt: string | undefined;
    /** Written by the server and not in the storage, in bytes. */
    readonly lagBytes: number | undefined;
    /** How old the newest is while something is not in the storage; 0 when everything is. */
    readonly lagSeconds: number | undefined;
    readonly missing: readonly MissingSegments[];
  };
  /** From which recovery can begin. */
  readonly newestBackup: string | undefined;
}

type Query = <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<QueryResult<Row>>;

interface ServerRow extends QueryResultRow {
  readonly lsn: string;
  readonly segment_size: string;
  readonly slot_limit: string | null;
  readonly is_archiving: boolean;
}

interface SlotRow extends QueryResultRow {
  readonly active: boolean;
  readonly wal_status: string | null;
  readonly restart_lsn: string | null;
  readonly safe_wal_size: string | null;
  readonly kept: string | null;
  readonly is_synchronous: boolean;
}

async function readSlot(query: Query, name: string, lsn: string): Promise<SlotState | undefined> {
  const { rows } = await query<SlotRow>(
    `select
       slot.active, slot.wal_status, slot.restart_lsn::text as restart_lsn, slot.safe_wal_size::text as safe_wal_size,
       pg_wal_lsn_diff($2::pg_lsn, slot.restart_lsn)::text as kept,
       exists (
         select
         from pg_catalog.pg_stat_replication as standby
         where standby.application_name = slot.slot_name and standby.sync_state in ('sync', 'quorum')
       ) as is_synchronous
     from pg_catalog.pg_replication_slots as slot
     where slot.slot_name = $1 and slot.slot_type = 'physical'`,
    [name, lsn],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const number = (text: string | null): number | null => (text === null ? null : Number(text));
  return {
    name,
    isActive: row.active,
    walStatus: row.wal_status,
    restartLsn: row.restart_lsn,
    safeBytes: number(row.safe_wal_size),
    keptBytes: number(row.kept),
    isSynchronous: row.is_synchronous,
  };
}

export async function newestPhysical(vault: Vault): Promise<PhysicalBackup | undefined> {
  for (const id of (await listBackups(vault.storage)).toReversed()) {
    if (id.includes('-logical-')) continue;
    const entry = await readEntry(vault.storage, id);
    if (entry.kind !== 'logical') return entry;
  }
  return undefined;
}

/** What the server, the slot and the archive say of the log. Lists the archive, and writes nothing. */
export async function inspectWal(
  query: Query,
  vault: Vault,
  slotName: string,
  now = new Date(),
): Promise<WalState> {
  const { rows } = await query<ServerRow>(
    `select
       case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end::text as lsn,
       current_setting('archive_mode') <> 'off' as is_archiving,
       pg_size_bytes(current_setting('wal_segment_size'))::text as segment_size,
       (select nullif(setting, '-1')::bigint * 1048576
        from pg_catalog.pg_settings where name = 'max_slot_wal_keep_size')::text as slot_limit`,
  );
  const server = rows[0];
  if (server === undefined) throw new Error('the server did not say where it is');
  const segmentSize = Number(server.segment_size);
  const names = await listWal(vault);
  const segments = names.filter((name) => !name.endsWith('.history'));
  const last = segments.at(-1);
  const note = last === undefined ? undefined : await findWal(vault, last);
  const lastLsn =
    last === undefined || note === undefined
      ? undefined
      : placeOf(last, segmentSize).start + BigInt(note.artifact.size);
  const lag = lastLsn === undefined ? undefined : Number(parseLsn(server.lsn) - lastLsn);
  const backup = await newestPhysical(vault);
  const from =
    backup === undefined ? undefined : { timeline: backup.timeline, lsn: parseLsn(backup.startLsn) };
  const age = note === undefined ? undefined : (now.getTime() - Date.parse(note.archivedAt)) / 1_000;
  return {
    serverLsn: server.lsn,
    slot: await readSlot(query, slotName, server.lsn),
    isArchiving: server.is_archiving,
    slotLimitBytes: server.slot_limit === null ? null : Number(server.slot_limit),
    archive: {
      segments: segments.length,
      last,
      lastLsn: lastLsn === undefined ? undefined : formatLsn(lastLsn),
      lastAt: note?.archivedAt,
      lagBytes: lag === undefined ? undefined : Math.max(0, lag),
      lagSeconds: lag === undefined || age === undefined ? undefined : lag > 0 ? Math.max(0, age) : 0,
      missing: findMissing(names, segmentSize, from),
    },
    newestBackup: backup?.id,
  };
}

/** Everything that `judgeWal` can find. */
export const walAlerts = [
  'wal_not_received',
  'wal_slot_lost',
  'wal_slot_at_risk',
  'wal_slot_unbounded',
  'wal_archive_late',
  'wal_gap',
] as const;

/** The archive may be behind by a begun segment that waits for its turn, and by an upload that takes its time. */
const lateSeconds = 300;

/** What of it an operator has to know. `isWanted`: something is meant to receive. */
export function judgeWal(state: WalState, slot: string, isWanted: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  const find = (
    name: (typeof walAlerts)[number],
    level: Finding['level'],
    detail: Finding['detail'],
  ): void => {
    findings.push({ name, level, subject: slot, detail });
  };
  const { archive } = state;
  const isReceiving = isWanted || state.slot !== undefined;
  // Nobody keeps the log here, or nobody does any more.
  if (!isReceiving && !state.isArchiving) return [];
  if (state.slot?.walStatus === 'lost') find('wal_slot_lost', 'critical', { serverLsn: state.serverLsn });
  else if (isReceiving && !state.slot?.isActive) {
    find('wal_not_received', 'error', { hasSlot: state.slot !== undefined, serverLsn: state.serverLsn });
  }
  if (state.slot !== undefined && state.slotLimitBytes === null) {
    find('wal_slot_unbounded', 'warning', { keptBytes: state.slot.keptBytes });
  }
  const safe = state.slot?.safeBytes;
  if (safe !== undefined && safe !== null && safe < (state.slotLimitBytes ?? 0) / 4) {
    find('wal_slot_at_risk', 'error', { safeBytes: safe, limitBytes: state.slotLimitBytes });
  }
  if ((archive.lagSeconds ?? 0) > lateSeconds) {
    find('wal_archive_late', 'error', { lagBytes: archive.lagBytes, lagSeconds: archive.lagSeconds });
  }
  if (archive.missing.length > 0) find('wal_gap', 'critical', { missing: archive.missing });
  return findings;
}
