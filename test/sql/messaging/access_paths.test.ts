import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Scan Direction'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Actual Loops': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Subplan Name'?: string;
  readonly Plans?: readonly Plan[];
}

let db: TestDatabase;
let me: string;
let busy: string;
let quiet: string;
/** A message in the middle of the busy conversation. */
let deep: string;

/** 40,000 messages of one conversation and 20,000 of others, over the nine newest partitions and the oldest. */
beforeAll(async () => {
  db = await testDatabase();
  me = await createUser(db, { username: 'myself' });
  await db.query(`
    select ops.ensure_partitions('messaging.messages', now() + interval '6 months');
    insert into core.users (username) select 'user_' || number from generate_series(1, 500) as number;
    insert into messaging.conversations (kind, user_low, user_high)
    select 'direct', least(me.id, other.id), greatest(me.id, other.id)
    from core.users as me, core.users as other
    where me.username = 'myself' and other.username <> 'myself';
    insert into messaging.conversations (kind, user_low, user_high)
    select 'direct', least(a.id, b.id), greatest(a.id, b.id)
    from core.users as a
    join core.users as b on b.member_number between a.member_number + 1 and a.member_number + 4
    where a.username <> 'myself' and b.username <> 'myself';
    insert into messaging.conversation_participants (conversation_id, user_id)
    select id, user_low from messaging.conversations union all select id, user_high from messaging.conversations;

    create temporary table choice as
    select id, row_number() over (order by id) as number
    from messaging.conversations;
    -- Spread evenly from two months ago to half a year ahead; the quiet one stopped a year before.
    insert into messaging.messages (conversation_id, id, seq, sender_id, content)
    select
      conversation.id,
      (left(core.uuidv7_floor(sent.at)::text, 24) || lpad(to_hex(sent.number), 12, '0'))::uuid,
      row_number() over (partition by conversation.id order by sent.number),
      conversation.user_low,
      'message ' || md5(sent.number::text)
    from (
      select
        number,
        case when number % 3 = 0 then 1 + (number / 3) % 2000 else 1 end as chosen,
        now() - interval '2 months' + number * interval '8 months' / 60000 as at
      from generate_series(1, 60000) as number
      union all
      select 60000 + number, 2400, now() - interval '1 year' + number * interval '1 minute' from generate_series(1, 100) as number
    ) as sent
    join choice on choice.number = sent.chosen
    join messaging.conversations as conversation on conversation.id = choice.id;
    insert into messaging.message_reactions (conversation_id, message_id, emoji, user_id)
    select conversation_id, id, '👍', sender_id from messaging.messages where seq % 5 = 0;
    insert into media.uploads (filename, content_type, size_bytes, storage_path, status) values ('f', 'image/png', 1, 'p', 'ready');
    insert into messaging.message_attachments (conversation_id, message_id, upload_id, filename, content_type, size_bytes)
    select message.conversation_id, message.id, upload.id, 'f', 'image/png', 1
    from messaging.messages as message, media.uploads as upload where message.seq % 5 = 0;
    update messaging.conversations as conversation
    set last_seq = newest.seq, last_message_id = newest.id, last_message_at = core.uuidv7_time(newest.id)
    from (select distinct on (conversation_id) * from messaging.messages order by conversation_id, id desc) as newest
    where newest.conversation_id = conversation.id;
    drop table choice;
  `);
  busy = await chosen(`order by last_seq desc limit 1`);
  quiet = await chosen(`where last_seq = 100 order by last_message_at limit 1`);
  await db.query(
    `insert into messaging.conversation_participants (conversation_id, user_id)
     select unnest($1::uuid[]), $2 on conflict do nothing`,
    [[busy, quiet], me],
  );
  await db.query('vacuum analyze');
  const { rows } = await db.query<{ id: string }>(
    'select id from messaging.messages where conversation_id = $1 and seq = 20000',
    [busy],
  );
  deep = rows[0]?.id ?? '';
});

async function chosen(which: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>(`select id from messaging.conversations ${which}`);
  return rows[0]?.id ?? '';
}

