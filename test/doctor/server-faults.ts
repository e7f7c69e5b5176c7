import type { Client } from 'pg';
import { expect } from 'vitest';
import type { Limits } from '../../src/doctor/advisors/advisor.ts';
import type { Fault } from '../../src/doctor/examine.ts';
import { connect } from '../../src/postgres/connect.ts';

/** A server that nobody else uses, and the session that examines it as superuser. */
export interface Scene {
  readonly url: string;
  readonly doctor: Client;
}

/** What lies in sessions, slots and settings; what lies in one database is in database-faults.ts. */
export interface ServerFault {
  readonly check: string;
  readonly what: string;
  readonly identity: string;
  readonly limits: Partial<Limits>;
  /** Returns what is left to do, once the cure was run. */
  make(scene: Scene): Promise<(() => Promise<void>) | undefined>;
  look?(fault: Fault): void;
}

/** A connection that the cure ends, so its loss is no failure of the test. */
const victim = ({ url }: Scene, name: string): Promise<Client> => connect(url, name);

export const serverFaults: readonly ServerFault[] = [
  {
    check: 'idle_in_transaction',
    what: 'a session that idles in a transaction, whatever its process number',
    identity: 'idle_in_transaction stoa sleeper as postgres',
    limits: { idleSeconds: 0 },
    async make(scene) {
      const client = await victim(scene, 'sleeper');
      await client.query('begin; select 1');
      return undefined;
    },
    look: (fault) => expect(fault.level).toBe('warning'),
  },
  {
    check: 'long_transaction',
    what: 'a session that has been in one statement for long',
    identity: 'long_transaction stoa builder as postgres',
    limits: { transactionSeconds: 0 },
    async make(scene) {
      const client = await victim(scene, 'builder');
      // It waits for a lock that the doctor holds, so it is inside a statement for as long as the test wants.
      await scene.doctor.query('select pg_advisory_lock(42)');
      const waiting = client.query('select pg_advisory_lock(42)').catch((error: Error) => error.message);
      return async () => {
        expect(await waiting).toMatch(/terminat/);
        await scene.doctor.query('select pg_advisory_unlock(42)');
      };
    },
  },
  {
    check: 'connections_used',
    what: 'sessions of which there are too many; those that do nothing are ended',
    identity: 'connections_used max_connections',
    limits: { connectionShare: 0.5 },
    async make(scene) {
      for (let count = 0; count < 9; count += 1) await victim(scene, 'crowd');
      return undefined;
    },
    look: (fault) => expect(fault.what).toContain('most by "stoa crowd" (9, of them 9 idle)'),
  },
  {
    check: 'replication_slot',
    what: 'a slot that nobody reads, with what it holds',
    identity: 'replication_slot forgotten',
    limits: {},
    async make({ doctor }) {
      await doctor.query("select pg_create_physical_replication_slot('forgotten', true)");
      return undefined;
    },
    look(fault) {
      expect(fault.level).toBe('error');
      expect(fault.what).toMatch(/physical, read by nobody, holds \d+ .*of log/);
    },
  },
  {
    check: 'statements_not_measured',
    what: 'statements that nobody measures, where only the extension is missing',
    identity: 'statements_not_measured pg_stat_statements',
    limits: {},
    make: async () => undefined,
    look: (fault) => expect(fault.what).toContain('the extension is not in this database'),
  },
  {
    check: 'slow_statement',
    what: 'a slow statement, told with its plan and without its values',
    identity: 'slow_statement',
    limits: { slowMs: 0, slowCalls: 3 },
    async make({ doctor }) {
      await doctor.query('create table notes (id int, text text)');
      await doctor.query('select pg_stat_statements_reset()');
      for (const word of ['one', 'two', 'three']) {
        await doctor.query(`select id from notes where text = '${word} secret'`);
      }
      return undefined;
    },
    look(fault) {
      expect(fault.what).toMatch(/over 3 calls.* select id from notes/);
      expect(fault.what).not.toContain('secret');
      expect(fault.plan?.join('\n')).toContain('Seq Scan on notes');
    },
  },
  {
    check: 'cache_misses',
    what: 'a cache that much is read past; it is doubled, and counted anew',
    identity: 'cache_misses postgres',
    // A share that no server reaches, over more blocks than an examination reads.
    limits: { cacheHitShare: 2, cacheBlocks: 5_000 },
    async make({ doctor }) {
      await doctor.query('select count(*) from pg_attribute, pg_class where attrelid = pg_class.oid');
      for (let count = 0; count < 60; count += 1) await doctor.query('select count(*) from pg_attribute');
      await doctor.query('select pg_stat_force_next_flush()');
      return async () => {
        const { rows } = await doctor.query<{ applied: boolean; setting: string }>(
          "select applied, setting from pg_file_settings where name = 'shared_buffers' order by seqno desc limit 1",
        );
        expect(rows).toEqual([{ applied: false, setting: '256MB' }]);
      };
    },
  },
];
