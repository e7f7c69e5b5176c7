import { createServer, type Server } from 'node:http';
import pg, { type Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolsIn, readPools } from '../../src/doctor/pools.ts';
import { exitCodes } from '../../src/errors.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { watchPoolWaits } from '../../src/postgres/pool-waits.ts';
import { prepareDatabase } from '../../src/postgres/prepare.ts';
import { type ScratchServer, startScratchServer } from '../../src/postgres/scratch.ts';
import { temporaryProject } from '../harness/installation.ts';

/** A server of its own: every connection is one of this file. */
let server: ScratchServer;
let url: string;
let doctor: Client;
const folder = await temporaryProject();
beforeAll(async () => {
  server = await startScratchServer({ isOpen: true, settings: { max_connections: '14' } });
  await prepareDatabase(server.url, 'pooled');
  url = withDatabase(server.url, 'pooled');
  doctor = await connect(url, 'doctor');
});
afterAll(async () => {
  await doctor.end();
  await server.stop();
});

describe('the connections of a server', () => {
  it('are counted by who holds them and what they do, against what there is', async () => {
    const busy = await connect(url, 'api');
    const idle = await connect(url, 'api');
    await busy.query('begin');
    const report = await readPools(doctor);
    expect(report).toMatchObject({ maxConnections: 14, reserved: 3, used: 2 });
    expect(report.saturation).toBeCloseTo(2 / 11);
    expect(report.sessions).toMatchObject([
      {
        application: 'stoa api',
        database: 'pooled',
        idle: 1,
        idleInTransaction: 1,
        active: 0,
        waiting: 0,
        total: 2,
      },
    ]);
    expect(report.sessions[0]?.longestIdleInTransactionMs).toBeGreaterThanOrEqual(0);
    await Promise.all([busy.end(), idle.end()]);
  });

  it('are told in 100 columns, with a warning and an exit code when few are left', async () => {
    const quiet = await folder.run(['pool'], { DATABASE_URL: url });
    expect(quiet).toMatchObject({ code: exitCodes.ok });
    expect((await folder.run(['pool', '--fast'])).code).toBe(exitCodes.usage);
    expect(quiet.stdout).toContain('The API does not tell its figures');
    for (const line of quiet.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);

    const crowd = await Promise.all(Array.from({ length: 8 }, () => connect(url, 'crowd')));
    const full = await folder.run(['pool', '--json'], { DATABASE_URL: url });
    expect(full.code).toBe(exitCodes.checkFailed);
    expect(JSON.parse(full.stdout)).toMatchObject({
      api: null,
      warnings: ['9 of 11 connections are taken.'],
    });
    await Promise.all(crowd.map((client) => client.end()));
  });

  it('are told with the pools of the API, where it answers to its token', async () => {
    const figures =
      '# HELP x\nstoa_pool_connections{pool="gateway",state="busy"} 10\nstoa_pool_connections{pool="gateway",state="idle"} 0\nstoa_pool_connections{pool="gateway",state="waiting"} 4\n' +
      [
        'bucket{le="0.001",pool="gateway"} 90',
        'bucket{le="0.1",pool="gateway"} 98',
        'bucket{le="0.5",pool="gateway"} 99',
        'bucket{le="+Inf",pool="gateway"} 100',
        'sum{pool="gateway"} 2.5',
        'count{pool="gateway"} 100',
      ]
        .map((line) => `stoa_pool_wait_seconds_${line}\n`)
        .join('');
    const api: Server = createServer((message, response) => {
      if (message.headers.authorization !== 'Bearer open sesame, open sesame') response.statusCode = 401;
      response.end(response.statusCode === 401 ? '' : figures);
    });
    const port = await new Promise<number>((resolve) => {
      api.listen(0, '127.0.0.1', () => {
        const address = api.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
    try {
      const env = {
        DATABASE_URL: url,
        STOA_METRICS_PORT: String(port),
        STOA_METRICS_TOKEN: 'open sesame, open sesame',
      };
      const told = await folder.run(['pool', '--json'], env);
      expect(JSON.parse(told.stdout)).toMatchObject({
        api: [
          { pool: 'gateway', busy: 10, idle: 0, waiting: 4, requests: 100, meanWaitMs: 25, waitP99Ms: 500 },
        ],
        warnings: ['4 requests wait for a connection of the pool "gateway".'],
      });
      const read = await folder.run(['pool'], env);
      expect(read.stdout).toMatch(/gateway +10 +0 +4 +100 +25\.00 ms +500 ms/);
      for (const line of read.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    } finally {
      await new Promise((resolve) => api.close(resolve));
    }
  });
});

describe('the figures of the API', () => {
  it('hold other things, which are passed over', () => {
    expect(poolsIn('stoa_websockets 3\nstoa_pool_connections{pool="auth",state="idle"} 2')).toEqual([
      { pool: 'auth', busy: 0, idle: 2, waiting: 0, requests: 0, meanWaitMs: null, waitP99Ms: null },
    ]);
  });
});

describe('the wait for a connection', () => {
  it('is told of every request: by callback, by promise, and by one that gave up', async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const waits: number[] = [];
    watchPoolWaits(pool, (seconds) => waits.push(seconds));
    try {
      const holder = await pool.connect();
      expect(waits).toHaveLength(1);
      // Only from here on: to connect may take longer than that.
      pool.options.connectionTimeoutMillis = 20;
      await expect(pool.connect()).rejects.toThrow(/timeout/);
      expect(waits).toHaveLength(2);
      // It waited for all of the time after which it gave up; timers may be early by a millisecond.
      expect(waits[1]).toBeGreaterThanOrEqual(0.019);
      holder.release();
      const { rows } = await pool.query<{ one: number }>('select 1 as one');
      expect(rows).toEqual([{ one: 1 }]);
      expect(waits).toHaveLength(3);
    } finally {
      await pool.end();
    }
  });

  it('lasts until the connection is handed out', async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const waits: number[] = [];
    watchPoolWaits(pool, (seconds) => waits.push(seconds));
    try {
      const holder = await pool.connect();
      const second = pool.connect();
      const askedAt = performance.now();
      await doctor.query('select 1');
      expect(waits).toHaveLength(1);
      const heldSeconds = (performance.now() - askedAt) / 1_000;
      holder.release();
      (await second).release();
      expect(waits).toHaveLength(2);
      expect(waits[1]).toBeGreaterThanOrEqual(heldSeconds);
    } finally {
      await pool.end();
    }
  });
});
