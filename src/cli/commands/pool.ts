import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import { type ApiPool, askApi, type PoolReport, readPools } from '../../doctor/pools.ts';
import { exitCodes } from '../../errors.ts';
import { connect, databaseOf, withDatabase } from '../../postgres/connect.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { duration, note, print, printJson, table, warn } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface PoolFlags {
  readonly json?: true;
}

const full = 0.8;
const longIdleMs = 60_000;

const story = `
Connections of the server by who holds them, against how many there are, and the pools of the API where its
figures answer (metricsPort, else its own port; the token is STOA_METRICS_TOKEN): how many requests wait for a
connection now, and how long they have waited since that process began. Of several, one answers. All sessions are seen by a
superuser or a member of pg_monitor only.

Exit codes: ${exitCodes.ok} there is room; ${exitCodes.checkFailed} four fifths are taken, requests wait for a connection, or a
session has idled in a transaction for over a minute.`;

export function registerPool(program: Command): void {
  const command = program
    .command('pool')
    .description('who holds connections to the database, and how many are left')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', story);
  command.action(async (flags: PoolFlags) => {
    const settings = await settingsOf(command);
    await withOpenDatabase(settings, { command: 'pool', onEvent: note }, async (config) => {
      const client = await connect(withDatabase(config.adminUrl, databaseOf(config.databaseUrl)), 'pool');
      try {
        const report = await readPools(client);
        const api = (await askApi(metricsUrl(config), config.metricsToken)) ?? null;
        const warnings = warningsOf(report, api);
        if (warnings.length > 0) process.exitCode = exitCodes.checkFailed;
        if (flags.json) return printJson({ ...report, api, warnings });
        show(report, api);
        for (const warning of warnings) warn(warning);
      } finally {
        await client.end();
      }
    });
  });
}

function metricsUrl({ api, publicUrl }: Config): string {
  return api.metricsPort === undefined
    ? `${publicUrl}/metrics`
    : `http://127.0.0.1:${api.metricsPort}/metrics`;
}

function warningsOf(report: PoolReport, api: readonly ApiPool[] | null): readonly string[] {
  return [
    ...(report.saturation >= full
      ? [`${report.used} of ${report.maxConnections - report.reserved} connections are taken.`]
      : []),
    ...(api ?? []).flatMap(({ pool, waiting }) =>
      waiting > 0 ? [`${waiting} requests wait for a connection of the pool "${pool}".`] : [],
    ),
    ...report.sessions.flatMap(({ application, longestIdleInTransactionMs: idleMs }) =>
      idleMs !== null && idleMs >= longIdleMs
        ? [`${application} has idled in a transaction for ${duration(idleMs)}: see "stoa doctor".`]
        : [],
    ),
  ];
}

function show(report: PoolReport, api: readonly ApiPool[] | null): void {
  print(
    table(
      ['application', 'user', 'database', 'active', 'idle', 'idle in tx', 'on a lock', 'all'],
      report.sessions.map((each) => [
        each.application,
        each.user,
        each.database,
        each.active,
        each.idle,
        each.idleInTransaction,
        each.waiting,
        each.total,
      ]),
      { right: [3, 4, 5, 6, 7] },
    ),
  );
  const room = report.maxConnections - report.reserved;
  print(
    `\n${report.used} of ${room} connections (${Math.round(report.saturation * 100)}%); ${report.reserved} more are kept for superusers.`,
  );
  if (api === null) {
    print('The API does not tell its figures, so what waits in its pools is not known.');
    return;
  }
  print();
  print(
    table(
      ['pool of the API', 'busy', 'idle', 'waiting', 'requests', 'mean wait', '99% within'],
      api.map(({ pool, busy, idle, waiting, requests, meanWaitMs, waitP99Ms }) => [
        pool,
        busy,
        idle,
        waiting,
        requests.toLocaleString('en'),
        meanWaitMs === null ? '' : `${meanWaitMs.toFixed(2)} ms`,
        waitP99Ms === null ? '' : duration(waitP99Ms),
      ]),
      { right: [1, 2, 3, 4, 5, 6] },
    ),
  );
  print('\nRequests and how long they waited for a connection are counted since that API began.');
}
