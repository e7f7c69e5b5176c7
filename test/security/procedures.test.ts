import type { DatabaseError } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { moduleSchemas } from '../../src/catalog/schemas.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { openToRestricted, openToVisitors } from './open-procedures.ts';

interface Procedure {
  readonly signature: string;
  /** A call with a null for each argument: enough to reach the first check. */
  readonly call: string;
  readonly isForVisitors: boolean;
}

let db: TestDatabase;
let procedures: readonly Procedure[];
const accounts: Record<string, string> = {};

beforeAll(async () => {
  db = await testDatabase();
  // What changes something, and a member may call.
  procedures = (
    await db.query<Procedure>(
      `select
         f.oid::regprocedure::text as signature,
         format(
           case f.prokind when 'p' then 'call %s(%s)' else 'select %s(%s)' end,
           f.oid::regproc,
           (
             select string_agg(format('null::%s', format_type(argument.type, null)), ', ' order by argument.place)
             from unnest(f.proargtypes) with ordinality as argument (type, place)
           )
         ) as call,
         has_function_privilege('stoa_anonymous', f.oid, 'execute') as "isForVisitors"
       from pg_catalog.pg_proc as f
       where f.pronamespace::regnamespace::text = any ($1)
         and f.prokind in ('f', 'p')
         and f.prorettype <> 'trigger'::regtype
         and f.provolatile = 'v'
         and has_function_privilege('stoa_member', f.oid, 'execute')
       order by 1`,
      [await moduleSchemas(db.pool)],
    )
  ).rows;
  for (const username of ['banned', 'disabled', 'closed', 'erased']) {
    accounts[username] = await createUser(db, { username });
  }
  await db.query(`update core.users set banned_until = 'infinity' where id = $1`, [accounts['banned']]);
  await db.query('update core.users set is_active = false where id = $1', [accounts['disabled']]);
  await db.query('update core.users set deleted_at = now() where id = $1', [accounts['closed']]);
  await db.query('update core.users set username = null, erased_at = now() where id = $1', [
    accounts['erased'],
  ]);
});

/** `ST401 session.required`, the SQLSTATE of any other refusal, or what it means that there was none. */
async function answerTo(
  call: string,
  role: 'stoa_anonymous' | 'stoa_member',
  userId?: string,
): Promise<string> {
  try {
    await db.as(userId === undefined ? { role } : { role, userId }, (client) => client.query(call));
    return 'done';
  } catch (error) {
    const { code, detail } = error as DatabaseError;
    return `${code} ${detail ?? ''}`.trim();
  }
}

/** The procedures that answered otherwise, with what they answered. */
async function others(
  wanted: string,
  chosen: readonly Procedure[],
  role: 'stoa_anonymous' | 'stoa_member',
  userId?: string,
): Promise<readonly string[]> {
  const surprising: string[] = [];
  for (const { signature, call } of chosen) {
    const answer = await answerTo(call, role, userId);
    if (answer !== wanted) surprising.push(`${signature}: ${answer}`);
  }
  return surprising;
}

describe('every procedure that a member may call', () => {
  it('is there to be looked at', () => {
    expect(procedures.length).toBeGreaterThan(50);
  });

  it('asks a caller without an account to sign in before anything else', async () => {
    const guarded = procedures.filter(({ signature }) => !(signature in openToVisitors));
    expect(await others('ST401 session.required', guarded, 'stoa_member')).toEqual([]);
  });

  it.each(['banned', 'disabled', 'closed', 'erased'])('refuses an account that is %s', async (state) => {
    const guarded = procedures.filter(
      ({ signature }) => !(signature in openToVisitors) && !(signature in openToRestricted),
    );
    expect(await others('ST403 account.restricted', guarded, 'stoa_member', accounts[state])).toEqual([]);
  });

  it('cannot be called by a visitor, unless it is meant for visitors', async () => {
    const closed = procedures.filter(
      ({ signature }) => !(signature in openToVisitors) && !(signature in openToRestricted),
    );
    expect(await others('42501', closed, 'stoa_anonymous')).toEqual([]);
  });

  it('is really open where it is listed as open', () => {
    const known = new Set(
      procedures.filter(({ isForVisitors }) => isForVisitors).map(({ signature }) => signature),
    );
    const stale = [...Object.keys(openToVisitors), ...Object.keys(openToRestricted)].filter(
      (name) => !known.has(name),
    );
    expect(stale).toEqual([]);
  });
});
