import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveByPolicy } from '../../src/archive/policy.ts';
import { restoreArchive } from '../../src/archive/restore.ts';
import { defaultTransforms } from '../../src/archive/transform.ts';
import { connect } from '../../src/postgres/connect.ts';
import { connectOwner } from '../../src/postgres/owner.ts';
import { planPartitions, planPolicies } from '../../src/retention/plan.ts';
import { choosePolicies, listPolicies, type RetentionPolicy } from '../../src/retention/policies.ts';
import { type RunOptions, runPolicy } from '../../src/retention/run.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { diesAt } from '../archive/kill.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';

const now = new Date('2026-07-15T00:00:00Z');

let db: TestDatabase;
let client: Client;
let person: string;
const folder = mkdtempSync(join(tmpdir(), 'stoa-retention-'));
beforeAll(async () => {
  db = await testDatabase();
  client = await connectOwner(db.url, 'test retention');
  person = await createUser(db, { username: 'held_person' });
});
afterAll(async () => {
  await client.end();
  rmSync(folder, { recursive: true });
});

/** A table with 60 rows, a day old to 60 days old, and a rule that takes those of more than 30 days. */
async function crumbs(name: string, action: RetentionPolicy['action'] = 'delete'): Promise<RetentionPolicy> {
  await db.query(`
    create table core.${name} (
      place text not null,
      number integer not null,
      dropped_at timestamptz not null,
      user_id uuid references core.users (id),
      address inet default '192.0.2.1',
      primary key (place, number)
    );
    create index on core.${name} (dropped_at);
    alter table core.${name} enable row level security, owner to stoa_owner;
    insert into core.${name} (place, number, dropped_at)
    select E'at\\\\the\\tdoor', number, timestamptz '2026-07-15T00:00:00Z' - number * interval '1 day'
    from generate_series(1, 60) as number;
    insert into ops.retention_policies (name, target, predicate, age, action, scrub_columns, batch_size)
    values (
      '${name}', 'core.${name}',
      'number > 0 and dropped_at < :before${action === 'scrub' ? ' and address is not null' : ''}', '30 days', '${action}',
      ${action === 'scrub' ? "'{address}'" : 'null'}, 10
    );
  `);
  return policy(name);
}

async function policy(name: string): Promise<RetentionPolicy> {
  const [found] = choosePolicies(await listPolicies(client), name);
  if (found === undefined) throw new Error('no rule');
  return found;
}

async function left(name: string): Promise<number> {
  const { rows } = await db.query<{ left: number }>(`select count(*)::int as left from core.${name}`);
  return rows[0]?.left ?? -1;
}

const run = (rule: RetentionPolicy, options: Partial<RunOptions> = {}) =>
  runPolicy(client, rule, { now, pace: 0, ...options });

async function hold(): Promise<string> {
  const { rows } = await db.query<{ id: string }>(`select ops.place_hold('user', $1, 'Case 9') as id`, [
    person,
  ]);
  return rows[0]?.id ?? '';
}

