import { basename, extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { exitCodes, StoaError } from '../errors.ts';
import { connect } from '../postgres/connect.ts';
import { accountNamed, archiveAccount } from './accounts.ts';
import { copyFields } from './copy.ts';
import { type ImportedPost, type ParsedRow, readRedditCsv } from './formats/reddit-csv.ts';
import type { RejectedRow } from './rejected.ts';

/** A reader of one file format: rows in the order of the file, each either a post or a reason. */
type Reader = (path: string) => AsyncIterable<ParsedRow>;

const readers: Readonly<Record<string, { readonly source: string; readonly read: Reader }>> = {
  'reddit-csv': { source: 'reddit', read: readRedditCsv },
};

export const forumImportFormats: readonly string[] = Object.keys(readers);

export interface FileResult {
  readonly file: string;
  readonly forum: string;
  readonly rows: number;
  readonly added: number;
  readonly alreadyThere: number;
  readonly rejected: number;
}

export interface ImportOptions {
  readonly databaseUrl: string;
  readonly files: readonly string[];
  readonly format: string;
  /** The account that will own forums that do not exist yet; without it a system account named `archive`. */
  readonly owner?: string | undefined;
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: { file: string; fileIndex: number; rows: number }) => void;
  readonly onRejected?: (row: RejectedRow) => void;
}

/**
 * Loads posts of a community that exists elsewhere: one forum a file, one transaction a file. A run that is
 * interrupted leaves whole files only; running again adds what is missing and nothing twice, because the
 * rows of `forums.imported_posts` say what came from where.
 */
export async function importForums(options: ImportOptions): Promise<readonly FileResult[]> {
  const format = readers[options.format];
  if (!format) {
    throw new StoaError('import.format', `"${options.format}" is not a format that can be imported.`, {
      cure: `Use --format with one of: ${forumImportFormats.join(', ')}.`,
      exitCode: exitCodes.usage,
    });
  }
  const client = await connect(options.databaseUrl, 'stoa import');
  try {
    await client.query('set role stoa_owner');
    await requireForums(client);
    const results: FileResult[] = [];
    for (const [fileIndex, file] of options.files.entries()) {
      results.push(await importFile(client, format, file, fileIndex, options));
    }
    return results;
  } finally {
    await client.end();
  }
}

async function requireForums(client: Client): Promise<void> {
  const { rows } = await client.query<{ ready: boolean }>(
    `select to_regclass('forums.imported_posts') is not null as ready`,
  );
  if (!rows[0]?.ready) {
    throw new StoaError('import.no_forums', 'This database has no forums module to import into.', {
      cure: 'Choose the module with STOA_MODULES and run "stoa migrate up".',
      exitCode: exitCodes.database,
    });
  }
}

