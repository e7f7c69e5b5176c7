import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { exitCodes, StoaError } from '../errors.ts';
import { connect } from '../postgres/connect.ts';
import { accountNamed, archiveAccount } from './accounts.ts';
import { copyFields } from './copy.ts';
import {
  isAnnotationFile,
  type LogSurvey,
  type ParsedLine,
  readIrcLog,
  surveyIrcLog,
} from './formats/irc-log.ts';
import type { RejectedRow } from './rejected.ts';

interface Format {
  readonly source: string;
  /** A file that goes with another one, and is read with that. */
  readonly isCompanion: (path: string) => boolean;
  readonly survey: (path: string) => Promise<LogSurvey>;
  readonly read: (survey: LogSurvey) => AsyncIterable<ParsedLine>;
}

const formats: Readonly<Record<string, Format>> = {
  'irc-log': { source: 'irc', isCompanion: isAnnotationFile, survey: surveyIrcLog, read: readIrcLog },
};

export const groupImportFormats: readonly string[] = Object.keys(formats);

export interface GroupFileResult {
  readonly file: string;
  readonly channel: string;
  /** Lines that are not blank. */
  readonly lines: number;
  readonly added: number;
  readonly alreadyThere: number;
  readonly rejected: number;
  /** Messages among the added ones that answer another one. */
  readonly replies: number;
  /** People who had not been met before. */
  readonly members: number;
}

export interface GroupImportOptions {
  readonly databaseUrl: string;
  readonly files: readonly string[];
  readonly format: string;
  /** The channel as the source names it, where the files do not tell. */
  readonly channel?: string | undefined;
  /** The code of an existing group that takes the channel; without it a new one is made, named after the channel. */
  readonly group?: string | undefined;
  /** The account that will own a group that is made; without it a system account named `archive`. */
  readonly owner?: string | undefined;
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: {
    readonly file: string;
    readonly fileIndex: number;
    readonly fileCount: number;
    readonly lines: number;
    readonly totalLines: number;
  }) => void;
  readonly onRejected?: (row: RejectedRow) => void;
}

interface Channel {
  readonly id: string;
  readonly groupId: string;
}

/**
 * Loads conversations that took place elsewhere: one channel, one file a day, one transaction a file. Identifiers are made
 * from the file's name, the line and its moment, so a run that was interrupted, or is repeated, adds what is missing and
 * nothing twice. Files are taken in the order of their days; a day that comes late is put in its place.
 */
export async function importGroups(options: GroupImportOptions): Promise<readonly GroupFileResult[]> {
  const format = formats[options.format];
  if (!format) {
    throw new StoaError('import.format', `"${options.format}" is not a format that can be imported.`, {
      cure: `Use --format with one of: ${groupImportFormats.join(', ')}.`,
      exitCode: exitCodes.usage,
    });
  }
  const surveys: LogSurvey[] = [];
  for (const file of options.files) {
    if (!format.isCompanion(file)) surveys.push(await format.survey(file));
  }
  if (surveys.length === 0) {
    throw new StoaError('import.no_logs', 'None of the files is a log.', {
      cure: 'Name the logs themselves; annotation files beside them are found by their names.',
      exitCode: exitCodes.input,
    });
  }
  surveys.sort(
    (left, right) =>
      left.day.getTime() - right.day.getTime() ||
      basename(left.path).localeCompare(basename(right.path), 'en'),
  );

  const client = await connect(options.databaseUrl, 'stoa import');
  try {
    await client.query('set role stoa_owner');
    await requireGroups(client);
    // What lies before the first month has a partition of its own; months since are made where nobody made them.
    await client.query(`select ops.ensure_partitions('groups.channel_messages')`);
    const totalLines = surveys.reduce((sum, survey) => sum + survey.lines, 0);
    const results: GroupFileResult[] = [];
    let linesBefore = 0;
    for (const [fileIndex, survey] of surveys.entries()) {
      const report = (lines: number): void =>
        options.onProgress?.({
          file: survey.path,
          fileIndex,
          fileCount: surveys.length,
          lines: linesBefore + lines,
          totalLines,
        });
      results.push(await importFile(client, format, survey, report, options));
      linesBefore += survey.lines;
    }
    return results;
  } finally {
    await client.end();
  }
}

