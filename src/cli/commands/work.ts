import type { Command } from 'commander';
import { startWorker } from '../../jobs/worker.ts';
import { createLogger } from '../../log.ts';
import { openDatabase } from '../../postgres/database.ts';
import { withSecretKey } from '../../secrets.ts';
import { requireMigrated } from '../installation.ts';
import { runUntilStopped } from '../lifetime.ts';
import { note } from '../output.ts';
import { settingsOf } from '../settings.ts';

export function registerWork(program: Command): void {
  program
    .command('work')
    .description('run the job worker only; several may work on one database')
    .addHelpText(
      'after',
      `
Logs to standard output, one JSON object a line. Ctrl-C finishes the jobs that are under way.

Example:
  export DATABASE_URL=postgres://stoa_migrator:…@db/stoa
  export STOA_WORKER_URL=postgres://stoa_worker:…@db/stoa
  stoa work`,
    )
    .action(async (_options: object, self: Command) => {
      const config = await settingsOf(self);
      const code = await runUntilStopped(async (lifetime) => {
        const log = createLogger({ level: config.logLevel });
        const database = await openDatabase(config, { command: 'work', onEvent: note });
        lifetime.add((ending) => database.close(ending === 'at once' ? 'immediate' : 'fast'));
        await requireMigrated(database.config);
        const worker = await startWorker(withSecretKey(database.config, database.isEmbedded), { log });
        lifetime.add(() => worker.stop());
        void worker.ended.catch((error: unknown) => lifetime.fail(error));
      });
      process.exit(code);
    });
}
