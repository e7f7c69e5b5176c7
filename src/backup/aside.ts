import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exitCodes, StoaError } from '../errors.ts';
import { findRunAs } from '../postgres/run-as.ts';
import { reachableBinaries } from '../postgres/staging.ts';
import { listBackups, type PhysicalBackup, readEntry } from './catalog.ts';
import { startIsolated } from './drill/isolated-server.ts';
import { restoreInto } from './drill/restorer.ts';
import { binariesFor } from './restore/binaries.ts';
import { isPhysical } from './retention.ts';
import type { Vault } from './vault.ts';

export interface AsideOptions {
  readonly vault: Vault;
  /** Name of the database in the cluster. */
  readonly database: string;
  readonly onStep?: (text: string) => void;
}

export interface Aside {
  readonly backup: string;
  /** As superuser, on a socket that only this machine's root and the server's user reach. */
  readonly url: string;
  drop(): Promise<void>;
}

async function newestPhysical(vault: Vault): Promise<PhysicalBackup> {
  for (const id of (await listBackups(vault.storage)).toReversed()) {
    const entry = await readEntry(vault.storage, id);
    if (isPhysical(entry)) return entry;
  }
  throw new StoaError('backup.none', `There is no physical backup in ${vault.storage.description}.`, {
    cure: 'Take one with "stoa backup create".',
    exitCode: exitCodes.input,
  });
}

/** The newest backup and all of its log, in a server of its own that nobody else reaches, until it is dropped. */
export async function restoreAside({ vault, database, onStep = () => {} }: AsideOptions): Promise<Aside> {
  const backup = await newestPhysical(vault);
  const folder = mkdtempSync(join(tmpdir(), 'stoa-aside-'));
  // Who runs the server has to pass through.
  chmodSync(folder, 0o711);
  const folders = [folder];
  const remove = (): void => {
    for (const each of folders) rmSync(each, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const { dataDirectory } = await restoreInto({
      vault,
      backup: backup.id,
      target: { kind: 'latest' },
      folder: join(folder, 'restored'),
      onStep,
    });
    // It may lie elsewhere, where the server's user can pass through; its tablespaces lie beside it.
    folders.push(dirname(dataDirectory));
    const server = await startIsolated(dataDirectory, reachableBinaries(binariesFor(backup), findRunAs()));
    return {
      backup: backup.id,
      url: server.urlOf(database),
      async drop() {
        await server.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
