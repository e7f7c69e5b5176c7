import type { Command } from 'commander';
import { createLogger } from '../../log.ts';
import { openDatabase } from '../../postgres/database.ts';
import { isPortFree } from '../../postgres/port.ts';
import { withSecretKey } from '../../secrets.ts';
import { coverPartitionsOf, refuseTakenPort, requireMigrated, startApiOf } from '../installation.ts';
import { runUntilStopped } from '../lifetime.ts';
import { note } from '../output.ts';
import { addSettings, settingsOf } from '../settings.ts';

export function registerServe(program: Command): void {
  const command = program.command('serve').description('run the API only; several may serve one database');
  addSettings(command, ['port', 'host', 'publicUrl', 'explorer', 'statementTimeoutMs', 'trustProxy']);
  command
    .addHelpText(
      'after',
      `
Logs to standard output, one JSON object a line. Does not migrate: run "stoa migrate up" first.

Example:
  export DATABASE_URL=postgres://stoa_migrator:…@db/stoa
  export STOA_GATEWAY_URL=postgres://stoa_gateway:…@db/stoa
  export STOA_AUTH_URL=postgres://stoa_auth:…@db/stoa
  stoa serve --host 0.0.0.0`,
    )
    .action(async (_options: object, self: Command) => {
      const config = await settingsOf(self);
      const code = await runUntilStopped(async (lifetime) => {
        if (!(await isPortFree(config.port, config.host))) throw refuseTakenPort(config);
        const log = createLogger({ level: config.logLevel });
        const database = await openDatabase(config, { command: 'serve', onEvent: note });
        lifetime.add((ending) => database.close(ending === 'at once' ? 'immediate' : 'fast'));
        await requireMigrated(database.config);
        await coverPartitionsOf(database.config, log);
        const api = await startApiOf(withSecretKey(database.config, database.isEmbedded), log);
        lifetime.add(() => api.close());
        database.hold?.update({ url: api.url });
        note(`The API answers at ${api.url}`);
      });
      process.exit(code);
    });
}
