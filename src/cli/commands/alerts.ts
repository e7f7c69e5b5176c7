import type { Command } from 'commander';
import { type AlertRow, alertColumns, alertOf } from '../../alerts/alert.ts';
import { withJobQueue } from '../job-queue.ts';
import { print, printJson, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

const minute = (time: string | null): string => time?.slice(0, 16).replace('T', ' ') ?? '';

export function registerAlerts(program: Command): void {
  program
    .command('alerts')
    .description('what is the matter: alerts that are open')
    .option('--all', 'also those of the last 30 days that are over')
    .option('--json', 'print one JSON array')
    .addHelpText('after', '\nWhat each means and how to be told of them: docs/operations/alerts.md.')
    .action(async (options: { all?: true; json?: true }, self: Command) => {
      const alerts = await withJobQueue(await settingsOf(self), 'alerts', async (query) => {
        const { rows } = await query<AlertRow>(
          `select ${alertColumns}
           from ops.alerts
           where resolved_at is null or ($1 and resolved_at > now() - interval '30 days')
           order by resolved_at is not null, id desc`,
          [options.all === true],
        );
        return rows.map(alertOf);
      });
      if (options.json) return printJson(alerts);
      if (alerts.length === 0) return print('Nothing is the matter.');
      const rows = alerts.map(({ level, name, subject, since, resolvedAt, detail }) => [
        level,
        name,
        subject,
        minute(since),
        minute(resolvedAt),
        JSON.stringify(detail),
      ]);
      print(table(['level', 'alert', 'about', 'since (UTC)', 'over', 'detail'], rows));
    });
}
