import { join } from 'node:path';
import { z } from 'zod';
import { readShaped, writeJson } from '../../data-folder.ts';
import { isSameProcess, startTicks } from '../../postgres/process-identity.ts';

const gapShape = z.strictObject({
  timeline: z.int().positive(),
  /** What is missing begins here … */
  from: z.string(),
  /** … and ends before this. */
  to: z.string(),
  noticedAt: z.iso.datetime(),
});
export type WalGap = z.infer<typeof gapShape>;

const statusShape = z.strictObject({
  pid: z.int(),
  /** Tells the process from a later one of the same number. */
  ticks: z.string(),
  startedAt: z.iso.datetime(),
  slot: z.string(),
  systemIdentifier: z.string().optional(),
  state: z.enum(['connecting', 'receiving', 'spool full', 'stopped']),
  timeline: z.int().positive().optional(),
  /** How far the server was with writing when it last said so. */
  serverLsn: z.string().optional(),
  flushedLsn: z.string().optional(),
  flushedAt: z.iso.datetime().optional(),
  uploaded: z
    .strictObject({ name: z.string(), length: z.int().nonnegative(), at: z.iso.datetime() })
    .optional(),
  spoolBytes: z.int().nonnegative(),
  /** Stretches of the log that the server no longer had. A backup that is newer makes up for them. */
  gaps: z.array(gapShape),
  /** Since when nothing before a new whole backup can be recovered up to now. */
  backupWantedSince: z.iso.datetime().optional(),
  problem: z.string().optional(),
});
export type ReceiverStatus = z.infer<typeof statusShape>;

function statusFile(spoolFolder: string): string {
  return join(spoolFolder, 'receiver.json');
}

export function readReceiverStatus(spoolFolder: string): ReceiverStatus | undefined {
  return readShaped(statusFile(spoolFolder), statusShape);
}

export function writeReceiverStatus(spoolFolder: string, status: ReceiverStatus): void {
  writeJson(statusFile(spoolFolder), status);
}

/** Whether the receiver that wrote it still runs on this machine. */
export function isReceiverAlive(status: ReceiverStatus): boolean {
  return status.state !== 'stopped' && isSameProcess(status.pid, status.ticks);
}

/** Of a receiver that begins: what an earlier one left to know is kept. */
export function beginStatus(spoolFolder: string, slot: string): ReceiverStatus {
  const last = readReceiverStatus(spoolFolder);
  return {
    pid: process.pid,
    ticks: startTicks(process.pid),
    startedAt: new Date().toISOString(),
    slot,
    state: 'connecting',
    spoolBytes: 0,
    gaps: last?.gaps ?? [],
    ...(last?.uploaded === undefined ? {} : { uploaded: last.uploaded }),
    ...(last?.backupWantedSince === undefined ? {} : { backupWantedSince: last.backupWantedSince }),
  };
}
