import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Client } from 'pg';
import type { DrillWish } from '../../backup/drill/choose.ts';
import { conductDrill } from '../../backup/drill/conduct.ts';
import { listPoints, placeOfPoint } from '../../backup/drill/point.ts';
import { newestRecorded, recordDrill } from '../../backup/drill/record.ts';
import { drillKeyPem, isReportGenuine, type SignedReport, signReport } from '../../backup/drill/report.ts';
import { reportPage } from '../../backup/drill/report-page.ts';
import { restoreInto } from '../../backup/drill/restorer.ts';
import { openBackupVault } from '../../backup/open.ts';
import type { Vault } from '../../backup/vault.ts';
import { inspectWal, newestPhysical } from '../../backup/wal/inspect.ts';
import { parseLsn } from '../../backup/wal/position.ts';
import type { Config } from '../../config.ts';
import { ensureDataFolder } from '../../data-folder.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect, databaseOf } from '../../postgres/connect.ts';
import { readyConfig } from '../../postgres/database.ts';
import { embeddedDatabase } from '../../postgres/embedded.ts';
import { version } from '../installation.ts';
import { duration, note, print, printJson, styled, table, warn } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface DrillFlags {
  readonly backup: string;
  readonly to: DrillWish['to'];
  readonly deep?: true;
  readonly json?: true;
  readonly report?: string;
  readonly verify?: string;
  readonly record: boolean;
}

const states = { passed: 'passed', failed: 'FAILED', skipped: 'not tested' } as const;

function show({ report }: SignedReport): void {
  print(
    table(
      ['check', 'result', 'took', 'findings'],
      report.checks.map(({ name, state, elapsedMs, findings }) => [
        name,
        states[state],
        duration(elapsedMs),
        findings.join('; '),
      ]),
      { right: [2] },
    ),
  );
  print();
  const { rpo, rto } = report;
  const lost = rpo.seconds === null ? (rpo.reason ?? 'not measured') : duration(rpo.seconds * 1_000);
  print(
    `Would have been lost:  ${lost}${rpo.lastTransactionAt === null ? '' : ` (last transaction ${rpo.lastTransactionAt})`}`,
  );
  print(
    `Would have taken:      ${duration((rto.total - rto.checks) * 1_000)} (unpack ${rto.unpack} s, log ${rto.log} s, recovery ${rto.recover} s, rest ${rto.finish} s)`,
  );
  print();
  print('Not tested:');
  for (const text of report.notTested) print(`  ${text}`);
  print();
  if (report.failure !== null) print(styled('red', report.failure));
  print(
    report.verdict === 'passed'
      ? styled('green', 'The backup can be restored.')
      : styled('red', 'The drill has FAILED.'),
  );
}

