import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { importGroups } from '../../src/import/groups.ts';
import type { RejectedRow } from '../../src/import/rejected.ts';
import { createUser, testDatabase } from '../harness/index.ts';

const db = await testDatabase();
const folder = new URL('./fixtures/lanterns/', import.meta.url).pathname;
const [earlierDay, laterDay] = [`${folder}#lanterns_20041229.txt`, `${folder}2004-12-30.ascii.txt`];
const realFolder = new URL('../../../shared/data/ubuntu-irc/', import.meta.url).pathname;

/** Accounts are only renamed: to delete thousands takes longer than all else here, for all that refers to an account. */
async function forgetEverything(): Promise<void> {
  await db.query('truncate groups.groups cascade');
  await db.query(
    `update core.users set username = 'gone_' || member_number where username::text !~ '^(archive$|gone_)'`,
  );
}

beforeEach(forgetEverything);

function load(files: readonly string[], more: Partial<Parameters<typeof importGroups>[0]> = {}) {
  return importGroups({ databaseUrl: db.url, files, format: 'irc-log', ...more });
}

/** Everything that an import writes, in a form that two runs can be compared by. */
async function contents(): Promise<unknown> {
  const { rows } = await db.query(
    `select channel.name, message.id, message.seq, message.type, message.content, message.reply_to_id, message.metadata,
            message.inserted_at, person.username::text as sender, person.display_name, member.joined_at,
            marker.last_read_seq, marker.last_read_message_id
     from groups.channel_messages as message
     join groups.channels as channel on channel.id = message.channel_id
     left join core.users as person on person.id = message.sender_id
     left join groups.group_members as member on member.user_id = message.sender_id
     left join groups.channel_reads as marker on marker.user_id = message.sender_id
     order by message.id`,
  );
  return rows;
}

/** What is kept beside the messages, against a count of them. Empty when all agree. */
async function disagreements(): Promise<unknown> {
  const { rows } = await db.query(
    `with counted as (
       select channel_id, id, sender_id, row_number() over (partition by channel_id order by id) as place
       from groups.channel_messages
     )
     select 'seq' as what, message.id::text as key
     from groups.channel_messages as message
     join counted using (channel_id, id)
     where message.seq <> counted.place
     union all
     select 'channel', channel.id::text
     from groups.channels as channel
     cross join lateral (
       select counted.place, counted.id
       from counted
       where counted.channel_id = channel.id
       order by counted.id desc
       limit 1
     ) as newest
     where (channel.last_seq, channel.last_message_id, channel.last_message_at)
       is distinct from (newest.place, newest.id, core.uuidv7_time(newest.id))
     union all
     select 'member_count', home.id::text
     from groups.groups as home
     where home.member_count <> (select count(*) from groups.group_members as member where member.group_id = home.id)
     union all
     select 'marker', marker.user_id::text
     from groups.channel_reads as marker
     left join counted on counted.channel_id = marker.channel_id and counted.id = marker.last_read_message_id
     where marker.last_read_seq is distinct from counted.place
     union all
     select 'marker of who wrote', wrote.sender_id::text
     from (
       select distinct on (channel_id, sender_id) channel_id, sender_id, id
       from groups.channel_messages
       where sender_id is not null and type = 'default'
       order by channel_id, sender_id, id desc
     ) as wrote
     left join groups.channel_reads as marker on marker.user_id = wrote.sender_id and marker.channel_id = wrote.channel_id
     where marker.last_read_message_id is null or marker.last_read_message_id < wrote.id`,
  );
  return rows;
}

test('a log becomes a channel of a public group, with members, events, actions and replies', async () => {
  const rejected: RejectedRow[] = [];
  const [result] = await load([laterDay], { onRejected: (row) => rejected.push(row) });
  expect(result).toMatchObject({
    channel: '#lanterns',
    lines: 15,
    added: 13,
    alreadyThere: 0,
    rejected: 2,
    replies: 5,
    members: 4,
  });
  expect(rejected).toHaveLength(5);
  expect(rejected[0]).toMatchObject({ file: laterDay, line: 7 });

  const home = await db.query(
    `select home.name, home.is_public, home.member_count, owner.username::text as owner, channel.name as channel
     from groups.groups as home
     join core.users as owner on owner.id = home.owner_id
     join groups.channels as channel on channel.group_id = home.id`,
  );
  expect(home.rows).toEqual([
    { name: 'lanterns', is_public: true, member_count: 5, owner: 'archive', channel: 'lanterns' },
  ]);
  const { rows } = await db.query(
    `select message.type, message.metadata, person.display_name, message.content, answered.content as answers
     from groups.channel_messages as message
     left join core.users as person on person.id = message.sender_id
     left join groups.channel_messages as answered on answered.id = message.reply_to_id
     order by message.id`,
  );
  expect(rows).toHaveLength(13);
  expect(rows[0]).toMatchObject({ type: 'system', metadata: { event: 'join' }, display_name: 'Wick' });
  expect(rows[5]).toMatchObject({ type: 'default', metadata: { event: 'action' }, display_name: 'Wick' });
  // IRC does not tell capitals apart: `wick` is `Wick`.
  expect(rows[8]).toMatchObject({ metadata: null, display_name: 'Wick', answers: 'I have one' });
  expect(rows[10]).toMatchObject({ type: 'system', metadata: { event: 'mode' }, display_name: null });
  expect(await disagreements()).toEqual([]);
});