async function importFile(
  client: Client,
  format: { readonly source: string; readonly read: Reader },
  file: string,
  fileIndex: number,
  options: ImportOptions,
): Promise<FileResult> {
  await client.query('begin');
  try {
    // Two imports of the same source would only wait for each other's keys; better to wait here, once.
    await client.query(`select pg_advisory_xact_lock(hashtextextended('stoa.import.' || $1, 0))`, [
      format.source,
    ]);
    await client.query(`create temporary table staged_posts (
        id uuid not null,
        external_id text not null,
        inserted_at timestamptz not null,
        edited_at timestamptz,
        type text not null,
        title text not null,
        content text not null,
        link_url text,
        is_nsfw boolean not null,
        flair text,
        upvotes integer not null,
        downvotes integer not null,
        reported_score integer not null,
        reported_upvotes integer not null,
        reported_downvotes integer not null,
        reported_comments integer not null
      ) on commit drop`);

    const seen = { rows: 0, rejected: 0, adult: 0, forumName: undefined as string | undefined };
    const lines = async function* (): AsyncGenerator<string> {
      for await (const row of format.read(file)) {
        seen.rows += 1;
        if (seen.rows % 250 === 0) options.onProgress?.({ file, fileIndex, rows: seen.rows });
        if ('rejected' in row) {
          seen.rejected += 1;
          options.onRejected?.({ file, line: row.line, externalId: row.externalId, reason: row.rejected });
          continue;
        }
        if (row.post.isAdult) seen.adult += 1;
        seen.forumName ??= row.post.forumName;
        yield copyLine(row.post);
      }
    };
    const target = client.query(copyFrom('copy staged_posts from stdin'));
    await pipeline(Readable.from(lines()), target);
    options.onProgress?.({ file, fileIndex, rows: seen.rows });

    const name = seen.forumName ?? basename(file, extname(file));
    const isAdult = seen.adult * 2 > seen.rows;
    const forumId = await ensureForum(client, { name, isAdult, owner: options.owner, file });
    await addFlairs(client, forumId);
    const added = await addPosts(client, forumId, format.source);
    await refreshForum(client, forumId);

    await client.query(options.dryRun ? 'rollback' : 'commit');
    const accepted = seen.rows - seen.rejected;
    return {
      file,
      forum: slugOf(name),
      rows: seen.rows,
      added,
      alreadyThere: accepted - added,
      rejected: seen.rejected,
    };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function copyLine(post: ImportedPost): string {
  const fields = [
    post.id,
    post.externalId,
    post.insertedAt.toISOString(),
    post.editedAt?.toISOString(),
    post.type,
    post.title,
    post.content,
    post.linkUrl,
    String(post.isAdult),
    post.flair,
    String(post.upvotes),
    String(post.downvotes),
    String(post.reported.score),
    String(post.reported.upvotes),
    String(post.reported.downvotes),
    String(post.reported.comments),
  ];
  return copyFields(fields);
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

async function ensureForum(
  client: Client,
  forum: { name: string; isAdult: boolean; owner: string | undefined; file: string },
): Promise<string> {
  const slug = slugOf(forum.name);
  if (slug === '') {
    throw new StoaError('import.forum_name', `No forum can be named after ${forum.file}.`, {
      cure: 'Rename the file to letters and digits, or give rows with a permalink.',
      exitCode: exitCodes.input,
    });
  }
  const existing = await client.query<{ id: string }>('select id from forums.forums where slug = $1', [slug]);
  if (existing.rows[0]) return existing.rows[0].id;

  const ownerId =
    forum.owner === undefined ? await archiveAccount(client) : await accountNamed(client, forum.owner);
  const created = await client.query<{ id: string }>(
    `insert into forums.forums (name, slug, owner_id, is_nsfw) values ($1, $2, $3, $4) returning id`,
    [forum.name, slug, ownerId, forum.isAdult],
  );
  const id = created.rows[0]?.id;
  if (id === undefined) throw new Error('insert into forums.forums returned no row');
  return id;
}

async function addFlairs(client: Client, forumId: string): Promise<void> {
  await client.query(
    `insert into forums.flairs (forum_id, name)
     select distinct $1::uuid, flair from staged_posts where flair is not null
     on conflict (forum_id, name) do nothing`,
    [forumId],
  );
}

/**
 * Adds the posts that this source has not brought before, the historical votes in their counters and the origin
 * of those in `forums.imported_posts`: a recount of a post is that origin plus the votes cast here.
 */
async function addPosts(client: Client, forumId: string, source: string): Promise<number> {
  const { rowCount } = await client.query(
    `with fresh as (
       insert into forums.imported_posts
         (source, external_id, post_id, upvote_count, downvote_count,
          reported_score, reported_upvote_count, reported_downvote_count, reported_comment_count)
       select distinct on (external_id)
         $2, external_id, id, upvotes, downvotes,
         reported_score, reported_upvotes, reported_downvotes, reported_comments
       from staged_posts
       order by external_id
       on conflict (source, external_id) do nothing
       returning post_id
     )
     insert into forums.posts
       (id, forum_id, flair_id, type, title, content, content_format, link_url, is_nsfw,
        score, upvote_count, downvote_count, last_activity_at, edited_at, inserted_at, updated_at)
     select distinct on (staged.id)
       staged.id, $1::uuid, flair.id, staged.type, staged.title, staged.content, 'markdown', staged.link_url, staged.is_nsfw,
       staged.upvotes - staged.downvotes, staged.upvotes, staged.downvotes,
       staged.inserted_at, staged.edited_at, staged.inserted_at, staged.inserted_at
     from fresh
     join staged_posts staged on staged.id = fresh.post_id
     left join forums.flairs flair on flair.forum_id = $1::uuid and flair.name = staged.flair`,
    [forumId, source],
  );
  return rowCount ?? 0;
}

async function refreshForum(client: Client, forumId: string): Promise<void> {
  await client.query('select from forums.forums where id = $1 for no key update', [forumId]);
  await client.query(
    `update forums.forums
     set post_count = (select count(*) from forums.posts where forum_id = $1 and deleted_at is null),
         (last_post_id, last_post_at) = (
           select id, inserted_at
           from forums.posts
           where forum_id = $1 and deleted_at is null
           order by id desc
           limit 1
         )
     where id = $1`,
    [forumId],
  );
}
