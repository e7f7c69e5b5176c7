import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { inject } from 'vitest';
import { loadDemo } from '../../src/demo/index.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import type { Places } from '../../src/privacy/places.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { afterFile } from '../harness/after-file.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

export interface Member {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string;
  readonly address: string;
  readonly wallet: string;
  /** Of the bytes that they uploaded. */
  readonly file: string;
}

export interface Community {
  readonly db: TestDatabase;
  readonly places: Places;
  readonly folder: string;
  /** Who owns nothing and moderates nothing, in a fixed order. */
  readonly members: readonly Member[];
  /** As the job does: logged in as the worker. */
  asWorker<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result>;
  request(member: Pick<Member, 'id'>): Promise<string>;
}

/** Cheap on purpose: nobody signs in. */
const argon2 = { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 };

/** What an account leaves in the tables that the demo leaves empty, with bytes in the storage. */
async function furnish(
  db: TestDatabase,
  storage: Storage,
  id: string,
  index: number,
): Promise<Omit<Member, 'id' | 'username' | 'displayName'>> {
  const email = `person.${index}@mail${index}.example`;
  const address = `203.0.113.${index + 1}`;
  const wallet = `0x${createHash('sha256').update(id).digest('hex').slice(0, 40)}`;
  await db.query(
    `insert into auth.accounts (user_id, email, password_hash, first_name, registration_ip)
     values ($1, $2, $3, 'Alex', $4)
     on conflict (user_id) do update set email = excluded.email, registration_ip = excluded.registration_ip`,
    [id, email, `$argon2id$${id}`, address],
  );
  await db.query(
    `insert into auth.sessions (user_id, token_hash, ip_address, user_agent, expires_at)
     values ($1, $2, $3, 'Mozilla/5.0', now() + interval '30 days')`,
    [id, randomBytes(32), address],
  );
  await db.query(
    `insert into auth.wallets (user_id, network, address, address_key, type) values ($1, 'ethereum', $2, $2, 'external')`,
    [id, wallet],
  );
  await db.query(
    `select core.enqueue('send_mail', json_build_object('kind', 'verify_email', 'userId', $1::uuid))`,
    [id],
  );
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select set_config('stoa.user_id', $1, true), set_config('stoa.ip', $2, true)`, [
      id,
      address,
    ]);
    await client.query(
      `select audit.record('auth.change_email', 'core.users', $1, p_new_values => jsonb_build_object('email', $2::text, 'flags', 1), p_reason => 'I moved')`,
      [id, email],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
  await db.query(
    `select audit.record('user.looked_up', 'auth.accounts', $1, p_old_values => jsonb_build_object('found', jsonb_build_array($2::text)))`,
    [id, `by ${email}`],
  );
  const file = `objects/${id}`;
  await storage.put(file, Buffer.from(`the picture of ${id}`));
  await db.query(
    `insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, sha256, status)
     values ($1, 'me.png', 'image/png', 52, $2, $3, 'ready')`,
    [id, file, createHash('sha256').update(`the picture of ${id}`).digest()],
  );
  return { email, address, wallet, file };
}

export async function community(
  options: { readonly people?: number; readonly scale?: number } = {},
): Promise<Community> {
  const db = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'stoa-privacy-'));
  afterFile(() => rmSync(folder, { recursive: true, force: true }));
  const places = {
    uploads: folderStorage(join(folder, 'uploads')),
    ledger: folderStorage(join(folder, 'backups')),
  };
  await loadDemo({
    databaseUrl: db.url,
    password: 'a demo of privacy',
    argon2,
    scale: options.scale ?? 0.5,
    now: new Date('2026-11-01T12:00:00Z'),
  });
  const { rows } = await db.query<{ id: string; username: string; display_name: string }>(
    `select id, username::text, display_name
     from core.users
     where not is_system and role = 'user' and not core.owns_things(id)
     order by member_number
     limit $1`,
    [options.people ?? 12],
  );
  const members: Member[] = [];
  for (const [index, { id, username, display_name: displayName }] of rows.entries()) {
    members.push({ id, username, displayName, ...(await furnish(db, places.uploads, id, index)) });
  }
  return {
    db,
    places,
    folder,
    members,
    async asWorker(work) {
      const client = await connect(db.urlFor('stoa_worker'), 'test privacy');
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    },
    async request({ id }) {
      const { rows: made } = await db.query<{ id: string }>(
        `select audit.operator_request($1, 'erase', 'asked for it') as id`,
        [id],
      );
      return made[0]?.id ?? '';
    },
  };
}

/** A second database as the first is now. Dropped after the file. */
export async function copyOf(
  db: TestDatabase,
): Promise<{ readonly url: string; query: TestDatabase['query'] }> {
  const serverUrl = inject('serverUrl');
  const name = `stoa_copy_${randomBytes(6).toString('hex')}`;
  const admin = await connect(serverUrl, 'test copy');
  try {
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
      [db.name],
    );
    await admin.query(`create database ${name} template ${db.name}`);
  } finally {
    await admin.end();
  }
  const url = withDatabase(serverUrl, name);
  const client = await connect(url, 'test copy');
  afterFile(async () => {
    await client.end();
    const dropper = await connect(serverUrl, 'test drop');
    await dropper.query(`drop database if exists ${name} with (force)`);
    await dropper.end();
  });
  return { url, query: (text, values) => client.query(text, values === undefined ? undefined : [...values]) };
}

/** What others wrote, said and decided, as it was at a moment. */
export async function contentOfOthers(
  query: TestDatabase['query'],
  gone: readonly string[],
  until: Date,
): Promise<unknown> {
  const { rows } = await query(
    `select
       (select md5(string_agg(concat_ws(' ', id, title, content, link_url, author_id), '|' order by id))
        from forums.posts where author_id <> all ($1) and inserted_at <= $2) as posts,
       (select md5(string_agg(concat_ws(' ', id, content, parent_id, author_id), '|' order by id))
        from forums.comments where author_id <> all ($1) and inserted_at <= $2) as comments,
       (select md5(string_agg(concat_ws(' ', id, content, seq, sender_id), '|' order by id))
        from messaging.messages where sender_id <> all ($1) and type <> 'system' and inserted_at <= $2) as messages,
       (select md5(string_agg(concat_ws(' ', id, content, seq, sender_id), '|' order by id))
        from groups.channel_messages where sender_id <> all ($1) and inserted_at <= $2) as channel_messages,
       (select md5(string_agg(concat_ws(' ', id, content, user_id), '|' order by id))
        from governance.comments where user_id <> all ($1) and inserted_at <= $2) as proposal_comments,
       (select md5(string_agg(concat_ws(' ', proposal_id, voter_id, vote_type, voting_power), '|' order by proposal_id, voter_id))
        from governance.votes) as ballots,
       (select md5(string_agg(concat_ws(' ', user_id, id, amount, status), '|' order by user_id, id))
        from ledger.transactions) as movements,
       (select md5(string_agg(concat_ws(' ', user_id, id, amount, kind), '|' order by user_id, id))
        from tracker.bonus_transactions) as points,
       (select md5(string_agg(concat_ws(' ', id, name, description), '|' order by id)) from tracker.torrents) as torrents,
       (select md5(string_agg(concat_ws(' ', id, title, content), '|' order by id)) from workspace.documents) as documents,
       (select md5(string_agg(to_jsonb(person)::text, '|' order by user_id))
        from core.profiles as person where user_id <> all ($1)) as profiles`,
    [gone, until],
  );
  return rows[0];
}
