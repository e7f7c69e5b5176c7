import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { type ArchiveExport, findArchive, listArchives } from '../../archive/catalog.ts';
import { readManifest } from '../../archive/manifest.ts';
import { archivePartition } from '../../archive/partition.ts';
import { verifyArchive } from '../../archive/read.ts';
import { restoreArchive } from '../../archive/restore.ts';
import { type Scrubbing, scrubArchives } from '../../archive/scrub.ts';
import { type ArchiveSession, withTableToMyself } from '../../archive/session.ts';
import { defaultTransforms } from '../../archive/transform.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { connectOwner } from '../../postgres/owner.ts';
import { openStorage } from '../../storage/open.ts';
import { requireMigrated } from '../installation.ts';
import { untilInterrupted } from '../interrupt.ts';
import { note, print, printJson, progress, styled, table } from '../output.ts';
import { addSettings, settingsOf } from '../settings.ts';

interface JsonFlag {
  readonly json?: true;
}

/** Opens what an archive needs, for the length of a command. */
export async function withArchiveSession(
  command: Command,
  work: (session: ArchiveSession) => Promise<void>,
): Promise<void> {
  const settings = await settingsOf(command);
  await withOpenDatabase(settings, { command: 'archive', onEvent: note }, async (config) => {
    await requireMigrated(config);
    const storage = await openStorage(config);
    const client = await connectOwner(config.databaseUrl, 'archive');
    try {
      await untilInterrupted((signal) => work({ client, storage, transforms: defaultTransforms, signal }));
    } finally {
      storage.close();
      await client.end();
    }
  });
}

