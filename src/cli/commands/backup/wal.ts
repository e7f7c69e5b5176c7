import type { Command } from 'commander';
import { openBackupVault } from '../../../backup/open.ts';
import { inspectWal, judgeWal } from '../../../backup/wal/inspect.ts';
import { isEmbedded } from '../../../backup/wal/login.ts';
import { formatLsn } from '../../../backup/wal/position.ts';
import { pushWal } from '../../../backup/wal/push.ts';
import { startReceiver } from '../../../backup/wal/receiver.ts';
import { receiverSettings } from '../../../backup/wal/settings.ts';
import { Spool } from '../../../backup/wal/spool.ts';
import { isReceiverAlive, readReceiverStatus } from '../../../backup/wal/status.ts';
import { Uploader } from '../../../backup/wal/uploader.ts';
import { exitCodes, StoaError } from '../../../errors.ts';
import { createLogger } from '../../../log.ts';
import { connect } from '../../../postgres/connect.ts';
import { type ReadyConfig, readyConfig } from '../../../postgres/database.ts';
import { runUntilStopped } from '../../lifetime.ts';
import { duration, print, printJson, table } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

async function requireReady(command: Command): Promise<ReadyConfig> {
  const config = readyConfig(await settingsOf(command));
  if (config !== undefined) return config;
  throw new StoaError('database.stopped', 'The embedded PostgreSQL does not run.', {
    cure: 'Start it with "stoa up".',
    exitCode: exitCodes.database,
  });
}

function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return '';
  return count < 1_000_000 ? `${(count / 1_000).toFixed(0)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

async function run(command: Command): Promise<number> {
  const config = await requireReady(command);
  const { recipients: _recipients, storage: _storage, ...settings } = receiverSettings(config);
  const vault = await openBackupVault(config);
  const log = createLogger({ level: config.logLevel });
  return runUntilStopped(async (lifetime) => {
    const receiver = startReceiver({
      ...settings,
      stopPatienceMs: 5_000,
      vault,
      onState: ({ state, timeline, flushedLsn }) => log.info({ state, timeline, flushedLsn }, 'receiver'),
      onProblem: (error) => log.warn({ error: error instanceof Error ? error.message : error }, 'receiver'),
      onGap: ({ from, to, timeline }) =>
        log.error({ from: formatLsn(from), to: formatLsn(to), timeline }, 'part of the log is lost'),
      onUploaded: ({ name, length }) => log.debug({ name, length }, 'uploaded'),
    });
    lifetime.add(() => receiver.stop());
    receiver.ended.catch((error: unknown) => lifetime.fail(error));
  });
}

async function status(command: Command, asJson: boolean): Promise<void> {
  const config = await requireReady(command);
  const { slot, spool } = config.backup.wal;
  const vault = await openBackupVault(config);
  const client = await connect(receiverSettings(config).url, 'wal status');
  try {
    const state = await inspectWal((text, values) => client.query(text, values), vault, slot);
    const left = readReceiverStatus(spool);
    const receiver = left === undefined ? undefined : { ...left, isAlive: isReceiverAlive(left) };
    const findings = judgeWal(state, slot, config.backup.wal.isReceived && isEmbedded(config));
    if (findings.some(({ level }) => level !== 'warning')) process.exitCode = exitCodes.checkFailed;
    if (asJson) return printJson({ ...state, receiver, findings });
    const { archive } = state;
    print(
      table(
        ['what', 'is'],
        [
          ['server at', state.serverLsn],
          [
            'slot',
            state.slot === undefined ? 'none' : `${slot}, ${state.slot.isActive ? 'in use' : 'NOT in use'}`,
          ],
          ['kept for it', bytes(state.slot?.keptBytes)],
          [
            'may still grow by',
            state.slot?.safeBytes === null ? 'without limit' : bytes(state.slot?.safeBytes),
          ],
          ['synchronous', state.slot?.isSynchronous ? 'yes' : 'no'],
          [
            'receiver',
            receiver === undefined
              ? 'none on this machine'
              : `${receiver.isAlive ? receiver.state : 'has ended'} (${receiver.pid})`,
          ],
          ['flushed here', receiver?.flushedLsn],
          ['waiting in the spool', bytes(receiver?.spoolBytes)],
          ['newest in the storage', archive.last],
          [
            'behind the server',
            archive.lagBytes === undefined
              ? ''
              : `${bytes(archive.lagBytes)}, ${duration((archive.lagSeconds ?? 0) * 1_000)}`,
          ],
          [
            'missing',
            archive.missing.map(({ first, count }) => `${count} from ${first}`).join(', ') || 'nothing',
          ],
          ['newest backup', state.newestBackup ?? 'none'],
        ],
      ),
    );
    for (const { name, level, detail } of findings) print(`${level}: ${name} ${JSON.stringify(detail)}`);
  } finally {
    await client.end();
    vault.storage.close();
  }
}

async function upload(command: Command): Promise<void> {
  const config = await settingsOf(command);
  const spool = new Spool(config.backup.wal.spool);
  const identity = spool.identity();
  if (identity === undefined) {
    print('Nothing was ever received into this spool.');
    return;
  }
  const present = readReceiverStatus(spool.folder);
  if (present !== undefined && isReceiverAlive(present)) {
    throw new StoaError(
      'wal.running',
      `Process ${present.pid} receives into ${spool.folder} and uploads by itself.`,
      {
        cure: 'Look at "stoa backup wal status".',
        exitCode: exitCodes.busy,
      },
    );
  }
  const vault = await openBackupVault(config);
  const uploader = new Uploader({
    spool,
    vault,
    systemIdentifier: identity.systemIdentifier,
    writing: () => undefined,
    onUploaded: ({ name, length }) => print(`${name}  ${bytes(length)}`),
    onFailure: () => {},
  });
  await uploader.upload();
  vault.storage.close();
  print('Everything that was received is in the storage.');
}

/** `stoa backup wal …` and `stoa backup wal-push`. */
export function registerBackupWal(backup: Command): void {
  const wal = backup
    .command('wal')
    .description('receive the log of the database, so that no moment is lost')
    .action(() => {
      wal.help({ error: true });
    });

  wal
    .command('run')
    .description('receive the log of a server in this terminal and bring it into the storage')
    .addHelpText(
      'after',
      `
