/**
 * What a sign-in costs, and whether its time tells who has an account. Starts a server of its own and prints
 *
 * - the time of one argon2id hash with the default parameters, and of one refused attempt that is throttled;
 * - the time of a wrong password for an account that exists and for one that does not, interleaved: quartiles, how
 *   much of the two distributions overlaps (1 = they are the same), and how often a known account takes longer than
 *   an unknown one (0.5 = a coin).
 *
 * node_modules/.bin/node bench/sign-in.ts [pairs, default 300]
 */
import { randomBytes } from 'node:crypto';
import { PasswordHashes } from '../src/auth/password-hashes.ts';
import { createAuthService } from '../src/auth/service.ts';
import { loadConfig } from '../src/config.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { connect, createPool, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { loginRoles, loginUrl } from '../src/postgres/roles.ts';
import { startTestServer } from '../test/harness/server.ts';

const pairs = Number(process.argv[2] ?? 300);
const accounts = 200;

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function describe(name: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const shown = [0.05, 0.25, 0.5, 0.75, 0.95].map((part) => `${quantile(sorted, part).toFixed(2)} ms`);
  console.log(
    `${name.padEnd(34)} p5 ${shown[0]}  p25 ${shown[1]}  median ${shown[2]}  p75 ${shown[3]}  p95 ${shown[4]}`,
  );
}

/** Of two histograms with the same bounds, the part that they share. */
function overlap(left: readonly number[], right: readonly number[], bins = 20): number {
  const all = [...left, ...right].sort((a, b) => a - b);
  const low = quantile(all, 0.01);
  const width = (quantile(all, 0.99) - low) / bins || 1;
  const histogram = (times: readonly number[]): number[] => {
    const counts = new Array<number>(bins).fill(0);
    for (const time of times) {
      const bin = Math.max(0, Math.min(bins - 1, Math.floor((time - low) / width)));
      counts[bin] = (counts[bin] ?? 0) + 1 / times.length;
    }
    return counts;
  };
  const other = histogram(right);
  return histogram(left).reduce((sum, part, bin) => sum + Math.min(part, other[bin] ?? 0), 0);
}

function howOftenLonger(left: readonly number[], right: readonly number[]): number {
  const wins = left.reduce(
    (sum, time) =>
      sum + right.reduce((inner, other) => inner + (time > other ? 1 : time === other ? 0.5 : 0), 0),
    0,
  );
  return wins / (left.length * right.length);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work().catch(() => {});
  return performance.now() - start;
}

const server = await startTestServer(18);
try {
  const password = 'bench';
  await prepareDatabase(server.url, 'bench', Object.fromEntries(loginRoles.map((role) => [role, password])));
  const url = withDatabase(server.url, 'bench');
  await migrateUp({ databaseUrl: url });
  const config = { ...(await loadConfig({ env: {} })), secretKey: randomBytes(32) };
  const pool = createPool(loginUrl(url, 'stoa_auth', password), { applicationName: 'bench', max: 4 });
  const service = await createAuthService({ pool, config });

  const hashes = await PasswordHashes.create(config.argon2);
  const hash = await hashes.hash('correct horse');
  const admin = await connect(url, 'bench');
  await admin.query('update auth.throttle_rules set attempts = 1000000');
  for (let index = 0; index < accounts; index += 1) {
    await admin.query('select auth.register($1, $2, $3)', [
      `known${index}@example.org`,
      hash,
      `known_${index}`,
    ]);
  }
  await admin.query('analyze');

  const hashing: number[] = [];
  for (let index = 0; index < 50; index += 1) hashing.push(await timed(() => hashes.hash('correct horse')));
  const { memoryKiB, passes, parallelism } = config.argon2;
  describe(`argon2id m=${memoryKiB} t=${passes} p=${parallelism}`, hashing);

  const known: number[] = [];
  const unknown: number[] = [];
  for (let index = 0; index < pairs; index += 1) {
    const attempts = [
      async () => known.push(await timed(() => service.signIn(`known_${index % accounts}`, 'wrong', {}))),
      async () => unknown.push(await timed(() => service.signIn(`nobody_${index % accounts}`, 'wrong', {}))),
    ];
    // In turns, so that what comes first is the same for both.
    for (const attempt of index % 2 === 0 ? attempts : attempts.reverse()) await attempt();
  }
  describe('wrong password, known account', known);
  describe('wrong password, unknown account', unknown);
  console.log(
    `overlap of both: ${overlap(known, unknown).toFixed(2)}; with itself, halved: ${overlap(
      known.filter((_, index) => index % 2 === 0),
      known.filter((_, index) => index % 2 === 1),
    ).toFixed(2)}`,
  );
  console.log(
    `a known account takes longer than an unknown one in ${(howOftenLonger(known, unknown) * 100).toFixed(1)} % of pairs`,
  );

  await admin.query("update auth.throttle_rules set attempts = 1 where scope = 'sign_in_name'");
  await timed(() => service.signIn('flooded', 'wrong', {}));
  const throttled: number[] = [];
  for (let index = 0; index < 200; index += 1)
    throttled.push(await timed(() => service.signIn('flooded', 'wrong', {})));
  describe('throttled', throttled);

  await admin.end();
  await pool.end();
} finally {
  await server.stop();
}
