import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { exitCodes, StoaError } from '../errors.ts';
import { registerAccount } from './commands/account.ts';
import { registerAlerts } from './commands/alerts.ts';
import { registerApi } from './commands/api.ts';
import { registerArchive } from './commands/archive.ts';
import { registerAudit } from './commands/audit.ts';
import { registerBackup } from './commands/backup.ts';
import { registerDocs } from './commands/docs.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerDown } from './commands/down.ts';
import { registerDrift } from './commands/drift.ts';
import { registerDrill } from './commands/drill.ts';
import { registerExplain } from './commands/explain.ts';
import { registerHold } from './commands/hold.ts';
import { registerImport } from './commands/import.ts';
import { registerJobs } from './commands/jobs.ts';
import { registerKeys } from './commands/keys.ts';
import { registerLocks } from './commands/locks.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerPartitions } from './commands/partitions.ts';
import { registerPool } from './commands/pool.ts';
import { registerPrivacy } from './commands/privacy.ts';
import { registerPsqlUrl } from './commands/psql-url.ts';
import { registerRestore } from './commands/restore.ts';
import { registerRetention } from './commands/retention.ts';
import { registerSeed } from './commands/seed.ts';
import { registerServe } from './commands/serve.ts';
import { registerStatus } from './commands/status.ts';
import { registerUp } from './commands/up.ts';
import { registerWork } from './commands/work.ts';
import { exitCodesText } from './exit-codes.ts';
import { printError } from './output.ts';
import { addSettings } from './settings.ts';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const introduction = `
A community platform that lives in PostgreSQL.

Start here:
  stoa up                    everything in this terminal, with a PostgreSQL of its own
  stoa status                what runs, what is migrated, what waits
  psql "$(stoa psql-url)"    look inside

Settings come from options, then environment variables (STOA_…), then stoa.config.{json,ts,js}, then
defaults: docs/configuration.md. Set DATABASE_URL to use a server that exists.

"stoa help COMMAND" explains a command, "stoa help exit-codes" what the exit codes mean.`;

/** The whole command line, not yet run. */
export function buildProgram(): Command {
  const program = new Command('stoa')
    .description(introduction.trim())
    .version(`stoa ${manifest.version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand('help [command]', 'explain a command')
    .showHelpAfterError('("stoa help" lists the commands)')
    .configureHelp({ helpWidth: 100, showGlobalOptions: false })
    .exitOverride();
  addSettings(program, ['dataDir', 'environment', 'modules', 'logLevel']);

  registerUp(program);
  registerServe(program);
  registerWork(program);
  registerDown(program);
  registerStatus(program);
  registerPsqlUrl(program);
  registerMigrate(program);
  registerAccount(program);
  registerImport(program);
  registerSeed(program);
  registerDoctor(program);
  registerJobs(program);
  registerAlerts(program);
  registerDrift(program);
  registerLocks(program);
  registerExplain(program);
  registerPool(program);
  registerPrivacy(program);
  registerAudit(program);
  registerBackup(program);
  registerRestore(program);
  registerKeys(program);
  registerDrill(program);
  registerDocs(program);
  registerApi(program);
  registerRetention(program);
  registerArchive(program);
  registerPartitions(program);
  registerHold(program);

  program
    .command('exit-codes')
    .description('what the exit codes mean')
    .addHelpText('after', `\nExit codes:\n${exitCodesText()}`)
    .action(() => {
      process.stdout.write(`${exitCodesText()}\n`);
    });
  return program;
}

/** Runs one command line; the outcome is in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`stoa … | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok);
    throw error;
  });
  try {
    await buildProgram().parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    printError(error, { asJson: argv.includes('--json') });
    process.exitCode = error instanceof StoaError ? error.exitCode : exitCodes.unexpected;
  }
}