async function requireGroups(client: Client): Promise<void> {
  const { rows } = await client.query<{ ready: boolean }>(
    `select to_regclass('groups.imported_channels') is not null as ready`,
  );
  if (!rows[0]?.ready) {
    throw new StoaError('import.no_groups', 'This database has no groups module to import into.', {
      cure: 'Choose the module with STOA_MODULES and run "stoa migrate up".',
      exitCode: exitCodes.database,
    });
  }
}

function channelName(survey: LogSurvey, wanted: string | undefined): string {
  const name = (wanted ?? survey.channel)?.toLowerCase();
  const text = name?.replace(/^[#&]+/, '') ?? '';
  if (name === undefined || text === '' || [...text].length > 100) {
    throw new StoaError('import.channel', `${survey.path} does not say which channel it is of.`, {
      cure: 'Name the channel with --channel.',
      exitCode: exitCodes.input,
    });
  }
  return /^[#&]/.test(name) ? name : `#${name}`;
}

/** The same name in the sense of RFC 1459, section 2.2, which takes four brackets for capitals of four others. */
function nickKey(nick: string): string {
  return nick
    .toLowerCase()
    .replace(/[{}|^]/g, (character) => ({ '{': '[', '}': ']', '|': '\\', '^': '~' })[character] ?? character);
}

async function importFile(
  client: Client,
  format: Format,
  survey: LogSurvey,
  report: (lines: number) => void,
  options: GroupImportOptions,
): Promise<GroupFileResult> {
  const file = survey.path;
  const name = channelName(survey, options.channel);
  const reject = (line: number, reason: string, where = file): void =>
    options.onRejected?.({ file: where, line, externalId: undefined, reason });

  await client.query('begin');
  try {
    // Two imports of the same source would only wait for each other's keys; better to wait here, once.
    await client.query(`select pg_advisory_xact_lock(hashtextextended('stoa.import.' || $1, 0))`, [
      format.source,
    ]);
    await client.query(`create temporary table staged_lines (
        line integer not null,
        id uuid primary key,
        at timestamptz not null,
        name_key text,
        name text,
        event text,
        content text not null,
        reply_to_id uuid,
        sender_id uuid,
        seq bigint
      ) on commit drop`);

    const seen = { lines: 0, rejected: 0 };
    const copied = async function* (): AsyncGenerator<string> {
      for await (const entry of format.read(survey)) {
        if ('rejected' in entry) {
          if (entry.file === undefined) {
            seen.lines += 1;
            seen.rejected += 1;
          }
          reject(entry.line, entry.rejected, entry.file);
          continue;
        }
        seen.lines += 1;
        if (seen.lines % 250 === 0) report(entry.line);
        const { id, at, nick, event, content, replyToId } = entry.message;
        yield copyFields([
          String(entry.line),
          id,
          at.toISOString(),
          nick === undefined ? undefined : nickKey(nick),
          nick,
          event,
          content,
          replyToId,
        ]);
      }
    };
    await pipeline(
      Readable.from(copied()),
      client.query(
        copyFrom('copy staged_lines (line, id, at, name_key, name, event, content, reply_to_id) from stdin'),
      ),
    );
    await client.query('analyze staged_lines');
    report(survey.lines);

    const channel = await ensureChannel(client, format.source, name, options);
    const members = await ensureMembers(client, channel);
    const erased = await refuseErased(client);
    for (const line of erased) reject(line, 'the account of its author was erased');
    const { added, replies } = await addMessages(client, channel);

    await client.query(options.dryRun ? 'rollback' : 'commit');
    const rejected = seen.rejected + erased.length;
    return {
      file,
      channel: name,
      lines: seen.lines,
      added,
      alreadyThere: seen.lines - rejected - added,
      rejected,
      replies,
      members,
    };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function groupNamed(client: Client, code: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'select id from groups.groups where vanity_code = $1 and deleted_at is null',
    [code.toLowerCase()],
  );
  if (!rows[0]) {
    throw new StoaError('import.group', `There is no group with the code "${code}".`, {
      cure: 'Give the group a code first, or leave --group out.',
      exitCode: exitCodes.input,
    });
  }
  return rows[0].id;
}

async function ensureChannel(
  client: Client,
  source: string,
  name: string,
  options: GroupImportOptions,
): Promise<Channel> {
  const wantedGroup = options.group === undefined ? undefined : await groupNamed(client, options.group);
  const known = await client.query<{ id: string; group_id: string; is_deleted: boolean }>(
    `select channel.id, channel.group_id, channel.deleted_at is not null or home.deleted_at is not null as is_deleted
     from groups.imported_channels as origin
     join groups.channels as channel on channel.id = origin.channel_id
     join groups.groups as home on home.id = channel.group_id
     where origin.source = $1 and origin.external_id = $2 and ($3::uuid is null or origin.group_id = $3)`,
    [source, name, wantedGroup],
  );
  const [earlier, another] = known.rows;
  if (another) {
    throw new StoaError('import.group', `${name} was imported into several groups.`, {
      cure: 'Say with --group which of them it is.',
      exitCode: exitCodes.input,
    });
  }
  if (earlier?.is_deleted) {
    throw new StoaError('import.channel_deleted', `The channel that ${name} was imported into is deleted.`, {
      cure: 'Restore its group, or import it into another one with --group.',
      exitCode: exitCodes.refused,
    });
  }
  if (earlier) return { id: earlier.id, groupId: earlier.group_id };

  const title = name.replace(/^[#&]+/, '');
  const groupId = wantedGroup ?? (await createGroup(client, title, options.owner));
  const { rows } = await client.query<{ id: string }>(
    `with made as (
       insert into groups.channels (group_id, name, position)
       select $1, $2, coalesce(max(other.position) + 1, 0)
       from groups.channels as other
       where other.group_id = $1 and other.deleted_at is null and other.type <> 'thread'
       returning id, group_id
     )
     insert into groups.imported_channels (channel_id, group_id, source, external_id)
     select id, group_id, $3, $4 from made
     returning channel_id as id`,
    [groupId, title, source, name],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('insert into groups.channels returned no row');
  return { id, groupId };
}

/** A public group as a member would create one, with no channel yet. */
async function createGroup(client: Client, name: string, owner: string | undefined): Promise<string> {
  const ownerId = owner === undefined ? await archiveAccount(client) : await accountNamed(client, owner);
  const { rows } = await client.query<{ id: string }>(
    `insert into groups.groups (name, is_public, owner_id) values ($1, true, $2) returning id`,
    [name, ownerId],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('insert into groups.groups returned no row');
  await client.query(
    `insert into groups.roles (group_id, name, position, is_default, permissions)
     select $1, 'everyone', 0, true, sum(1::bigint << known.bit)::bigint
     from groups.permission_bits as known
     where known.in_default_role`,
    [id],
  );
  await client.query('insert into groups.group_settings (group_id) values ($1)', [id]);
  await client.query('insert into groups.group_members (group_id, user_id) values ($1, $2)', [id, ownerId]);
  return id;
}

/**
 * Finds or makes the account of everybody who speaks or comes or goes in the staged lines. Made ones belong to the system
 * and have no credentials. Their usernames carry a prefix, so that nobody finds their own taken; the name that people see
 * is the one from the log.
 */
async function ensureMembers(client: Client, channel: Channel): Promise<number> {
  await client.query(
    `create temporary table staged_names on commit drop as
     select
       name_key,
       (array_agg(name order by line))[1] as name,
       min(line) as first_line,
       min(at) as first_at,
       sha256(convert_to($1::uuid::text || ' ' || name_key, 'UTF8')) as digest,
       left('irc_' || regexp_replace(name_key, '[^a-z0-9_]', '_', 'g'), 24) as base,
       null::uuid as user_id,
       false as is_new
     from staged_lines
     where name_key is not null
     group by name_key`,
    [channel.groupId],
  );
  await client.query(
    `update staged_names as staged
     set user_id = known.user_id
     from groups.imported_members as known
     where known.group_id = $1 and known.name_digest = staged.digest`,
    [channel.groupId],
  );
  // Two names that differ in signs only get the same username; the later one is numbered.
  for (let attempt = 1; ; attempt += 1) {
    const { rows } = await client.query<{ missing: number }>(
      `with wanted as (
         select distinct on (candidate) name_key, name, candidate
         from staged_names
         cross join lateral (values (case when $1::integer = 1 then base else base || '_' || $1 end)) as made (candidate)
         where user_id is null
         order by candidate, first_line
       ),
       added as (
         insert into core.users (username, display_name, is_system)
         select candidate, left(name, 100), true
         from wanted
         order by candidate
         on conflict (username) do nothing
         returning id, username::text as username
       ),
       linked as (
         update staged_names as staged
         set user_id = added.id, is_new = true
         from added
         join wanted on wanted.candidate = added.username
         where staged.name_key = wanted.name_key
         returning staged.name_key
       )
       select (select count(*) from staged_names where user_id is null)::integer
         - (select count(*) from linked)::integer as missing`,
      [attempt],
    );
    if (rows[0]?.missing === 0) break;
  }
  await client.query(
    'insert into core.profiles (user_id) select user_id from staged_names where is_new on conflict do nothing',
  );
  await client.query(
    'insert into core.user_settings (user_id) select user_id from staged_names where is_new on conflict do nothing',
  );
  const { rowCount } = await client.query(
    `insert into groups.imported_members (group_id, name_digest, user_id)
     select $1, digest, user_id from staged_names where is_new`,
    [channel.groupId],
  );
  await client.query(
    `insert into groups.group_members (group_id, user_id, joined_at)
     select $1, user_id, first_at from staged_names where is_new`,
    [channel.groupId],
  );
  // A day that comes late may show that somebody was there before.
  await client.query(
    `update groups.group_members as member
     set joined_at = staged.first_at
     from staged_names as staged
     where member.group_id = $1 and member.user_id = staged.user_id and member.joined_at > staged.first_at`,
    [channel.groupId],
  );
  await client.query(
    `update staged_lines as staged
     set sender_id = named.user_id
     from staged_names as named
     where named.name_key = staged.name_key`,
  );
  return rowCount ?? 0;
}

/** Whoever asked to be forgotten does not come back with a log that still has their words. */
async function refuseErased(client: Client): Promise<readonly number[]> {
  const { rows } = await client.query<{ line: number }>(
    `with refused as (
       delete from staged_lines as staged
       using core.users as person
       where person.id = staged.sender_id and person.erased_at is not null
       returning staged.line, staged.id
     ),
     unlinked as (
       update staged_lines as staged
       set reply_to_id = null
       from refused
       where staged.reply_to_id = refused.id
     )
     select line from refused order by line`,
  );
  return rows.map(({ line }) => line);
}

/**
 * Adds what is not there yet, under the lock of the channel that every writer takes. Sequence numbers follow the
 * identifiers: what stands above a day that comes late moves up, and the markers of readers with it, so that nobody's
 * unread count changes by what was said before the message that they read last.
 */
async function addMessages(client: Client, channel: Channel): Promise<{ added: number; replies: number }> {
  await client.query('select from groups.channels where id = $1 for no key update', [channel.id]);
  await client.query(
    `delete from staged_lines as staged
     using groups.channel_messages as message
     where message.channel_id = $1
       and message.id = staged.id
       and message.id between (select id from staged_lines order by id limit 1)
         and (select id from staged_lines order by id desc limit 1)`,
    [channel.id],
  );
  const { rows: bounds } = await client.query<{ first: string }>(
    'select id as first from staged_lines order by id limit 1',
  );
  const first = bounds[0]?.first;
  if (first === undefined) return { added: 0, replies: 0 };

  const { rows: below } = await client.query<{ seq: string }>(
    `select seq from groups.channel_messages where channel_id = $1 and id < $2 order by id desc limit 1`,
    [channel.id, first],
  );
  await client.query(
    `create temporary table staged_order on commit drop as
     select
       id,
       is_new,
       count(*) filter (where is_new) over upwards as news,
       max(seq) over upwards as seq
     from (
       select id, true as is_new, $2::bigint as seq from staged_lines
       union all
       select id, false, seq from groups.channel_messages where channel_id = $1 and id > $3
     ) as merged
     window upwards as (order by id)`,
    [channel.id, below[0]?.seq ?? '0', first],
  );
  await client.query(
    `update staged_lines as staged
     set seq = placed.seq + placed.news
     from staged_order as placed
     where placed.id = staged.id and placed.is_new`,
  );
  await client.query(
    `update groups.channel_messages as message
     set seq = placed.seq + placed.news
     from staged_order as placed
     where message.channel_id = $1 and message.id = placed.id and message.id > $2 and not placed.is_new`,
    [channel.id, first],
  );
  await client.query(
    `update groups.channel_reads as marker
     set last_read_seq = marker.last_read_seq + passed.amount
     from (
       select reader.user_id, count(*) as amount
       from groups.channel_reads as reader
       join staged_lines as staged on staged.id <= reader.last_read_message_id
       where reader.channel_id = $1
       group by reader.user_id
     ) as passed
     where marker.channel_id = $1 and marker.user_id = passed.user_id`,
    [channel.id],
  );
  const { rowCount } = await client.query(
    `insert into groups.channel_messages
       (channel_id, id, seq, sender_id, type, content, reply_to_id, metadata, inserted_at, updated_at)
     select
       $1, staged.id, staged.seq, staged.sender_id,
       case when coalesce(staged.event, 'action') = 'action' then 'default' else 'system' end,
       staged.content,
       case when answered.id is not null or also_new.id is not null then staged.reply_to_id end,
       case when staged.event is not null then jsonb_build_object('event', staged.event) end,
       staged.at, staged.at
     from staged_lines as staged
     left join groups.channel_messages as answered on answered.channel_id = $1 and answered.id = staged.reply_to_id
     left join staged_lines as also_new on also_new.id = staged.reply_to_id
     order by staged.id`,
    [channel.id],
  );
  await client.query(
    `update groups.channels as target
     set last_seq = target.last_seq + $2,
         last_message_id = greatest(target.last_message_id, newest.id),
         last_message_at = greatest(target.last_message_at, newest.at)
     from (select id, at from staged_lines order by id desc limit 1) as newest
     where target.id = $1`,
    [channel.id, rowCount ?? 0],
  );
  // Whoever writes has read up to there, as when they send it here.
  await client.query(
    `insert into groups.channel_reads as marker (user_id, channel_id, last_read_seq, last_read_message_id, last_read_at)
     select distinct on (sender_id) sender_id, $1::uuid, seq, id, at
     from staged_lines
     where sender_id is not null and coalesce(event, 'action') = 'action'
     order by sender_id, id desc
     on conflict (user_id, channel_id) do update
     set last_read_seq = excluded.last_read_seq,
         last_read_message_id = excluded.last_read_message_id,
         last_read_at = excluded.last_read_at
     where marker.last_read_message_id is null or marker.last_read_message_id < excluded.last_read_message_id`,
    [channel.id],
  );
  const { rows: linked } = await client.query<{ replies: number }>(
    `select count(message.reply_to_id)::integer as replies
     from staged_lines as staged
     join groups.channel_messages as message on message.channel_id = $1 and message.id = staged.id`,
    [channel.id],
  );
  return { added: rowCount ?? 0, replies: linked[0]?.replies ?? 0 };
}