describe('a run', () => {
  it('deletes in batches what is past its age, and nothing else', async () => {
    const rule = await crumbs('bread');
    const seen: number[] = [];
    const result = await run(rule, { onBatch: (_name, affected) => seen.push(affected) });
    expect(result).toMatchObject({ affected: 30, batches: 3, skipped: 0, held: 0, isComplete: true });
    expect(seen).toEqual([10, 20, 30]);
    expect(await left('bread')).toBe(30);
    expect(await policy('bread')).toMatchObject({ lastRunAt: now, lastAffected: 30 });
    expect(await run(rule)).toMatchObject({ affected: 0, batches: 0, isComplete: true });
  });

  it('blanks a column instead, where the rule says so', async () => {
    const rule = await crumbs('visits', 'scrub');
    expect(await run(rule)).toMatchObject({ affected: 30 });
    const { rows } = await db.query(
      'select count(*)::int as rows, count(address)::int as addresses from core.visits',
    );
    expect(rows).toEqual([{ rows: 60, addresses: 30 }]);
  });

  it('does nothing for a rule that is off', async () => {
    const rule = await crumbs('rusks');
    await db.query("update ops.retention_policies set is_active = false where name = 'rusks'");
    expect(await run(rule)).toMatchObject({ affected: 0, isComplete: true });
    expect(await left('rusks')).toBe(60);
  });

  // FOR UPDATE SKIP LOCKED: without it the run waits for the holder and is refused by its lock_timeout.
  it('passes over rows that somebody has locked, and takes them the next time', async () => {
    const rule = await crumbs('toast');
    const holder = await connect(db.url, 'test holder');
    try {
      await holder.query('begin');
      await holder.query('select from core.toast where number between 50 and 55 for update');
      expect(await run(rule)).toMatchObject({ affected: 24, skipped: 6 });
      await holder.query('commit');
    } finally {
      await holder.end();
    }
    expect(await run(rule)).toMatchObject({ affected: 6, skipped: 0 });
  });

  it('leaves a row that is no longer past its age when its batch comes', async () => {
    const rule = await crumbs('buns');
    const result = await run(rule, {
      onBatch: (_name, affected) => {
        // Queued on the same connection, so done before the next batch.
        if (affected === 10) void client.query('update core.buns set dropped_at = $1', [now]);
      },
    });
    expect(result).toMatchObject({ affected: 10, skipped: 20 });
    expect(await left('buns')).toBe(50);
  });

  it('stops between two batches when it is told to, and goes on with the next run', async () => {
    const rule = await crumbs('rolls');
    const controller = new AbortController();
    const stopped = await run(rule, { signal: controller.signal, onBatch: () => controller.abort() });
    expect(stopped).toMatchObject({ affected: 0, batches: 1, isComplete: false });
    expect(await left('rolls')).toBe(50);
    expect(await run(rule)).toMatchObject({ affected: 20, isComplete: true });
  });

  it('killed at any of its steps, has done whole batches only, and the next run does the rest', async () => {
    await crumbs('flakes');
    const { steps = 0 } = await diesAt(0, 'retention', db, folder, 'flakes');
    expect(steps).toBe(6);
    for (const step of [4, 5, 6]) {
      const name = `flakes_${step}`;
      const rule = await crumbs(name);
      expect(await diesAt(step, 'retention', db, folder, name)).toMatchObject({ signal: 'SIGKILL' });
      expect((await left(name)) % 10).toBe(0);
      await run(rule);
      expect(await left(name)).toBe(30);
    }
  }, 30_000);
});

describe('a legal hold', () => {
  it('keeps the rows of a person, which are counted, until it is released', async () => {
    const rule = await crumbs('cakes');
    await db.query('update core.cakes set user_id = $1 where number in (1, 40, 41, 42)', [person]);
    const id = await hold();
    expect(await run(rule)).toMatchObject({ affected: 27, held: 3, skipped: 0 });
    const [planned] = await planPolicies(client, [rule], { now, timeoutMs: 5_000 });
    expect(planned).toMatchObject({ rows: 0, held: 3, isEstimate: false });
    await db.query("select ops.release_hold($1, 'Over')", [id]);
    expect(await run(rule)).toMatchObject({ affected: 3, held: 0 });
  });

  // The lock: apply_retention takes SHARE on ops.legal_holds. Without it, the hold is placed while the batch is open, and
  // the batch takes what the hold was to keep.
  it('that is being placed waits for the batch that is under way', async () => {
    await crumbs('tarts');
    await db.query('update core.tarts set user_id = $1', [person]);
    const batch = await connectOwner(db.url, 'test batch');
    const operator = await connectOwner(db.url, 'test operator');
    try {
      await batch.query('begin');
      const keys = await batch.query<{ key: unknown }>(
        "select key from ops.retention_due('tarts', $1, 10) as due (key)",
        [now],
      );
      await batch.query("select ops.apply_retention('tarts', $1, $2)", [
        now,
        JSON.stringify(keys.rows.map(({ key }) => key)),
      ]);
      await operator.query("set lock_timeout = '50ms'");
      const placing = () => operator.query("select ops.place_hold('user', $1, 'Case 10')", [person]);
      await expect(placing()).rejects.toMatchObject({ code: '55P03' });
      await batch.query('commit');
      await placing();
    } finally {
      await batch.end();
      await operator.end();
    }
    expect(await run(await policy('tarts'))).toMatchObject({ affected: 0, held: 20 });
    await db.query("select ops.release_hold(id, 'Over') from ops.legal_holds where released_at is null");
  });
});

