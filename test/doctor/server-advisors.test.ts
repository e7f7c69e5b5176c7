import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limits } from '../../src/doctor/advisors/advisor.ts';
import { examine, type Fault } from '../../src/doctor/examine.ts';
import { connect } from '../../src/postgres/connect.ts';
import { type ScratchServer, startScratchServer } from '../../src/postgres/scratch.ts';

/** A server that nobody else uses: its sessions, slots and settings are those of this file. */
let server: ScratchServer;
let doctor: Client;
beforeAll(async () => {
  server = await startScratchServer({
    isOpen: true,
    settings: { max_connections: '20', shared_preload_libraries: 'pg_stat_statements' },
  });
  doctor = await connect(server.url, 'doctor');
});
afterAll(async () => {
  await doctor.end();
  await server.stop();
});

async function faultsOf(name: string, limits: Partial<Limits> = {}): Promise<readonly Fault[]> {
  return (await examine(doctor, { only: [name], limits })).faults;
}

/** Runs the printed cure, and waits until what it ended is gone from the list of sessions. */
async function mend(fault: Fault | undefined): Promise<void> {
  for (const sql of (fault?.cure ?? '').split(/;\s*/)) if (sql !== '') await doctor.query(sql);
}

async function goneSoon(name: string, limits: Partial<Limits>): Promise<void> {
  await expect.poll(() => faultsOf(name, limits)).toEqual([]);
}

/** Connections that the cure ends, so that their loss is no failure of the test. */
async function victim(name: string): Promise<Client> {
  return connect(server.url, name);
}

describe('a session', () => {
  it('that idles in a transaction is seen, whatever its process number, and ended by the cure', async () => {
    const limits = { idleSeconds: 0 };
    const client = await victim('sleeper');
    await client.query('begin; select 1');
    const [fault, ...others] = await faultsOf('idle_in_transaction', limits);
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      level: 'warning',
      identity: 'idle_in_transaction stoa sleeper as postgres',
    });
    await mend(fault);
    await goneSoon('idle_in_transaction', limits);
  });

  it('that has been in one statement for long is seen and ended', async () => {
    const limits = { transactionSeconds: 0 };
    const client = await victim('builder');
    // It waits for a lock that the doctor holds, so it is inside a statement for as long as the test wants.
    await doctor.query('select pg_advisory_lock(42)');
    const waiting = client.query('select pg_advisory_lock(42)').catch((error: Error) => error.message);
    await expect.poll(() => faultsOf('long_transaction', limits)).toHaveLength(1);
    const [fault] = await faultsOf('long_transaction', limits);
    expect(fault).toMatchObject({ identity: 'long_transaction stoa builder as postgres' });
    await mend(fault);
    expect(await waiting).toMatch(/terminat/);
    await doctor.query('select pg_advisory_unlock(42)');
    await goneSoon('long_transaction', limits);
  });

  it('is one of too many, and the cure ends those that do nothing', async () => {
    const limits = { connectionShare: 0.5 };
    expect(await faultsOf('connections_used', limits)).toEqual([]);
    for (let count = 0; count < 9; count += 1) await victim('crowd');
    const [fault] = await faultsOf('connections_used', limits);
    expect(fault?.what).toContain('most by "stoa crowd" (9, of them 9 idle)');
    await mend(fault);
    await goneSoon('connections_used', limits);
  });
});

describe('a replication slot', () => {
  it('that nobody reads is seen with what it holds, and dropped by the cure', async () => {
    await doctor.query("select pg_create_physical_replication_slot('forgotten', true)");
    const [fault] = await faultsOf('replication_slot');
    expect(fault).toMatchObject({ level: 'error', identity: 'replication_slot forgotten' });
    expect(fault?.what).toMatch(/physical, read by nobody, holds \d+ .*of log/);
    await mend(fault);
    expect(await faultsOf('replication_slot')).toEqual([]);
  });
});

describe('statements', () => {
  it('are not measured until the extension is there, and the cure says which half is missing', async () => {
    const [fault] = await faultsOf('statements_not_measured');
    expect(fault?.what).toContain('the extension is not in this database');
    await mend(fault);
    expect(await faultsOf('statements_not_measured')).toEqual([]);
  });

  it('that are slow are told with their plan and without their values, and forgotten by the cure', async () => {
    const limits = { slowMs: 0, slowCalls: 3 };
    await doctor.query('create table notes (id int, text text)');
    await doctor.query('select pg_stat_statements_reset()');
    for (const word of ['one', 'two', 'three']) {
      await doctor.query(`select id from notes where text = '${word} secret'`);
    }
    const [fault] = (await faultsOf('slow_statement', limits)).filter(({ what }) =>
      what.includes('from notes'),
    );
    expect(fault?.what).toMatch(/over 3 calls/);
    expect(fault?.what).not.toContain('secret');
    expect(fault?.plan?.join('\n')).toContain('Seq Scan on notes');
    await mend({ ...(fault ?? ({} as Fault)), cure: (fault?.cure ?? '').replace(/^.*: /, '') });
    expect(
      (await faultsOf('slow_statement', limits)).filter(({ what }) => what.includes('from notes')),
    ).toEqual([]);
  });
});

describe('the cache', () => {
  it('is too small where much is read past it; the cure doubles it and begins to count anew', async () => {
    const limits = { cacheHitShare: 2, cacheBlocks: 100 };
    await doctor.query('select count(*) from pg_attribute, pg_class where attrelid = pg_class.oid');
    await doctor.query('select pg_stat_force_next_flush()');
    const [fault] = await faultsOf('cache_misses', limits);
    expect(fault?.cure).toBe(
      "alter system set shared_buffers = '256MB'; -- restart the server, then: select pg_stat_reset();",
    );
    await doctor.query(fault?.cure.split(';')[0] ?? '');
    const { rows } = await doctor.query<{ sourceline: number }>(
      "select applied, setting from pg_file_settings where name = 'shared_buffers' order by seqno desc limit 1",
    );
    expect(rows).toEqual([{ applied: false, setting: '256MB' }]);
    await doctor.query('select pg_stat_reset()');
    expect(await faultsOf('cache_misses', { ...limits, cacheBlocks: 10_000 })).toEqual([]);
  });
});
