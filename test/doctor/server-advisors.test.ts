import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limits } from '../../src/doctor/advisors/advisor.ts';
import { examine, type Fault } from '../../src/doctor/examine.ts';
import { findBinaries } from '../../src/postgres/binaries.ts';
import { initialiseCluster, startCluster, superuser } from '../../src/postgres/cluster.ts';
import { connect } from '../../src/postgres/connect.ts';
import { findFreePort } from '../../src/postgres/port.ts';
import { findRunAs } from '../../src/postgres/run-as.ts';
import { type ScratchServer, startScratchServer } from '../../src/postgres/scratch.ts';
import { reachableBinaries, reachableDataFolder } from '../../src/postgres/staging.ts';
import { mend } from './cure.ts';
import { serverFaults } from './server-faults.ts';

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

async function faultsOf(
  client: Client,
  name: string,
  limits: Partial<Limits> = {},
): Promise<readonly Fault[]> {
  return (await examine(client, { only: [name], limits })).faults;
}

describe('a fault of the server', () => {
  it.each(serverFaults.map((fault) => [fault.check, fault.what, fault] as const))(
    'is seen, and gone after its cure was run as it was printed: %s, %s',
    async (_, __, { check, identity, limits, make, look }) => {
      const isIt = (fault: Fault): boolean => fault.identity.startsWith(identity);
      // Of the statements only the one of the test is of interest: the examination is one too.
      const seen = async (): Promise<readonly Fault[]> =>
        (await faultsOf(doctor, check, limits)).filter(
          (fault) => isIt(fault) && (check !== 'slow_statement' || fault.what.includes('from notes')),
        );
      const finish = await make({ url: server.url, doctor });
      await expect.poll(seen).toHaveLength(1);
      for (const fault of await seen()) {
        look?.(fault);
        expect(fault.cure).toMatch(/;$/);
        expect(fault.cure).not.toMatch(/--/);
        await mend(doctor, fault.cure);
      }
      await finish?.();
      await expect.poll(seen).toEqual([]);
    },
  );
});

describe('a cure that asks for a restart', () => {
  it('has worked after it: statements are measured, once the library is loaded', async () => {
    const runAs = findRunAs();
    const binaries = reachableBinaries(findBinaries(), runAs);
    const folder = reachableDataFolder(mkdtempSync(join(tmpdir(), 'stoa-restart-')), runAs);
    const location = { folder, binaries, runAs };
    const isolated = async (work: (client: Client) => Promise<void>): Promise<void> => {
      const port = await findFreePort();
      const logFile = join(folder, 'server.log');
      const cluster = await startCluster({ ...location, port, logFile, settings: { fsync: 'off' } });
      try {
        const client = await connect(`postgres://${superuser}@127.0.0.1:${port}/postgres`, 'doctor');
        await work(client).finally(() => client.end());
      } finally {
        await cluster.stop('fast');
      }
    };
    try {
      initialiseCluster(location, { durable: false });
      await isolated(async (client) => {
        const [fault, ...others] = await faultsOf(client, 'statements_not_measured');
        expect(others).toEqual([]);
        expect(fault?.what).toContain('from the next start of the server on');
        await mend(client, fault?.cure ?? '');
      });
      await isolated(async (client) => {
        expect(await faultsOf(client, 'statements_not_measured')).toEqual([]);
        expect((await client.query('select from pg_stat_statements')).rowCount).toBeGreaterThan(0);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