async function inDatabase<Result>(
  config: Config,
  work: (client: Client) => Promise<Result>,
): Promise<Result | undefined> {
  const url = readyConfig(config)?.workerUrl;
  if (url === undefined) return undefined;
  const client = await connect(url, 'drill');
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What the database knows of backups; a drill is for the day on which it cannot be asked. */
async function recordedBefore(config: Config): Promise<string | undefined> {
  try {
    return await inDatabase(config, (client) => newestRecorded((text, values) => client.query(text, values)));
  } catch {
    note('The database does not tell which backup is the newest: what the storage lists counts.');
    return undefined;
  }
}

const longestWaitMs = 60_000;

/**
 * The log is archived up to half a minute after it is written. Where it is being received, what was noted just now is waited
 * for; nobody is told that a backup cannot be restored because they asked too early.
 */
async function awaitLog(config: Config, vault: Vault): Promise<void> {
  await inDatabase(config, async (client) => {
    const backup = await newestPhysical(vault);
    const key = backup && (await listPoints(vault, backup.timeline)).at(-1);
    const point = key === undefined ? undefined : placeOfPoint(key);
    if (point === undefined) return;
    const isUnderWay = async (): Promise<boolean> => {
      const { slot, archive } = await inspectWal(
        (text, values) => client.query(text, values),
        vault,
        config.backup.wal.slot,
      );
      const isThere = archive.lastLsn !== undefined && parseLsn(archive.lastLsn) >= parseLsn(point.lsn);
      return slot?.isActive === true && !isThere;
    };
    if (!(await isUnderWay())) return;
    note(`Waiting until the log is archived up to the noted point (${point.lsn})`);
    const until = Date.now() + longestWaitMs;
    do await sleep(1_000);
    while ((await isUnderWay()) && Date.now() < until);
  });
}

/** The drill counts although the database that it is about cannot be told. */
async function record(config: Config, work: (client: Client) => Promise<void>): Promise<void> {
  try {
    if (readyConfig(config) === undefined)
      warn('The database does not run: the drill is not recorded in it.');
    else await inDatabase(config, work);
  } catch (error) {
    warn(`The drill is not recorded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function registerDrill(program: Command): void {
  program
    .command('drill')
    .description('prove that a backup can be restored: restore it aside, look at everything, throw it away')
    .option('--backup <ID>', 'which one: newest, oldest, or its id', 'newest')
    .addOption(
      new Option('--to <MOMENT>', 'recover to the newest noted point, the last thing archived, or any moment')
        .choices(['point', 'latest', 'random'])
        .default('point'),
    )
    .option('--deep', 'also walk every index from its root, which takes long')
    .option('--no-record', 'keep no record of it in the database')
    .option('--report <FILE>', 'write the signed report there, and a page for people beside it (.html)')
    .option('--verify <FILE>', 'only tell whether a report is as it was signed')
    .option('--json', 'print the signed report as JSON')
    .addHelpText(
      'after',
      `
The restored server listens on a socket of its own and connects to nobody. It needs the private key of the
backups (STOA_BACKUP_IDENTITY) and as much disk as the database. docs/operations/drill.md

Exit codes: ${exitCodes.ok} it can be restored, ${exitCodes.checkFailed} something is wrong.`,
    )
    .action(async (flags: DrillFlags, command: Command) => {
      const config = await settingsOf(command);
      if (flags.verify !== undefined) {
        if (isReportGenuine(readFileSync(flags.verify, 'utf8')))
          return print('The report is as it was signed.');
        throw new StoaError('drill.report_changed', `${flags.verify} is not as it was signed.`, {
          cure: 'Ask for the original.',
          exitCode: exitCodes.checkFailed,
        });
      }
      const vault = await openBackupVault(config);
      // Whatever is the matter with the storage is for the drill to say.
      if (flags.to === 'point') await awaitLog(config, vault).catch(() => undefined);
      const { report, backup, targetAt } = await conductDrill({
        vault,
        wish: {
          backup: flags.backup,
          to: flags.to,
          recorded: await recordedBefore(config),
          now: new Date(),
          chance: Math.random(),
        },
        restoreInto,
        database: config.databaseUrl === undefined ? embeddedDatabase : databaseOf(config.databaseUrl),
        stoaVersion: version,
        freshnessSeconds: 600,
        isDeep: flags.deep ?? false,
        onStep: note,
        onCheck: ({ name, state, elapsedMs }) => note(`${name}: ${states[state]} (${duration(elapsedMs)})`),
      });
      ensureDataFolder(config.dataDir);
      const signed = signReport(report, drillKeyPem(config.dataDir));
      if (flags.report !== undefined) {
        writeFileSync(flags.report, `${JSON.stringify(signed, undefined, 2)}\n`);
        writeFileSync(`${flags.report.replace(/\.json$/, '')}.html`, reportPage(signed));
      }
      if (flags.record) {
        await record(config, (client) =>
          recordDrill((text, values) => client.query(text, values), backup, report, targetAt),
        );
      }
      vault.storage.close();
      if (report.verdict === 'failed') process.exitCode = exitCodes.checkFailed;
      if (flags.json) printJson(signed);
      else show(signed);
    });
}
