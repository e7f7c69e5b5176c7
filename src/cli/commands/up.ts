import { relative } from 'node:path';
import type { Command } from 'commander';
import type { RunningApi } from '../../api/server.ts';
import { receiverSettings } from '../../backup/wal/settings.ts';
import { dropUnusedSlot } from '../../backup/wal/slot.ts';
import { superviseReceiver } from '../../backup/wal/supervisor.ts';
import type { Config } from '../../config.ts';
import { dataFolder, ensureDataFolder } from '../../data-folder.ts';
import { demoUsername, loadDemo } from '../../demo/index.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { startWorker } from '../../jobs/worker.ts';
import { createLogger, type Logger } from '../../log.ts';
import { migrateUp } from '../../migrate/index.ts';
import { redactUrl } from '../../postgres/connect.ts';
import { type OpenDatabase, openDatabase, type ReadyConfig } from '../../postgres/database.ts';
import { alreadyRunning, readHolder } from '../../postgres/holder.ts';
import { isPortFree } from '../../postgres/port.ts';
import { loadSecrets, withSecretKey } from '../../secrets.ts';
import { hasDemoAccount, isEmpty, refuseTakenPort, startApiOf, version } from '../installation.ts';
import { type Lifetime, runUntilStopped } from '../lifetime.ts';
import { duration, note, print, styled } from '../output.ts';
import { wrap } from '../paragraphs.ts';
import { addSettings, settingsOf } from '../settings.ts';

/** One line a step, with how long it took. */
async function step<Result>(work: () => Promise<Result>, say: (result: Result) => string): Promise<Result> {
  const start = performance.now();
  const result = await work();
  const line = say(result);
  if (line !== '')
    note(
      `${styled('green', '✓', process.stderr)} ${line} ${styled('dim', `(${duration(performance.now() - start)})`, process.stderr)}`,
    );
  return result;
}

function describeDatabase(database: OpenDatabase): string {
  const where = new URL(database.config.adminUrl).host;
  if (!database.isEmbedded) return `Database at ${where}`;
  return `PostgreSQL ${database.server?.version ?? ''} on ${where}${database.server?.isNew ? ', new' : ''}`;
}

async function migrate(config: ReadyConfig, lifetime: Lifetime): Promise<void> {
  await step(
    () => migrateUp({ databaseUrl: config.databaseUrl, modules: config.modules }),
    ({ applied }) =>
      applied.length === 0 ? 'Migrations are up to date' : `${applied.length} migrations applied`,
  );
  lifetime.signal.throwIfAborted();
}

/** `channelMessages` as people read it. */
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Whether there is a demo account to sign in with; demo data goes into a database that is new, and nowhere else. */
async function loadDemoData(config: ReadyConfig, password: string): Promise<boolean> {
  if (config.demo && (await isEmpty(config))) {
    await step(
      () => loadDemo({ databaseUrl: config.databaseUrl, password, argon2: config.argon2 }),
      ({ counts }) => {
        const kinds = Object.entries(counts).map(([kind, count]) => `${words(kind)} ${count}`);
        return wrap(`Demo data: ${kinds.join(', ')}`, 88).join('\n    ');
      },
    );
  }
  return config.demo && (await hasDemoAccount(config));
}

interface Facts {
  readonly database: OpenDatabase;
  readonly api: RunningApi;
  readonly isDemo: boolean;
  readonly demoPassword: string;
}

function announce({ database, api, isDemo, demoPassword }: Facts): void {
  const { config } = database;
  const paths = dataFolder(config.dataDir);
  const shown = (path: string): string => relative(process.cwd(), path);
  const lines: [string, string][] = [];
  if (config.web) lines.push(['Web page', new URL('/', api.url).href]);
  lines.push(['GraphQL', api.url]);
  if (api.explorerUrl !== undefined) lines.push(['Explorer', api.explorerUrl]);
  if (isDemo) {
    lines.push(['Demo login', `${demoUsername} / ${demoPassword}`]);
  }
  lines.push(['PostgreSQL', `${redactUrl(config.adminUrl)}`]);
  lines.push(['', 'psql "$(npx stoa psql-url)"']);
  lines.push(['Log', shown(paths.log)]);
  lines.push(['Stop', 'Ctrl-C here, or "npx stoa down"']);
  print();
  for (const [name, value] of lines) print(`  ${styled('bold', name.padEnd(12))}${value}`);
  print();
}

async function start(config: Config, lifetime: Lifetime): Promise<void> {
  const running = readHolder(config.dataDir);
  if (running) throw alreadyRunning(running, config.dataDir);
  if (!(await isPortFree(config.port, config.host))) throw refuseTakenPort(config);
  ensureDataFolder(config.dataDir);
  const log: Logger = createLogger({ level: config.logLevel, file: dataFolder(config.dataDir).log });

  const database = await step(
    () => openDatabase(config, { command: 'up', exclusive: true, onEvent: note }),
    describeDatabase,
  );
  lifetime.add((ending) => database.close(ending === 'at once' ? 'immediate' : 'fast'));
  void database.ended?.then(() =>
    lifetime.fail(
      new StoaError('cluster.ended', 'PostgreSQL has ended, and nobody here stopped it.', {
        cure: `The reason is in ${dataFolder(config.dataDir).postgresLog}. Start again to recover.`,
        exitCode: exitCodes.database,
      }),
    ),
  );
  lifetime.signal.throwIfAborted();

  const ready = withSecretKey(database.config, database.isEmbedded);
  await migrate(ready, lifetime);
  const { demoPassword } = loadSecrets(config.dataDir);
  const isDemo = await loadDemoData(ready, demoPassword);
  lifetime.signal.throwIfAborted();

  const worker = await step(
    () => startWorker(ready, { log }),
    () => 'Worker started',
  );
  lifetime.add(() => worker.stop());
  void worker.ended.catch((error: unknown) => lifetime.fail(error));
  const api = await step(
    () => startApiOf(ready, log),
    () => 'API started',
  );
  lifetime.add(() => api.close());
  database.hold?.update({ url: api.url });
  if (database.isEmbedded && !ready.backup.wal.isReceived) {
    await dropUnusedSlot(ready.adminUrl, ready.backup.wal.slot);
  } else if (database.isEmbedded) {
    // Begun when everything answers, as a process of its own: a start waits for nothing of it.
    const receiver = superviseReceiver(receiverSettings(ready), log.child({ part: 'wal' }));
    lifetime.add(() => receiver.stop());
  }
  announce({ database, api, isDemo, demoPassword });
}

export function registerUp(program: Command): void {
  const command = program
    .command('up')
    .description('run everything in this terminal: database, migrations, API and worker');
  addSettings(command, ['port', 'host', 'postgresPort', 'publicUrl', 'demo', 'explorer']);
  command
    .addHelpText(
      'after',
      `
The first start creates a PostgreSQL cluster in .stoa, applies every migration and loads demo data;
later starts only apply what is new. With DATABASE_URL set it uses that server and starts none.

Ctrl-C finishes what is under way and stops; a second Ctrl-C stops at once. Whatever way it ended,
the next start recovers.

Examples:
  stoa up
  stoa up --port 8080 --no-demo
  STOA_MODULES=forums stoa up
  DATABASE_URL=postgres://postgres:secret@db.example/stoa stoa up`,
    )
    .action(async (_options: object, self: Command) => {
      const config = await settingsOf(self);
      note(`Stoa ${version}`);
      const code = await runUntilStopped(
        (lifetime) => start(config, lifetime),
        () => note('Stopping …'),
      );
      if (code === exitCodes.ok) note('Stopped.');
      process.exit(code);
    });
}
