import { existsSync, readFileSync } from 'node:fs';
import { dataFolder } from '../data-folder.ts';
import type { ReadyConfig } from '../postgres/database.ts';
import { type CreateOptions, createBaseBackup } from './base/create.ts';
import { newestMigration, recordedBackup } from './base/record.ts';
import type { PhysicalBackup } from './catalog.ts';
import { reasonOf } from './drill/check.ts';
import { notePoint } from './drill/note.ts';
import { openKeptIndexes } from './increment/kept-index.ts';
import type { Vault } from './vault.ts';

export interface RunBaseOptions {
  readonly config: ReadyConfig;
  readonly vault: Vault;
  readonly label?: string;
  readonly rate?: number;
  /** Whether an increment can be laid over it. Default: as the settings say. */
  readonly hasIndex?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, expected: number) => void;
  readonly onTrouble: (reason: string) => void;
  /** Told why the hashes of its blocks are not kept here: the next increment may be a whole backup. */
  readonly onNotKept?: (reason: string) => void;
}

/** Keeps the index of a backup where increments need it. That it cannot be kept is no reason against the backup. */
function keepingIndex({
  config,
  onNotKept = () => {},
}: Pick<RunBaseOptions, 'config' | 'onNotKept'>): Pick<CreateOptions, 'onIndex'> {
  const kept = openKeptIndexes(config);
  if (kept === undefined) return {};
  return {
    async onIndex(id, index) {
      await kept.keep(id, index).catch((error: unknown) => onNotKept(reasonOf(error)));
    },
  };
}

/** What a restored installation goes on with. */
function secretsOf(config: Pick<ReadyConfig, 'dataDir'>): Uint8Array | undefined {
  const path = dataFolder(config.dataDir).secrets;
  return existsSync(path) ? readFileSync(path) : undefined;
}

interface Taking {
  readonly kind: 'base' | 'increment';
  take(given: CreateOptions): Promise<PhysicalBackup>;
  /** What a drill has to find in it, where that is due. */
  readonly notePoint: (...about: Parameters<typeof notePoint>) => Promise<unknown>;
}

/** A backup of this installation, recorded in its database as far as that can be written. */
export async function takeRecorded(options: RunBaseOptions, taking: Taking): Promise<PhysicalBackup> {
  const { config, vault, label, rate, signal, onProgress, onTrouble } = options;
  const migration = await newestMigration(config.adminUrl);
  const secrets = secretsOf(config);
  const work = (): Promise<PhysicalBackup> =>
    taking.take({
      url: config.backupUrl ?? config.adminUrl,
      vault,
      compression: config.backup.compression,
      ...keepingIndex(options),
      ...(label === undefined ? {} : { label }),
      ...(rate === undefined ? {} : { rate }),
      ...(secrets === undefined ? {} : { secrets }),
      ...(migration === undefined ? {} : { migration }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  // Before the first migration there is no table to record it in.
  if (migration === undefined) return work();
  const backup = await recordedBackup(config.workerUrl, onTrouble, taking.kind, work);
  await taking.notePoint(config, vault, onTrouble);
  return backup;
}

export function runBaseBackup(options: RunBaseOptions): Promise<PhysicalBackup> {
  const hasIndex = options.hasIndex ?? options.config.backup.increments;
  return takeRecorded(options, {
    kind: 'base',
    take: (given) => createBaseBackup({ ...given, hasIndex }),
    notePoint,
  });
}