async function run(text: string, role: 'stoa_member' | 'the owner' = 'stoa_member'): Promise<Plan> {
  const statement = `explain (analyze, buffers, timing off, format json) ${text}`
    .replaceAll(':busy', `'${busy}'::uuid`)
    .replaceAll(':quiet', `'${quiet}'::uuid`)
    .replaceAll(':deep', `'${deep}'::uuid`)
    .replaceAll(':me', `'${me}'::uuid`);
  const explain = async (client: { query: TestDatabase['query'] }) =>
    (await client.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(statement)).rows[0]?.['QUERY PLAN'][0]
      ?.Plan;
  const plan =
    role === 'the owner'
      ? await db.query('select 1').then(() => explain(db))
      : await db.as({ role, userId: me }, (client) =>
          explain({
            query: (words, values) => client.query(words, values === undefined ? undefined : [...values]),
          }),
        );
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

function nodes(plan: Plan): readonly Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

/** The scans of the messages, in the order in which the plan would come to them, without those of sub-plans. */
function scans(plan: Plan): readonly Plan[] {
  return nodes(plan).filter((node) => node['Relation Name']?.startsWith('messaging_messages_'));
}

function types(plan: Plan): readonly string[] {
  return nodes(plan).map((node) => node['Node Type']);
}

function buffers(plan: Plan): number {
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

/** What a function that is one SQL statement runs, with these values for its arguments. */
async function bodyOf(name: string, values: Readonly<Record<string, string>> = {}): Promise<string> {
  const { rows } = await db.query<{ body: string }>('select pg_get_function_sqlbody($1::regproc) as body', [
    `messaging.${name}`,
  ]);
  let body = (rows[0]?.body ?? '').replace(/^\s*BEGIN ATOMIC/, '').replace(/;\s*END\s*$/, '');
  for (const [argument, value] of Object.entries(values)) {
    body = body.replaceAll(new RegExp(`\\b(${name}\\.)?${argument}\\b`, 'g'), value);
  }
  return body.replaceAll('core.current_user_id()', ':me');
}

describe('a page of a conversation, read under row-level security', () => {
  it('at its end is a backward range of the primary key; older partitions are never executed', async () => {
    const plan = await run(
      'select * from messaging.messages where conversation_id = :busy order by id desc limit 50',
    );
    expect(types(plan)).toContain('Append');
    expect(types(plan)).not.toContain('Merge Append');
    expect(types(plan)).not.toContain('Sort');
    const all = scans(plan);
    expect(all.length).toBeGreaterThan(8);
    for (const scan of all)
      expect(scan).toMatchObject({ 'Node Type': 'Index Scan', 'Scan Direction': 'Backward' });
    for (const scan of all) expect(scan['Index Name']).toMatch(/_pkey$/);
    const executed = all.filter((scan) => scan['Actual Loops'] > 0).map((scan) => scan['Relation Name']);
    const partitions = all.map((scan) => scan['Relation Name']);
    expect(executed).toEqual(partitions.slice(0, executed.length));
    // Partitions made ahead are empty; of those with messages, one is enough.
    expect(executed.length).toBeLessThanOrEqual(5);
    expect(partitions.at(-1)).toBe('messaging_messages_history');
  });

  it('deep in the history begins in the partition of its bound and stops there', async () => {
    const plan = await run(
      'select * from messaging.messages where conversation_id = :busy and id < :deep order by id desc limit 50',
    );
    expect(types(plan)).toContain('Append');
    expect(types(plan)).not.toContain('Sort');
    const [first, ...older] = scans(plan);
    expect(first?.['Index Cond']).toContain('id <');
    expect(first?.['Actual Loops']).toBe(1);
    expect(older.length).toBeGreaterThan(1);
    expect(older.every((scan) => scan['Actual Loops'] === 0)).toBe(true);
  });

  it('since a message begins at it', async () => {
    const plan = await run(
      'select * from messaging.messages where conversation_id = :busy and id > :deep order by id limit 50',
    );
    expect(types(plan)).not.toContain('Sort');
    const [first, ...newer] = scans(plan);
    expect(first?.['Actual Loops']).toBe(1);
    expect(newer.every((scan) => scan['Actual Loops'] === 0)).toBe(true);
  });

  it('costs the same at the end, deep in the history, and in a conversation that went quiet long ago', async () => {
    const pages = [
      'select * from messaging.feed(:busy)',
      'select * from messaging.feed(:busy, p_before => :deep)',
      'select * from messaging.feed(:busy, p_after => :deep)',
      'select * from messaging.feed(:quiet)',
    ];
    for (const page of pages) {
      await run(page);
      const plan = await run(page);
      // 50 rows, a few levels of the index, the policy, and what PostgreSQL looks up to plan.
      expect(buffers(plan)).toBeLessThan(200);
    }
  });
});

describe('what is read beside a page', () => {
  it('comes from the prefix of the primary key', async () => {
    for (const table of ['message_reactions', 'message_attachments']) {
      const plan = await run(
        `select * from messaging.${table} where conversation_id = :busy and message_id in (:deep, :busy)`,
      );
      expect(nodes(plan).map((node) => node['Index Name'])).toContain(`${table}_pkey`);
      // The message that it hangs on is looked for in its partition alone.
      expect(scans(plan).filter((scan) => scan['Actual Loops'] > 0).length).toBeLessThanOrEqual(1);
    }
  });

  it('the list of conversations asks once who is in them, not once a row', async () => {
    const plan = await run('select * from messaging.conversations order by last_message_at desc limit 25');
    expect(types(plan)).not.toContain('Seq Scan');
    expect(nodes(plan).map((node) => node['Index Name'])).toContain('conversations_pkey');
  });

  it('the people of a conversation are one range', async () => {
    const plan = await run(
      'select user_id from messaging.conversation_participants where conversation_id = :busy',
    );
    expect(types(plan)).not.toContain('Seq Scan');
    expect(nodes(plan).map((node) => node['Index Name'])).toContain('conversation_participants_pkey');
  });
});

describe('what is computed for somebody', () => {
  it('the badge is one range of the participants and a row for each conversation, without a message', async () => {
    const plan = await run(await bodyOf('unread_total'), 'the owner');
    expect(nodes(plan).map((node) => node['Index Name'])).toContain('conversation_participants_user_idx');
    expect(scans(plan).every((scan) => scan['Actual Loops'] === 0)).toBe(true);
    expect(types(plan)).not.toContain('Merge Join');

    await run('select messaging.unread_total()');
    // 500 conversations; some three buffers each.
    expect(buffers(await run('select messaging.unread_total()'))).toBeLessThan(3_000);
  });

  it('the inbox sorts the caller’s conversations and nothing else', async () => {
    const body = await bodyOf('inbox', {
      p_before_id: 'null::uuid',
      p_before: 'null::timestamptz',
      p_first: '25',
    });
    const plan = await run(body, 'the owner');
    expect(nodes(plan).map((node) => node['Index Name'])).toContain('conversation_participants_user_idx');
    expect(scans(plan)).toEqual([]);
    expect(types(plan)[0]).toBe('Limit');
  });

  it('the pace of a sender is a short range of what they wrote', async () => {
    const plan = await run(
      `select id from messaging.messages
       where sender_id = :me and id >= core.uuidv7_floor(now()) and type <> 'system' order by id desc limit 10`,
      'the owner',
    );
    expect(types(plan)).not.toContain('Sort');
    for (const scan of scans(plan)) expect(scan['Index Name']).toMatch(/sender_id_id_idx$/);
  });

  it('a search finds its candidates in the trigrams', async () => {
    const plan = await run(
      `select message.id from messaging.messages as message
       where message.content ilike '%c4ca4238a0b9%' and not message.encrypted and message.deleted_at is null
       order by id desc limit 25`,
      'the owner',
    );
    const indexes = nodes(plan).map((node) => node['Index Name']);
    expect(indexes.filter((name) => name?.endsWith('_content_idx')).length).toBeGreaterThan(5);
  });
});