"stoa up" does this by itself for the embedded server. For another server run it beside it or, better, on
another machine, with a login that may replicate (STOA_BACKUP_URL). It makes a replication slot, confirms to
the server only what is on disk here, and goes on where it stopped. docs/operations/wal.md`,
    )
    .action(async (_options: object, command: Command) => {
      process.exit(await run(command));
    });

  wal
    .command('status')
    .description('how far the log is received and stored, and what is missing')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `\nExit codes: ${exitCodes.ok} all is well, ${exitCodes.checkFailed} something is the matter.`,
    )
    .action((options: { readonly json?: true }, command: Command) => status(command, options.json ?? false));

  wal
    .command('upload')
    .description('bring what was received before the receiver or its server died into the storage')
    .action((_options: object, command: Command) => upload(command));

  backup
    .command('wal-push')
    .description('for archive_command of a server that offers no replication: store one file of the log')
    .argument('<PATH>', 'the file, which is %p in archive_command')
    .addHelpText(
      'after',
      `
In postgresql.conf, with the path of Stoa and of its settings:
  archive_mode = on
  archive_command = 'cd "$PWD" && STOA_BACKUP_STORAGE=/backups stoa backup wal-push %p'

Exit codes: ${exitCodes.ok} it is stored, or was before; ${exitCodes.unexpected} the storage has another file of that name.`,
    )
    .action(async (path: string, _options: object, command: Command) => {
      const vault = await openBackupVault(await settingsOf(command));
      await pushWal(vault, path, process.cwd());
      vault.storage.close();
    });
}