test('members belong to the system and have nothing to sign in with', async () => {
  await load([laterDay]);
  const { rows } = await db.query(
    `select person.username::text, person.is_system, person.role, account.user_id is not null as has_account
     from core.users as person
     left join auth.accounts as account on account.user_id = person.id
     where person.username::text ~ '^irc_'
     order by person.username`,
  );
  const made = { is_system: true, role: 'user', has_account: false };
  expect(rows).toEqual([
    { username: 'irc_flint', ...made },
    { username: 'irc_flint_away', ...made },
    { username: 'irc_tinder', ...made },
    { username: 'irc_wick', ...made },
  ]);
});

test('names that differ in signs only are two people', async () => {
  const home = await mkdtemp(join(tmpdir(), 'stoa-import-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const path = join(home, '#glow-2005-01-01.txt');
  await writeFile(
    path,
    '[10:00] <Ash|a> one\n[10:01] <Ash-a> two\n[10:02] <ash\\A> one again\n[10:03] <Ash`a> three\n',
  );
  await createUser(db, { username: 'irc_ash_a' });
  await load([path]);
  const { rows } = await db.query(
    `select person.username::text, person.display_name, message.content
     from groups.channel_messages as message
     join core.users as person on person.id = message.sender_id
     order by message.id`,
  );
  expect(rows).toEqual([
    { username: 'irc_ash_a_2', display_name: 'Ash|a', content: 'one' },
    { username: 'irc_ash_a_3', display_name: 'Ash-a', content: 'two' },
    { username: 'irc_ash_a_2', display_name: 'Ash|a', content: 'one again' },
    { username: 'irc_ash_a_4', display_name: 'Ash`a', content: 'three' },
  ]);
});

test('what arrives keeps every invariant, also when an earlier day comes later', async () => {
  for (const day of [laterDay, earlierDay]) {
    await load([day]);
    const results = await checkInvariants({ databaseUrl: db.url });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
  }
});

test('running it again adds nothing and changes nothing', async () => {
  await load([earlierDay, laterDay]);
  const before = await contents();
  const again = await load([laterDay, earlierDay]);
  expect(again.map(({ added, alreadyThere, members }) => [added, alreadyThere, members])).toEqual([
    [0, 3, 0],
    [0, 13, 0],
  ]);
  expect(await contents()).toEqual(before);
  const { rows } = await db.query('select count(*)::integer as groups from groups.groups');
  expect(rows).toEqual([{ groups: 1 }]);
});

test('a dry run counts and leaves the database as it was', async () => {
  const [result] = await load([laterDay], { dryRun: true });
  expect(result).toMatchObject({ added: 13, members: 4 });
  const { rows } = await db.query(
    `select 1 from core.users where username::text ~ '^irc_' union all select 1 from groups.groups`,
  );
  expect(rows).toEqual([]);
});

test('a log that grew brings its new lines only', async () => {
  const home = await mkdtemp(join(tmpdir(), 'stoa-import-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const path = join(home, '2004-12-30.ascii.txt');
  await cp(laterDay, path);
  await load([path]);
  await writeFile(path, `${await readFile(path, 'utf8')}[00:09] <Ember> am I late?\n`);
  expect(await load([path])).toMatchObject([{ added: 1, alreadyThere: 13, members: 1 }]);
  expect(await disagreements()).toEqual([]);
});

test('a day that comes late is put before the others, and nobody has more or less to read for it', async () => {
  await load([laterDay]);
  const reader = await createUser(db, { username: 'reader' });
  const { rows: channels } = await db.query<{ id: string; group_id: string }>(
    'select id, group_id from groups.channels',
  );
  const channel = channels[0];
  if (!channel) throw new Error('no channel was made');
  const me = { role: 'stoa_member', userId: reader } as const;
  await db.as(me, (client) => client.query('select groups.join_public($1)', [channel.group_id]), {
    commit: true,
  });
  const { rows: marked } = await db.query<{ id: string }>(
    'select id from groups.channel_messages order by id offset 9 limit 1',
  );
  await db.as(me, (client) => client.query('select groups.ack($1, $2)', [channel.id, marked[0]?.id]), {
    commit: true,
  });
  const unread = () =>
    db.as(me, async (client) => {
      const { rows } = await client.query<{ unread: string }>(
        'select groups.channels_unread_count(channel) as unread from groups.channels as channel',
      );
      return rows[0]?.unread;
    });
  expect(await unread()).toBe('3');
  await load([earlierDay]);
  expect(await unread()).toBe('3');
  expect(await disagreements()).toEqual([]);
  const late = await contents();

  await forgetEverything();
  await load([laterDay, earlierDay]);
  expect(late).toEqual(await contents());
});

test('partitions are made before old and new days are loaded', async () => {
  const { rows: partitions } = await db.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'groups.channel_messages'::regclass`,
  );
  for (const { name } of partitions) {
    await db.query(`alter table groups.channel_messages detach partition ${name}; drop table ${name}`);
  }
  const home = await mkdtemp(join(tmpdir(), 'stoa-import-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const today = new Date().toISOString().slice(0, 10);
  const path = join(home, `#lanterns-${today}.txt`);
  await writeFile(path, '[00:00] <Wick> a new day\n');
  await load([path, laterDay]);
  const { rows } = await db.query(
    `select tableoid::regclass::text as partition, count(*)::integer as messages
     from groups.channel_messages group by 1 order by 2`,
  );
  const month = today.slice(0, 7).replace('-', '_');
  expect(rows).toEqual([
    { partition: `parts.groups_channel_messages_${month}`, messages: 1 },
    { partition: 'parts.groups_channel_messages_history', messages: 13 },
  ]);
});

test('what is sent after an import goes on from it', async () => {
  await load([laterDay]);
  const writer = await createUser(db, { username: 'writer' });
  const me = { role: 'stoa_member', userId: writer } as const;
  await db.as(
    me,
    async (client) => {
      await client.query('select groups.join_public(id) from groups.groups');
      await client.query(`select groups.send_channel_message(id, 'still burning?') from groups.channels`);
    },
    { commit: true },
  );
  const { rows } = await db.query(
    'select seq::integer from groups.channel_messages order by id desc limit 1',
  );
  expect(rows).toEqual([{ seq: 14 }]);
});

test('a message whose author was erased here does not come back, nor do later ones', async () => {
  await load([laterDay]);
  await db.query(
    `update core.users set username = null, display_name = null, is_anonymous = true, erased_at = now()
     where username = 'irc_tinder'`,
  );
  await db.query(
    `delete from groups.group_members where user_id = (select id from core.users where erased_at is not null)`,
  );
  await db.query(`delete from groups.channel_messages where content = 'good evening'`);
  const rejected: RejectedRow[] = [];
  expect(await load([laterDay], { onRejected: (row) => rejected.push(row) })).toMatchObject([
    { added: 0, members: 0 },
  ]);
  expect(rejected).toContainEqual(
    expect.objectContaining({ line: 9, reason: 'the account of its author was erased' }),
  );
  const { rows } = await db.query(`select from core.users where username = 'irc_tinder'`);
  expect(rows).toEqual([]);
});

test('two imports of the same file at once add every message once', async () => {
  const results = await Promise.all([load([laterDay]), load([laterDay]), load([laterDay])]);
  expect(results.flat().reduce((sum, result) => sum + result.added, 0)).toBe(13);
  expect(await disagreements()).toEqual([]);
});

test('a channel can go into a group that exists', async () => {
  const owner = await createUser(db, { username: 'keeper' });
  const me = { role: 'stoa_member', userId: owner } as const;
  await db.as(me, (client) => client.query(`select groups.create_group('Lamp Keepers')`), { commit: true });
  await db.query(`update groups.groups set vanity_code = 'keepers'`);
  await load([laterDay], { group: 'keepers', channel: 'old-lanterns' });
  const { rows } = await db.query(
    `select home.name, channel.name as channel, home.member_count
     from groups.channels as channel
     join groups.groups as home on home.id = channel.group_id
     order by channel.position, channel.id`,
  );
  expect(rows).toEqual([
    { name: 'Lamp Keepers', channel: 'general', member_count: 5 },
    { name: 'Lamp Keepers', channel: 'old-lanterns', member_count: 5 },
  ]);
});

test.each([
  ['an owner that does not exist', { owner: 'nobody_here' }, 'import.owner'],
  ['a group that does not exist', { group: 'nowhere' }, 'import.group'],
])('%s is refused, and nothing is loaded', async (_name, options, code) => {
  await expect(load([laterDay], options)).rejects.toMatchObject({ code, exitCode: 8 });
  expect(await contents()).toEqual([]);
});

test('a log that does not say its channel is refused; annotation files alone are no logs', async () => {
  const home = await mkdtemp(join(tmpdir(), 'stoa-import-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const path = join(home, '2005-01-01.txt');
  await writeFile(path, '[10:00] <Ash> one\n');
  await expect(load([path])).rejects.toMatchObject({ code: 'import.channel' });
  await expect(load([`${folder}2004-12-30.annotation.txt`])).rejects.toMatchObject({
    code: 'import.no_logs',
  });
});

test('a channel that was deleted here is not filled again', async () => {
  await load([laterDay]);
  await db.query('update groups.channels set deleted_at = now()');
  await expect(load([laterDay])).rejects.toMatchObject({ code: 'import.channel_deleted', exitCode: 5 });
});

describe.skipIf(!existsSync(realFolder))('sixteen real days', () => {
  const logs = existsSync(realFolder)
    ? readdirSync(realFolder).filter((name) => name.endsWith('.ascii.txt'))
    : [];
  const files = logs.flatMap((name) => [
    realFolder + name,
    realFolder + name.replace('.ascii.', '.annotation.'),
  ]);

  /** Counted from the raw files, by nothing that the import uses. */
  function countedByHand(): { lines: number; links: number } {
    let lines = 0;
    let links = 0;
    for (const name of logs) {
      lines += readFileSync(realFolder + name, 'latin1')
        .split('\n')
        .filter((line) => line !== '').length;
      const answering = new Set<string>();
      const annotation = readFileSync(realFolder + name.replace('.ascii.', '.annotation.'), 'latin1');
      for (const row of annotation.split('\n')) {
        const [earlier, later] = row.split(' ');
        if (later !== undefined && Number(earlier) < Number(later)) answering.add(later);
      }
      links += answering.size;
    }
    return { lines, links };
  }

  test('load whole: every line a message, every annotated line a reply, and all counters agree', async () => {
    const rejected: RejectedRow[] = [];
    const results = await load(files, { onRejected: (row) => rejected.push(row) });
    expect(results).toHaveLength(16);
    expect(rejected).toEqual([]);
    const byHand = countedByHand();
    const { rows } = await db.query(
      `select count(*)::integer as lines, count(reply_to_id)::integer as links from groups.channel_messages`,
    );
    expect(rows).toEqual([byHand]);
    expect(byHand.lines).toBeGreaterThan(22_000);
    expect(byHand.links).toBeGreaterThan(5_000);
    expect(await disagreements()).toEqual([]);

    const backwards = await db.query(
      `select from groups.channel_messages as message
       join groups.channel_messages as answered on answered.channel_id = message.channel_id and answered.id = message.reply_to_id
       where answered.id >= message.id`,
    );
    expect(backwards.rows).toEqual([]);
    const repaired = await db.query(
      `select groups.repair_counters(array(select id from groups.groups)) as repaired`,
    );
    expect(repaired.rows).toEqual([{ repaired: 0 }]);
  });

  test('a run that is killed leaves whole files only, and the next run completes it', async () => {
    const some = files.slice(0, 8);
    await load(some);
    const whole = await contents();
    await forgetEverything();

    const program = new URL('../../src/cli/main.ts', import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { main } = await import(${JSON.stringify(program)});
         await main(['import', 'groups', ...process.argv.slice(1), '--format', 'irc-log']);`,
        ...some,
      ],
      { env: { ...process.env, STOA_DATABASE_URL: db.url, DATABASE_URL: db.url }, stdio: 'ignore' },
    );
    const exited = new Promise((resolve) => child.on('exit', resolve));
    for (;;) {
      const { rows } = await db.query<{ last_seq: string }>(
        'select last_seq from groups.channels, pg_sleep(0.01)',
      );
      if (Number(rows[0]?.last_seq ?? 0) > 1_500 || child.exitCode !== null) break;
    }
    child.kill('SIGKILL');
    await exited;

    const partial = await db.query<{ messages: number }>(
      `select count(*)::integer as messages from groups.channel_messages group by inserted_at::date`,
    );
    expect(partial.rows.length).toBeGreaterThanOrEqual(2);
    expect(partial.rows.length).toBeLessThan(4);
    for (const { messages } of partial.rows) expect(messages).toBeGreaterThan(1_200);
    expect(await disagreements()).toEqual([]);

    await load(some);
    expect(await contents()).toEqual(whole);
  });
});