describe('a rule that archives', () => {
  it('deletes what was read back from the archive, which can be read as a table', async () => {
    const rule = await crumbs('pies', 'archive');
    await db.query('update core.pies set user_id = $1 where number = 60', [person]);
    const id = await hold();
    const { rows: before } = await db.query(
      'select * from core.pies where number between 31 and 59 order by number',
    );
    const session = { client, storage: folderStorage(folder), transforms: defaultTransforms };
    expect(await archiveByPolicy(session, rule, now)).toMatchObject([{ archived: 29, deleted: 29 }]);
    expect(await left('pies')).toBe(31);
    await restoreArchive(session, 'archives/core.pies/policy-pies.2026-07-15/manifest.json', {
      into: 'core.old_pies',
    });
    expect((await db.query('select * from core.old_pies order by number')).rows).toEqual(before);

    // What was held goes into an archive of its own once it is not.
    await db.query("select ops.release_hold($1, 'Over')", [id]);
    expect(await archiveByPolicy(session, rule, now)).toMatchObject([
      { name: 'policy-pies.2026-07-15.2', archived: 1, deleted: 1 },
    ]);
    expect(await archiveByPolicy(session, rule, now)).toEqual([]);
  });

  it('goes on with an archive that was cut off', async () => {
    const rule = await crumbs('rinds', 'archive');
    const session = { client, storage: folderStorage(folder), transforms: defaultTransforms };
    await expect(
      archiveByPolicy(
        {
          ...session,
          storage: {
            ...session.storage,
            put: (key, body) =>
              key.endsWith('manifest.json')
                ? Promise.reject(new Error('cut off'))
                : session.storage.put(key, body),
          },
        },
        rule,
        now,
      ),
    ).rejects.toThrow('cut off');
    expect(await left('rinds')).toBe(60);
    expect(await archiveByPolicy(session, rule, now)).toMatchObject([
      { name: 'policy-rinds.2026-07-15', archived: 30, deleted: 30 },
    ]);
    expect(await left('rinds')).toBe(30);
  });
});

describe('a plan', () => {
  it('counts, says from when, and touches nothing', async () => {
    const rule = await crumbs('plans');
    const [planned] = await planPolicies(client, [rule], { now, timeoutMs: 5_000 });
    expect(planned).toMatchObject({
      rows: 30,
      isEstimate: false,
      held: 0,
      age: '30 days',
      before: new Date('2026-06-15T00:00:00Z'),
    });
    expect(await left('plans')).toBe(60);
  });

  it('says what the planner expects when counting takes too long', async () => {
    const rule = await crumbs('slow');
    await db.query(`
      create function core.slowly(number integer) returns boolean language plpgsql as $$
      begin perform pg_sleep(60); return true; end $$;
      update ops.retention_policies set predicate = predicate || ' and core.slowly(number)' where name = 'slow';
      analyze core.slow;
    `);
    const [planned] = await planPolicies(client, [rule], { now, timeoutMs: 20 });
    expect(planned).toMatchObject({ isEstimate: true, rows: expect.any(Number) });
  });

  it('names the partitions whose time is over', async () => {
    const planned = await planPartitions(client, {
      now: new Date('2028-03-15T00:00:00Z'),
      timeoutMs: 5_000,
    });
    const audit = planned.filter(({ parent }) => parent === 'audit.logs');
    expect(audit[0]).toMatchObject({
      partition: 'parts.audit_logs_history',
      action: 'archive, then drop',
      held: 0,
    });
    expect(planned.find(({ parent }) => parent === 'audit.analytics_events')).toMatchObject({
      action: 'drop',
    });
  });
});
