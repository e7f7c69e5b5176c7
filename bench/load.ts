/**
 * Whether a rolling restart of the API is seen by anybody. Starts a server of its own with demo data and two processes of
 * `stoa serve`, behind a client that does what a load balancer does: asks /readyz, takes turns, tries once more elsewhere.
 * Clients read, write, announce and sign in; subscribers follow conversations and channels, and come back with their cursor. In the
 * middle both processes are restarted, one after the other. Prints
 *
 * - requests by kind with median, 99th percentile and longest, and failures by code, before and after the retry;
 * - connections to the database before, at most, after, and once both processes have ended;
 * - events of subscriptions that were lost or came twice, and messages that were written twice.
 *
 * Exits with 1 when a request failed after its retry, a connection was left, or an event was lost or came twice.
 *
 * node_modules/.bin/node bench/load.ts [--clients 200] [--seconds 300] [--think 3000] [--json]
 */
import { parseArgs } from 'node:util';
import { note, print, printJson, table } from '../src/cli/output.ts';
import { loadConfig } from '../src/config.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { type LoginRole, loginRoles, loginUrl } from '../src/postgres/roles.ts';
import { startTestServer } from '../test/harness/server.ts';
import { fillCommunity } from './load/community.ts';
import { makeFleet } from './load/fleet.ts';
import { type LoadReport, runRollingRestart } from './load/rolling-restart.ts';

const healthMs = 500;
/** Two intervals of the load balancer. */
const drainDelayMs = 1_000;
const password = 'bench';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '300' },
    /** Milliseconds between two requests of a client, on average. */
    think: { type: 'string', default: '3000' },
    json: { type: 'boolean', default: false },
  },
});
const clients = Number(values.clients);
const seconds = Number(values.seconds);
const thinkMs = Number(values.think);
if (![clients, seconds, thinkMs].every((value) => Number.isInteger(value) && value > 0)) {
  note('--clients, --seconds and --think are whole numbers above 0.');
  process.exit(2);
}

function show(report: LoadReport): void {
  const { connections, subscriptions, restarts } = report;
  print(
    `${report.requests} requests in ${report.seconds.toFixed(0)} s, ${report.perSecond}/s, ${clients} clients`,
  );
  print();
  print(
    table(
      ['kind', 'requests', 'median', '99th', 'longest'],
      report.kinds.map(({ kind, count, p50, p99, max }) => [
        kind,
        count,
        `${p50} ms`,
        `${p99} ms`,
        `${max} ms`,
      ]),
    ),
  );
  print();
  const list = (name: string, failures: Readonly<Record<string, number>>): void => {
    const entries = Object.entries(failures);
    print(`${name}: ${entries.length === 0 ? 'none' : ''}`);
    for (const [what, times] of entries) print(`  ${times} × ${what}`);
  };
  list('failed at first', report.failedAtFirst);
  list('failed after one retry', report.failed);
  for (const told of restarts) {
    print(
      `${told.process}: exit code ${told.exitCode}, ${told.answered} of ${told.running} running requests answered, ` +
        `stopped in ${(told.stopMs / 1_000).toFixed(1)} s, ready again in ${(told.startMs / 1_000).toFixed(1)} s`,
    );
  }
  print(
    `connections: ${connections.before} before, ${connections.peak} at most, ${connections.after} after, ${connections.atTheEnd} at the end`,
  );
  print(
    `subscriptions: ${subscriptions.subscribers} followed ${subscriptions.delivered} events, ${subscriptions.lost} lost, ${subscriptions.repeated} repeated`,
  );
  list('connections of subscribers ended with', subscriptions.closes);
  print(`written twice: ${report.writtenTwice}`);
  for (const line of report.loggedErrors.slice(0, 10)) print(`log: ${line.slice(0, 300)}`);
  print(report.violations.length === 0 ? 'Nobody saw it.' : `Seen: ${report.violations.join('; ')}`);
}

const server = await startTestServer(18);
const databaseUrl = withDatabase(server.url, 'bench');
const urlFor = (role: LoginRole): string => loginUrl(databaseUrl, role, password);
const fleet = await makeFleet(2, { databaseUrl, urlFor, drainDelayMs });
let report: LoadReport;
try {
  note('Migrating and filling a server of its own');
  await prepareDatabase(server.url, 'bench', Object.fromEntries(loginRoles.map((role) => [role, password])));
  await migrateUp({ databaseUrl });
  const { argon2 } = await loadConfig({ env: {} });
  const community = await fillCommunity({ databaseUrl, authUrl: urlFor('stoa_auth'), clients, argon2 });
  await Promise.all(fleet.map((process) => process.start()));
  note(`Running for ${seconds} s`);
  report = await runRollingRestart({
    databaseUrl,
    community,
    fleet,
    seconds,
    thinkMs,
    healthMs,
    onEvent: note,
  });
} finally {
  await Promise.all(fleet.map((process) => process.remove()));
  await server.stop();
}
if (values.json) printJson(report);
else show(report);
process.exit(report.violations.length === 0 ? 0 : 1);
