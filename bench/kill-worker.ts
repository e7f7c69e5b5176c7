/**
 * Whether jobs come out the same when their worker is killed. Starts a server of its own with the demo community, and
 * in each round drops partitions, spoils counters and the friends' edges, queues the jobs that mend them, starts
 * `stoa work` and kills it with SIGKILL after a random time; then a second worker finishes. Prints
 *
 * - how many rounds ended in the state that an undisturbed run leaves: every invariant holds, the same partitions, an
 *   empty queue, no worker and no run left over;
 * - in how many of them a job was under way when its worker died, and how long it then took until all was mended.
 *
 * node_modules/.bin/node bench/kill-worker.ts [rounds, default 50]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { extendConfig, loadConfig } from '../src/config.ts';
import { loadDemo } from '../src/demo/index.ts';
import { checkInvariants } from '../src/doctor/invariants.ts';
import { startWorker } from '../src/jobs/worker.ts';
import { createLogger } from '../src/log.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { createPool, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { loginRoles, loginUrl } from '../src/postgres/roles.ts';
import { startTestServer } from '../test/harness/server.ts';

const rounds = Number(process.argv[2] ?? 50);
const password = 'bench';
const program = fileURLToPath(new URL('../bin/stoa', import.meta.url));
const jobs = ['partitions_maintain', 'forum_counters_repair', 'group_counters_repair', 'counters_repair'];
const log = createLogger({ level: 'silent' });

async function partitionsOf(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ names: string }>(
    `select string_agg(bound.partition || ' ' || bound.upper_bound, ', ' order by bound.partition) as names
     from ops.partition_policies as policy
     cross join lateral ops.partition_bounds(policy.parent) as bound`,
  );
  return rows[0]?.names ?? '';
}

const spoil = `
  do $$ declare late record; begin
    for late in select parent, partition from ops.partition_policies cross join lateral ops.partition_bounds(parent)
      where upper_bound > now() + interval '1 month' and random() < 0.7
        -- What is dropped is the end of a table, as if it had not been made.
        and parent in ('audit.logs', 'messaging.messages', 'tracker.announces', 'ledger.transactions')
      order by upper_bound desc
    loop
      if exists (select from ops.partition_bounds(late.parent) as later where later.upper_bound >
        (select upper_bound from ops.partition_bounds(late.parent) as own where own.partition = late.partition)) then continue; end if;
      execute format('alter table %s detach partition %s', late.parent, late.partition);
      execute 'drop table ' || late.partition;
    end loop;
  end $$;
  update forums.posts set comment_count = comment_count + 1;
  delete from social.friend_edges where random() < 0.2;
  delete from ops.job_runs;
  select count(core.enqueue(task, '{}')) from unnest(array['${jobs.join("', '")}']) as task;`;

const server = await startTestServer(Number(process.env['STOA_TEST_POSTGRES_MAJOR'] ?? 18));
const dataDir = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
const url = withDatabase(server.url, 'bench');
await prepareDatabase(server.url, 'bench', Object.fromEntries(loginRoles.map((role) => [role, password])));
await migrateUp({ databaseUrl: url });
const argon2 = { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 };
await loadDemo({ databaseUrl: url, password, argon2, scale: 0.2 });
const config = extendConfig(await loadConfig({ env: { STOA_DATA_DIR: dataDir } }), {
  adminUrl: url,
  databaseUrl: url,
  gatewayUrl: loginUrl(url, 'stoa_gateway', password),
  authUrl: loginUrl(url, 'stoa_auth', password),
  mediaUrl: loginUrl(url, 'stoa_media', password),
  trackerUrl: loginUrl(url, 'stoa_tracker', password),
  workerUrl: loginUrl(url, 'stoa_worker', password),
});
const pool = createPool(url, { applicationName: 'bench', max: 2 });
const count = async (text: string): Promise<number> =>
  Number((await pool.query<{ count: string }>(`select count(*) as count from ${text}`)).rows[0]?.count);
const unfinished = (): Promise<number> =>
  count(`graphile_worker.jobs where task_identifier = any (array['${jobs.join("', '")}'])`);

const complete = await partitionsOf(pool);
let same = 0;
let killedAtWork = 0;
let longestMs = 0;
for (let round = 1; round <= rounds; round += 1) {
  await pool.query(spoil);
  const first = spawn(process.execPath, [program, 'work'], {
    env: { ...process.env, DATABASE_URL: url, STOA_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => {
    first.once('exit', resolve);
  });
  // Somewhere between its first connection and the last of its jobs.
  const runs = Math.floor(Math.random() * (jobs.length + 1));
  while ((await count("pg_stat_activity where application_name = 'stoa worker'")) === 0) await sleep(5);
  while ((await count('ops.job_runs')) < runs) await sleep(1);
  await sleep(Math.random() * 60);
  first.kill('SIGKILL');
  await ended;
  if ((await count("ops.job_runs where status = 'running'")) > 0) killedAtWork += 1;

  const start = performance.now();
  const second = await startWorker(config, { log, beatMs: 100, graceMs: 0 });
  while ((await unfinished()) > 0) await sleep(10);
  longestMs = Math.max(longestMs, performance.now() - start);
  await second.stop();
  const broken = (await checkInvariants({ databaseUrl: url })).filter(({ state }) => state !== 'holds');
  const isSame =
    broken.length === 0 &&
    (await partitionsOf(pool)) === complete &&
    (await count('ops.workers')) === 0 &&
    (await count("ops.job_runs where status = 'running'")) === 0;
  if (isSame) same += 1;
  else
    console.log(
      `round ${round} differs: ${broken.map(({ name }) => name).join(', ') || 'partitions or runs'}`,
    );
}
console.log(`same end state      ${same} of ${rounds}`);
console.log(`killed during a job ${killedAtWork} of ${rounds}`);
console.log(`longest until mended ${(longestMs / 1_000).toFixed(1)} s (beat 0.1 s, grace 0)`);
await pool.end();
await server.stop();
rmSync(dataDir, { recursive: true, force: true });
process.exit(same === rounds ? 0 : 1);
