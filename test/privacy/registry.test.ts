import { beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

/*
 * Export, erasure and its proof follow registries. What nobody entered there is forgotten by all three, so the catalog is
 * walked here and asked for it.
 */

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

/** Called like something personal, in a table that has rules about other columns: looked at, and about nobody. */
const reviewed: Readonly<Record<string, string>> = {
  'audit.analytics_events.name': 'What happened, not to whom.',
  'graphile_worker._private_job_queues.queue_name':
    'Tasks that run one after the other; no queue is named after a person.',
  'groups.group_settings.region': 'Where voice is relayed.',
  'insight.conversation_summaries.model_name': 'The program that wrote it.',
  'insight.message_analyses.model_name': 'The program that wrote it.',
};

async function withoutRule(condition: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select c.oid::regclass || '.' || a.attname as name
     from pg_catalog.pg_class as c
     join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p')
       and not c.relispartition
       and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'pg_toast')
       and (${condition})
       and not exists (
         select from ops.personal_data_rules as rule
         where rule.table_name = c.oid::regclass::text and rule.column_name = a.attname
       )
       and not exists (select from ops.impersonal_tables as known where known.table_name = c.oid::regclass::text)
     order by 1`,
  );
  return rows.map(({ name }) => name).filter((name) => !(name in reviewed));
}

const isReference = `
  a.atttypid = 'uuid'::regtype and (
    a.attname ~ '(^|_)(user|author|owner|sender|actor|member|person|creator|uploader|reporter|moderator|assignee|friend|blocker|blocked|voter|proposer|requester|counterparty)_id$|_by$|_to$'
    or exists (
      select from pg_catalog.pg_constraint as k
      where k.conrelid = c.oid and k.contype = 'f' and k.confrelid = 'core.users'::regclass and a.attnum = any (k.conkey)
    )
  )`;

const isCalledPersonal = `
  a.atttypid in (
    'text'::regtype, 'varchar'::regtype, 'extensions.citext'::regtype, 'inet'::regtype, 'jsonb'::regtype,
    'bytea'::regtype, 'date'::regtype
  )
  and a.attname ~ '(^|_)(e?mail|phone|ip|address|name|nickname|username|birth[a-z]*|user_agent|agent|location|city|country|region|device|fingerprint|wallet|latitude|longitude|handle|bio|website|passkey|password|token|filename|twitter|discord|telegram)(_|$)'`;

describe('the registry of personal data', () => {
  it('has a rule for every column that points at a person', async () => {
    expect(await withoutRule(isReference)).toEqual([]);
  });

  it('has a rule for every column that is called like something personal, or says that its table is about nobody', async () => {
    expect(await withoutRule(isCalledPersonal)).toEqual([]);
  });

  it('finds what is not entered: a column of each kind in a new table', async () => {
    await db.query(
      'create table core.guests (id integer primary key, invited_by uuid, home_address text, host_id uuid references core.users)',
    );
    expect(await withoutRule(isReference)).toEqual(['core.guests.host_id', 'core.guests.invited_by']);
    expect(await withoutRule(isCalledPersonal)).toEqual(['core.guests.home_address']);
    await db.query('drop table core.guests');
  });

  it('names no column that is not there, and says for each that is taken out whose it is', async () => {
    const { rows } = await db.query(
      `select rule.table_name, rule.column_name
       from ops.personal_data_rules as rule
       left join pg_catalog.pg_attribute as a
         on a.attrelid = to_regclass(rule.table_name) and a.attname = rule.column_name and not a.attisdropped
       where a.attname is null
          or rule.action <> 'keep' and rule.subject is null and a.atttypid <> 'uuid'::regtype`,
    );
    expect(rows).toEqual([]);
  });

  it('has steps, words to look for and export conditions that the database can carry out', async () => {
    const { rows: steps } = await db.query<{
      step: string;
      table_name: string;
      subject: string;
      action: string;
      replacements: string[];
    }>('select * from audit.erasure_steps()');
    expect(steps.length).toBeGreaterThan(60);
    const nobody = `'00000000-0000-7000-8000-000000000000'::uuid`;
    for (const { table_name: table, subject, action, replacements } of steps) {
      const shown = action === 'scrub' ? replacements.join(', ') : '1';
      await db.query(
        `explain select ${shown} from ${table} as target where ${subject.replaceAll(':user', nobody)}`,
      );
    }
    const { rows: words } = await db.query<{ words: unknown }>(
      `select audit.identifiers_of(${nobody}) as words`,
    );
    expect(words).toEqual([{ words: [] }]);
    const { rows: tables } = await db.query<{ table_name: string }>(
      'select table_name from audit.export_tables()',
    );
    for (const { table_name: table } of tables) {
      const client = await db.pool.connect();
      try {
        await client.query('begin');
        await client.query(`select audit.open_export(${nobody}, $1)`, [table]);
        expect((await client.query('fetch 1 from stoa_export')).rows).toEqual([]);
        await client.query('rollback');
      } finally {
        client.release();
      }
    }
  });
});
