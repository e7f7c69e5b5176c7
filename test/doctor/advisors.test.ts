import { beforeAll, describe, expect, it } from 'vitest';
import type { Limits } from '../../src/doctor/advisors/advisor.ts';
import { examine, type Fault, liveAdvisors } from '../../src/doctor/examine.ts';
import { connect } from '../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { mend } from './cure.ts';
import { databaseFaults } from './database-faults.ts';
import { serverFaults } from './server-faults.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

async function faultsOf(name: string, limits: Partial<Limits>): Promise<readonly Fault[]> {
  const client = await connect(db.url, 'test doctor');
  try {
    return (await examine(client, { only: [name], limits })).faults;
  } finally {
    await client.end();
  }
}

/** In one session, as whoever pastes it. */
async function mendAsPrinted(cure: string): Promise<void> {
  const client = await db.pool.connect();
  try {
    await mend(client, cure);
  } finally {
    client.release();
  }
}

/**
 * What VACUUM mends it may have to mend twice: it leaves what any session may still see, and a session that is
 * only being opened, to whatever database, counts as one that sees all of it.
 */
const isVacuumed = (name: string): boolean => name === 'dead_rows' || name === 'frozen_age';

describe('a fault of a database', () => {
  it.each(
    databaseFaults.map(
      (fault) => [`${fault.check} (${fault.identity.split(' ').slice(1).join(' ')})`, fault] as const,
    ),
  )('is seen, and gone after its cure: %s', async (_, { check, make, identity, limits = {} }) => {
    for (const sql of make) await db.query(sql);
    const found = (await faultsOf(check, limits)).filter((fault) => fault.identity === identity);
    expect(found.length).toBeGreaterThan(0);
    for (const fault of found) {
      expect(fault.why).toMatch(/\.$/);
      expect(fault.cure).toMatch(/;$/);
      expect(fault.cure).not.toMatch(/--/);
      await mendAsPrinted(fault.cure);
    }
    await expect
      .poll(async () => {
        const left = (await faultsOf(check, limits)).filter((fault) => fault.identity === identity);
        if (isVacuumed(check)) for (const { cure } of left) await mendAsPrinted(cure);
        return left;
      })
      .toEqual([]);
  });

  it('is not seen in a database that nobody touched', async () => {
    const fresh = await testDatabase();
    const client = await connect(fresh.url, 'test doctor');
    try {
      const { faults } = await examine(client);
      // Others use this server at the same time.
      const ofServer =
        /^(long_transaction|idle_in_transaction|replication_slot|connections_used|statements_not_measured|cache_misses) /;
      expect(faults.filter(({ identity }) => !ofServer.test(identity))).toEqual([]);
    } finally {
      await client.end();
    }
  });
});

describe('the checks', () => {
  it('have names of their own, which no check of the catalog has', () => {
    const names = liveAdvisors.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual([...names].sort());
  });

  it('all have a case that is made, seen, mended by the printed cure, and gone', () => {
    const cases = new Set([...databaseFaults, ...serverFaults].map(({ check }) => check));
    expect(liveAdvisors.map(({ name }) => name).filter((name) => !cases.has(name))).toEqual([]);
  });
});