export function megabytes(bytes: number | null): string {
  return bytes === null ? '' : `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;
}

function day(moment: Date | null): string {
  return moment === null ? '' : moment.toISOString().slice(0, 10);
}

async function known(session: ArchiveSession, parent: string, name: string): Promise<ArchiveExport> {
  const found = await findArchive(session.client, parent, name);
  if (found !== undefined) return found;
  throw new StoaError('archive.unknown', `There is no archive ${name} of ${parent}.`, {
    cure: 'List them with "stoa archive list".',
    exitCode: exitCodes.usage,
  });
}

const outcomes: Readonly<Record<Scrubbing['outcome'], string>> = {
  clean: 'clean',
  scrubbed: 'written anew',
  exported: 'exported again',
  held: 'left: legal hold',
  left: 'the old object cannot be removed',
};

function days(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of days.');
  return Number(text);
}

export function registerArchive(program: Command): void {
  const archive = program
    .command('archive')
    .description('exports of partitions and rows in the storage')
    .action(() => {
      archive.help({ error: true });
    });

  archive
    .command('list')
    .description('what was exported, whether it was read back, and whether it is still in the database')
    .argument('[PARENT]', 'of this table only, such as audit.logs')
    .option('--json', 'print the result as JSON')
    .action(async (parent: string | undefined, flags: JsonFlag, command: Command) => {
      const settings = await settingsOf(command);
      await withOpenDatabase(settings, { command: 'archive', onEvent: note }, async (config) => {
        await requireMigrated(config);
        const client = await connectOwner(config.databaseUrl, 'archive');
        try {
          const archives = await listArchives(client, parent);
          if (flags.json) return printJson(archives);
          if (archives.length === 0) return print('Nothing was exported yet.');
          print(
            table(
              ['table', 'archive', 'rows', 'size', 'verified', 'removed'],
              archives.map((found) => [
                found.parent,
                found.name,
                found.rows.toLocaleString('en'),
                megabytes(found.bytes),
                day(found.verifiedAt) || 'not yet',
                day(found.droppedAt) || 'still there',
              ]),
              { right: [2, 3] },
            ),
          );
        } finally {
          await client.end();
        }
      });
    });

  addSettings(
    archive
      .command('create')
      .description('export a partition to the storage and read it back; the partition stays')
      .argument('<PARENT>', 'the table, such as audit.logs')
      .argument('<PARTITION>', 'such as parts.audit_logs_2026_01')
      .option('--json', 'print the manifest as JSON'),
    ['storage'],
  ).action(async (parent: string, partition: string, flags: JsonFlag, command: Command) => {
    await withArchiveSession(command, async (session) => {
      const bar = progress('export', 'rows');
      const manifest = await withTableToMyself(session.client, parent, () =>
        archivePartition(session, parent, partition, (rows) => bar.update(rows)),
      ).finally(() => bar.end());
      if (flags.json) return printJson(manifest);
      print(`${manifest.rows.toLocaleString('en')} rows of ${partition}.`);
      print(`${megabytes(manifest.content.bytes)}, in the storage ${megabytes(manifest.file.bytes)}.`);
      print('Read back: the rows and both digests are those that were written.');
    });
  });

  addSettings(
    archive
      .command('verify')
      .description('read archives from the storage to the last byte, count and compare')
      .argument('[PARENT]', 'of this table only')
      .argument('[NAME]', 'this archive only')
      .option('--json', 'print the result as JSON'),
    ['storage'],
  ).action(
    async (parent: string | undefined, name: string | undefined, flags: JsonFlag, command: Command) => {
      await withArchiveSession(command, async (session) => {
        const archives =
          parent !== undefined && name !== undefined
            ? [await known(session, parent, name)]
            : (await listArchives(session.client, parent)).filter(({ verifiedAt }) => verifiedAt !== null);
        const bar = progress('verify', 'archives', archives.length);
        const results: { parent: string; name: string; rows: number; fault: string | null }[] = [];
        for (const { parent: of, name: which, rows, manifest: key } of archives) {
          let fault: string | null = null;
          try {
            const manifest = await readManifest(session.storage, key);
            await verifyArchive(session.storage, manifest, session.transforms);
            if (manifest.rows !== rows) fault = `it holds ${manifest.rows} rows, the catalog says ${rows}`;
          } catch (error) {
            if (!(error instanceof StoaError)) throw error;
            fault = error.message;
          }
          results.push({ parent: of, name: which, rows, fault });
          bar.update(results.length, which);
        }
        bar.end();
        const bad = results.filter(({ fault }) => fault !== null);
        if (bad.length > 0) process.exitCode = exitCodes.checkFailed;
        if (flags.json) return printJson({ holds: bad.length === 0, archives: results });
        for (const { name: which, fault } of bad) print(`${styled('red', '✗')} ${which}\n  ${fault}`);
        print(`${results.length - bad.length} of ${results.length} archives are whole.`);
      });
    },
  );

  addSettings(
    archive
      .command('restore')
      .description('bring an archive back, as the partition that it was or as a table of its own')
      .argument('<PARENT>', 'the table, such as audit.logs')
      .argument('<NAME>', 'the archive, such as parts.audit_logs_2026_01')
      .option('--into <TABLE>', 'make this table, schema.table, instead of the partition')
      .option('--keep <DAYS>', 'for how long retirement leaves a restored partition alone', days, 30)
      .option('--json', 'print the result as JSON')
      .addHelpText(
        'after',
        `
In one transaction that ends when the last byte was compared. Columns that the table has got since have their
default; columns that it has lost since stay in the archive and are named. Rows of a table (old chat) come back
into a table of their own only. Who was erased since stays erased: before the transaction ends, their rows go again, or
are emptied of what an erasure takes out.`,
      ),
    ['storage'],
  ).action(
    async (
      parent: string,
      name: string,
      flags: JsonFlag & { readonly into?: string; readonly keep: number },
      command: Command,
    ) => {
      await withArchiveSession(command, async (session) => {
        const found = await known(session, parent, name);
        const restored = await restoreArchive(session, found.manifest, {
          keepDays: flags.keep,
          ...(flags.into === undefined ? {} : { into: flags.into }),
        });
        if (flags.json) return printJson(restored);
        print(`${restored.rows.toLocaleString('en')} rows came back into ${restored.table}.`);
        if (restored.erased > 0) {
          print(
            `${restored.erased.toLocaleString('en')} rows of erased people were deleted again, or emptied of what was theirs.`,
          );
        }
        if (restored.added.length > 0)
          print(`Added since, so with their default: ${restored.added.join(', ')}.`);
        if (restored.left.length > 0)
          print(`Dropped since, left in the archive: ${restored.left.join(', ')}.`);
        if (restored.blanked.length > 0) print(`Not exported on purpose: ${restored.blanked.join(', ')}.`);
      });
    },
  );

  addSettings(
    archive
      .command('scrub')
      .description('take who was erased out of the archives that are older than that')
      .option('--json', 'print the result as JSON')
      .addHelpText(
        'after',
        `
Looks into every archive that was written before an erasure ended and not looked into since, and writes anew those that
hold somebody. The old object is removed; where the storage refuses that (object lock), it is named and the exit code is ${exitCodes.checkFailed}.
Archives with rows under a legal hold are left. The job archive_scrub does the same on the 4th of each month.`,
      ),
    ['storage'],
  ).action(async (flags: JsonFlag, command: Command) => {
    await withArchiveSession(command, async (session) => {
      const bar = progress('scrub', 'archives');
      const archives = await scrubArchives(session, (done, _total, name) => bar.update(done, name)).finally(
        () => bar.end(),
      );
      if (archives.some(({ outcome }) => outcome === 'left')) process.exitCode = exitCodes.checkFailed;
      if (flags.json) return printJson(archives);
      if (archives.length === 0) return print('Nobody was erased since the archives were looked into.');
      print(
        table(
          ['table', 'archive', 'outcome', 'rows erased'],
          archives.map(({ parent, name, outcome, erased }) => [parent, name, outcomes[outcome], erased]),
          { right: [3] },
        ),
      );
    });
  });
}
