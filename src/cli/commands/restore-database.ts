import type { LogicalBackup } from '../../backup/catalog.ts';
import { listBackups, readEntry } from '../../backup/catalog.ts';
import { customArtifact, restoreCustomDump } from '../../backup/logical/pg-dump.ts';
import { type LogicalRestore, restoreLogical } from '../../backup/logical/restore.ts';
import { openBackupVault } from '../../backup/open.ts';
import { afterRecoveryHooks } from '../../backup/restore/hooks.ts';
import type { Vault } from '../../backup/vault.ts';
import type { Config } from '../../config.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect, databaseOf, redactUrl } from '../../postgres/connect.ts';
import { openStorage } from '../../storage/open.ts';
import { note, print, printJson, progress, styled, warn } from '../output.ts';

export interface DatabaseFlags {
  readonly into: string;
  readonly backup?: string;
  readonly replace?: true;
  readonly confirm?: string;
  readonly json?: true;
}

/** The named one, or the newest; refuses one that holds files instead of rows. */
export async function chooseLogical(vault: Vault, id: string | undefined): Promise<LogicalBackup> {
  const known = id ?? (await listBackups(vault.storage)).filter((each) => each.includes('-logical-')).at(-1);
  if (known === undefined) {
    throw new StoaError('backup.none', `There is no logical backup in ${vault.storage.description}.`, {
      cure: 'Take one with "stoa backup create --logical", or restore a physical one into a folder.',
      exitCode: exitCodes.input,
    });
  }
  const entry = await readEntry(vault.storage, known);
  if (entry.kind === 'logical') return entry;
  throw new StoaError('restore.not_logical', `${known} holds the files of a server, not rows.`, {
    cure: 'Restore it into a folder: "stoa restore --into FOLDER". "stoa backup list" names the logical ones.',
    exitCode: exitCodes.usage,
  });
}

/** A second word before anything that holds data makes way. */
function requireConfirmation(flags: DatabaseFlags): void {
  if (!flags.replace || flags.confirm === databaseOf(flags.into)) return;
  throw new StoaError(
    'restore.not_confirmed',
    `${redactUrl(flags.into)} would be replaced. What stands there now is kept under another name.`,
    {
      cure: `Repeat it with --replace --confirm ${databaseOf(flags.into)}.`,
      exitCode: exitCodes.refused,
    },
  );
}

const steps: Readonly<Record<string, string>> = {
  schema: 'Building the schema of the backup by its migrations',
  constraints: 'Putting back the foreign keys, which proves every one of them',
  content: 'Comparing every row with what was backed up',
  migrations: 'Migrating to the schema of this release',
  opening: 'Doing what must be done before anybody is let in',
};

/** Into a database: from rows, for any server and any newer schema. */
export async function restoreIntoDatabase(config: Config, flags: DatabaseFlags): Promise<void> {
  requireConfirmation(flags);
  const vault = await openBackupVault(config);
  const uploads = await openStorage(config);
  let bar: ReturnType<typeof progress> | undefined;
  try {
    const backup = await chooseLogical(vault, flags.backup);
    const warnings: string[] = [];
    const beforeOpening = [
      async (url: string): Promise<void> => {
        const client = await connect(url, 'restore');
        try {
          for (const hook of afterRecoveryHooks({ vault, uploads })) {
            await hook.run(client, (text) => void warnings.push(text));
          }
        } finally {
          await client.end();
        }
      },
    ];
    const result: Partial<LogicalRestore> = backup.artifacts[customArtifact]
      ? await restoreCustomDump({ targetUrl: flags.into, vault, backup, beforeOpening })
      : await restoreLogical({
          targetUrl: flags.into,
          vault,
          backup,
          beforeOpening,
          ...(flags.replace ? { replace: true } : {}),
          onProgress: ({ step, rows }) => {
            if (step === 'rows') {
              bar ??= progress('restore', 'rows', rows.total);
              bar.update(rows.done);
              return;
            }
            bar?.end();
            bar = undefined;
            note(steps[step] ?? step);
          },
        });
    bar?.end();
    if (flags.json) return printJson({ backup: backup.id, ...result, warnings });
    const lines: [string, string][] = [['Restored', `${backup.id} into ${redactUrl(flags.into)}`]];
    const { rows, tables, migrated, replaced } = result;
    if (rows !== undefined)
      lines.push(['Rows', `${rows.toLocaleString('en')} of ${tables} tables, each compared`]);
    if (migrated !== undefined && migrated.length > 0) {
      lines.push(['Migrated', `${migrated.length} migrations that the backup did not have`]);
    }
    if (replaced !== undefined) lines.push(['Kept', replaced]);
    for (const [name, value] of lines) print(`${styled('bold', name.padEnd(12))}${value}`);
    for (const text of warnings) warn(text);
  } finally {
    bar?.end();
    uploads.close();
    vault.storage.close();
  }
}
