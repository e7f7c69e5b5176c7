import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { http, post } from './http.ts';

let db: TestDatabase;
let open: TestApi;
let production: TestApi;
const token = 'a-token-for-the-scraper';

beforeAll(async () => {
  db = await testDatabase();
  await db.query(
    "insert into ops.job_runs (task, status, finished_at) values ('partitions_maintain', 'ok', now() - interval '90 s')",
  );
  await db.query(
    "insert into ops.job_runs (task, status, finished_at) values ('retention_run', 'failed', now())",
  );
  await db.query(`
    set role stoa_owner;
    select graphile_worker.add_job('send_mail', '{}', run_at => now() - interval '5 minutes');
    reset role;
  `);
  await db.query("insert into ops.job_totals (task, runs, failures) values ('retention_run', 9, 4)");
  await db.query(
    "select ops.raise_alert('disk_full', 'critical', subject, '{}') from unnest(array['a', 'b']) as subject",
  );
  await db.query(
    "insert into ops.workers (id, process_id, host, seen_at) values ('pool-1', 1, 'here', now() + interval '1 hour')",
  );
  await db.query("delete from graphile_worker._private_jobs where key = 'alert_deliver'");
  [open, production] = await Promise.all([
    startTestApi(db, { STOA_RATE_ADDRESS: '20' }),
    startTestApi(db, {
      STOA_ENVIRONMENT: 'production',
      STOA_MAILER: './mailer.js',
      STOA_METRICS_TOKEN: token,
    }),
  ]);
});

const figures = async (api: TestApi): Promise<string> => (await http(new URL('/metrics', api.url))).text;

/** The value of the one line that matches. */
function figureOf(text: string, series: RegExp): number {
  const lines = text.split('\n').filter((line) => series.test(line));
  expect(lines, String(series)).toHaveLength(1);
  return Number(lines[0]?.split(' ').at(-1));
}

describe('the figures', () => {
  it('are text that Prometheus reads', async () => {
    const answer = await http(new URL('/metrics', open.url));
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of answer.text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? ([0-9.e+-]+|NaN|\+Inf))$|^$/,
      );
    }
  });

  it('count requests by kind of operation, errors by code and refusals by what was counted', async () => {
    for (const query of ['{ viewer { id } }', 'mutation { signOut(input: {}) { ended } }', '{ nothing }']) {
      await post(open.url, query);
    }
    for (let n = 0; n < 30; n += 1) await post(open.url, '{ viewer { id } }');
    await vi.waitFor(async () => {
      const text = await figures(open);
      expect(
        figureOf(text, /^stoa_http_request_duration_seconds_count\{operation="mutation",status="2xx"\}/),
      ).toBe(1);
    });
    const text = await figures(open);
    expect(
      figureOf(text, /^stoa_http_request_duration_seconds_count\{operation="query",status="2xx"\}/),
    ).toBeGreaterThan(10);
    expect(
      figureOf(text, /^stoa_http_request_duration_seconds_count\{operation="refused",status="4xx"\}/),
    ).toBeGreaterThan(5);
    expect(figureOf(text, /^stoa_errors_total\{code="UNAUTHENTICATED"\}/)).toBe(1);
    expect(figureOf(text, /^stoa_errors_total\{code="GRAPHQL_VALIDATION_FAILED"\}/)).toBe(1);
    expect(figureOf(text, /^stoa_rate_refusals_total\{scope="address"\}/)).toBeGreaterThan(5);
    expect(figureOf(text, /^stoa_rate_refusals_total\{scope="account"\}/)).toBe(0);
  });

  it('show the pools, the event loop, partitions and jobs', async () => {
    const text = await figures(open);
    expect(figureOf(text, /^stoa_database_up /)).toBe(1);
    expect(figureOf(text, /^stoa_pool_connections\{pool="gateway",state="idle"\}/)).toBeGreaterThan(0);
    expect(figureOf(text, /^stoa_pool_wait_seconds_count\{pool="gateway"\}/)).toBeGreaterThan(0);
    expect(figureOf(text, /^stoa_pool_wait_seconds_bucket\{le="15",pool="gateway"\}/)).toBeGreaterThan(0);
    expect(figureOf(text, /^stoa_event_loop_delay_seconds\{quantile="0.99"\}/)).toBeGreaterThan(0);
    expect(figureOf(text, /^stoa_partitions_ahead\{table="audit.logs"\}/)).toBeGreaterThanOrEqual(2);
    const age = figureOf(text, /^stoa_job_success_age_seconds\{task="partitions_maintain"\}/);
    expect(age).toBeGreaterThanOrEqual(90);
    expect(age).toBeLessThan(300);
    expect(figureOf(text, /^stoa_job_failures_of_a_day\{task="retention_run"\}/)).toBe(1);
    expect(figureOf(text, /^stoa_jobs_failed_total\{task="retention_run"\}/)).toBe(4);
    expect(figureOf(text, /^stoa_alerts_open\{level="critical",name="disk_full"\}/)).toBe(2);
    expect(figureOf(text, /^stoa_workers /)).toBe(1);
    expect(figureOf(text, /^stoa_jobs_due /)).toBe(1);
    expect(figureOf(text, /^stoa_jobs_oldest_due_age_seconds /)).toBeGreaterThanOrEqual(300);
  });
});

describe('/metrics', () => {
  const scrape = (api: TestApi, headers: Record<string, string> = {}) =>
    http(new URL('/metrics', api.url), { headers });

  it('is for whoever has the token, where one is set', async () => {
    expect((await scrape(production)).status).toBe(401);
    expect((await scrape(production, { authorization: 'Bearer another-token-altogether' })).status).toBe(401);
    const answer = await scrape(production, { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('stoa_http_request_duration_seconds');
  });

  it('is not there in production without a token, nor where it has a port of its own', async () => {
    const own = await startTestApi(db, {
      STOA_ENVIRONMENT: 'production',
      STOA_MAILER: './mailer.js',
      STOA_METRICS_PORT: '0',
    });
    expect((await scrape(own)).status).toBe(404);
    const status = `http://127.0.0.1:${own.statusPort}`;
    expect((await http(`${status}/metrics`)).status).toBe(200);
    expect((await http(`${status}/readyz`)).status).toBe(200);
    expect((await http(`${status}/graphql`)).status).toBe(404);
  });
});
