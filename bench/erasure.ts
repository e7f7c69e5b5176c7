/**
 * What an erasure costs, and whether it holds under load: erases members of a demo community while others write, first
 * one after the other, then several at once, and prints rates, what the proofs found, whether what others wrote is
 * unchanged, and whether every invariant holds. Starts a server of its own.
 *
 * node_modules/.bin/node bench/erasure.ts [people, default 100] [at once, default 4] [writers, default 3]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyLog } from '../src/audit/seals.ts';
import { loadDemo } from '../src/demo/index.ts';
import { checkInvariants } from '../src/doctor/invariants.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { connect, createPool, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { loginRoles, loginUrl } from '../src/postgres/roles.ts';
import { startScratchServer } from '../src/postgres/scratch.ts';
import { erasePeople } from '../src/privacy/erasure.ts';
import { folderStorage } from '../src/storage/folder.ts';

const people = Number(process.argv[2] ?? 100);
const atOnce = Number(process.argv[3] ?? 4);
const writers = Number(process.argv[4] ?? 3);

const server = await startScratchServer({ prefix: 'stoa-bench-erasure-' });
const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-erasure-storage-'));
try {
  const password = 'bench';
  await prepareDatabase(server.url, 'bench', Object.fromEntries(loginRoles.map((role) => [role, password])));
  const url = withDatabase(server.url, 'bench');
  await migrateUp({ databaseUrl: url });
  await loadDemo({
    databaseUrl: url,
    password: 'a demo for a bench',
    argon2: { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 },
    scale: Math.max(1, (people + writers) / 35),
  });
  const pool = createPool(url, { applicationName: 'bench', max: 12 });
  const places = {
    uploads: folderStorage(join(folder, 'uploads')),
    ledger: folderStorage(join(folder, 'backups')),
  };
  const { rows: known } = await pool.query<{ id: string }>(
    `select id from core.users
     where not is_system and role = 'user' and not core.owns_things(id)
     order by member_number limit $1`,
    [people + writers],
  );
  const gone = known.slice(0, people).map(({ id }) => id);
  const busy = known.slice(people).map(({ id }) => id);
  await pool.query(
    `insert into auth.accounts (user_id, email, registration_ip)
     select id, 'person' || place || '@example.org', ('198.18.' || place / 250 || '.' || place % 250 + 1)::inet
     from unnest($1::uuid[]) with ordinality as person (id, place)
     on conflict (user_id) do nothing`,
    [gone],
  );
  const { rows: size } = await pool.query<{ rows: string; bytes: string }>(
    `select sum(greatest(reltuples, 0))::bigint as rows, pg_database_size(current_database()) as bytes from pg_class where relkind = 'r'`,
  );
  console.log(`${gone.length} of ${known.length} people; ${(Number(size[0]?.bytes) / 1e6).toFixed(0)} MB`);

  const others = async (): Promise<string> => {
    const { rows } = await pool.query<{ digest: string }>(
      `select md5(string_agg(entry.content, '|' order by entry.content)) as digest
       from (
         select concat_ws(' ', id, title, content, author_id) as content from forums.posts where author_id <> all ($1)
         union all
         select concat_ws(' ', id, content, author_id) from forums.comments where author_id <> all ($2)
         union all
         select concat_ws(' ', id, content, sender_id) from messaging.messages where sender_id <> all ($2) and type <> 'system'
         union all
         select concat_ws(' ', id, content, sender_id) from groups.channel_messages where sender_id <> all ($2)
       ) as entry`,
      [gone, [...gone, ...busy]],
    );
    return rows[0]?.digest ?? '';
  };
  const before = await others();

  let isOn = true;
  let written = 0;
  const traffic = busy.map(async (id) => {
    const client = await pool.connect();
    while (isOn) {
      try {
        await client.query('begin');
        await client.query(
          `select set_config('role', 'stoa_member', true), set_config('stoa.user_id', $1, true)`,
          [id],
        );
        await client.query(
          `select forums.vote_post(id, 1) from (select id from forums.posts order by random() limit 3) as post`,
        );
        await client.query('commit');
        written += 1;
      } catch {
        await client.query('rollback');
      }
      await sleep(10);
    }
    client.release();
  });

  let proved = 0;
  const found: string[] = [];
  const times: number[] = [];
  const erase = async (ids: readonly string[]): Promise<void> => {
    const client = await connect(loginUrl(url, 'stoa_worker', password), 'bench');
    try {
      for (const id of ids) {
        const begun = performance.now();
        const { rows } = await client.query<{ id: string }>(
          `select audit.operator_request($1, 'erase') as id`,
          [id],
        );
        const [outcome] = await erasePeople(client, places, [rows[0]?.id ?? '']);
        times.push(performance.now() - begun);
        if (outcome?.certificate !== undefined) proved += 1;
        for (const { column } of outcome?.scan.found ?? []) found.push(column);
      }
    } finally {
      await client.end();
    }
  };
  const report = (name: string, begun: number): void => {
    const sorted = times.splice(0).sort((one, other) => one - other);
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    const worst = sorted.at(-1) ?? Number.NaN;
    const seconds = (performance.now() - begun) / 1_000;
    console.log(
      `${name.padEnd(24)} ${sorted.length} people in ${seconds.toFixed(1)} s, median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`,
    );
  };
  const half = Math.ceil(gone.length / 2);
  let begun = performance.now();
  await erase(gone.slice(0, half));
  report('one after the other', begun);
  begun = performance.now();
  const rest = gone.slice(half);
  await Promise.all(
    Array.from({ length: atOnce }, (_, lane) => erase(rest.filter((_id, index) => index % atOnce === lane))),
  );
  report(`${atOnce} at once`, begun);
  isOn = false;
  await Promise.all(traffic);

  const invariants = await checkInvariants({ databaseUrl: url });
  const broken = invariants.filter(({ state }) => state !== 'holds').map(({ name }) => name);
  const { faults } = await verifyLog(pool);
  console.log(`${written} transactions of others meanwhile`);
  console.log(
    `proved ${proved} of ${gone.length}; found ${found.length === 0 ? 'nothing' : found.join(', ')}`,
  );
  console.log(`what others wrote is ${(await others()) === before ? 'unchanged' : 'CHANGED'}`);
  console.log(`${invariants.length} invariants, broken: ${broken.length === 0 ? 'none' : broken.join(', ')}`);
  console.log(`audit log: ${faults.length} faults`);
  await pool.end();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
