import { createHash } from 'node:crypto';
import type pg from 'pg';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Somebody who can call procedures, each call in a committed transaction of its own. */
export interface Person {
  readonly id: string;
  /** The first row of what a procedure of the tracker returns; its arguments by their names without `p_`. */
  call<Row extends pg.QueryResultRow = pg.QueryResultRow>(procedure: string, args?: Arguments): Promise<Row>;
  /** All rows of it. */
  list<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    procedure: string,
    args?: Arguments,
  ): Promise<Row[]>;
  /** A statement under row-level security. */
  read<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

export interface Torrent extends pg.QueryResultRow {
  readonly id: string;
  readonly info_hash: Buffer;
  readonly name: string;
  readonly description: string;
  readonly category_id: number;
  readonly uploader_id: string | null;
  readonly moderation_status: string;
  readonly size_bytes: string;
  readonly file_count: number;
  readonly is_active: boolean;
  readonly is_freeleech: boolean;
  readonly deleted_at: Date | null;
}

export interface Request extends pg.QueryResultRow {
  readonly id: string;
  readonly status: string;
  readonly total_bounty: string;
  readonly vote_count: number;
  readonly comment_count: number;
  readonly filled_by: string | null;
  readonly filled_torrent_id: string | null;
}

export interface Collection extends pg.QueryResultRow {
  readonly id: string;
  readonly item_count: number;
  readonly subscriber_count: number;
  readonly comment_count: number;
  readonly deleted_at: Date | null;
}

export interface Comment extends pg.QueryResultRow {
  readonly id: string;
  readonly content: string;
  readonly edited_at: Date | null;
  readonly deleted_at: Date | null;
}

/** 'done', or the reason with which each was refused. */
export function outcomes(attempts: readonly Promise<unknown>[]): Promise<string[]> {
  return Promise.all(
    attempts.map(async (attempt) => {
      const seen = attempt.then(() => 'done');
      return (await Promise.allSettled([seen]))[0]?.status === 'fulfilled' ? 'done' : reasonOf(attempt);
    }),
  );
}

const requestRoles = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;

export class Scene {
  readonly db: TestDatabase;
  #people = 0;
  #torrents = 0;
  #categories = 0;

  constructor(db: TestDatabase) {
    this.db = db;
  }

  async person(role: 'user' | 'moderator' | 'admin' = 'user', classSlug?: string): Promise<Person> {
    this.#people += 1;
    const id = await createUser(this.db, { username: `person_${this.#people}`, role });
    if (classSlug !== undefined) {
      await this.db.query(
        'update core.users set class_id = class.id, role = class.role from core.user_classes as class where users.id = $1 and class.slug = $2',
        [id, classSlug],
      );
    }
    return this.acting(id, requestRoles[role]);
  }

  async people(count: number, role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person[]> {
    const made: Person[] = [];
    for (let index = 0; index < count; index += 1) made.push(await this.person(role));
    return made;
  }

  visitor(): Person {
    return this.acting(undefined, 'stoa_anonymous');
  }

  acting(id: string | undefined, role: RequestRole): Person {
    const { db } = this;
    const actor = id === undefined ? { role } : { role, userId: id };
    const read: Person['read'] = async <Row extends pg.QueryResultRow>(
      text: string,
      values: readonly unknown[] = [],
    ) => db.as(actor, async (client) => (await client.query<Row>(text, [...values])).rows, { commit: true });
    const list: Person['list'] = <Row extends pg.QueryResultRow>(procedure: string, args: Arguments = {}) => {
      const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
      return read<Row>(`select * from tracker.${procedure}(${names.join(', ')})`, Object.values(args));
    };
    return {
      id: id ?? '',
      read,
      list,
      async call<Row extends pg.QueryResultRow>(procedure: string, args?: Arguments) {
        const [first] = await list<Row>(procedure, args);
        if (first === undefined) throw new Error(`tracker.${procedure} returned no row`);
        return first;
      },
    };
  }

  async category(slug?: string, parentId?: number): Promise<number> {
    this.#categories += 1;
    const { id } = await this.one<{ id: number }>(
      'insert into tracker.categories (name, slug, parent_id) values ($1, $1, $2) returning id',
      [slug ?? `category-${this.#categories}`, parentId ?? null],
    );
    return id;
  }

  /** What a metainfo file says; each call says something else. */
  metainfo(changes: Arguments = {}): Record<string, unknown> {
    this.#torrents += 1;
    return {
      info_hash: createHash('sha1').update(`torrent ${this.#torrents}`).digest('hex'),
      piece_length: 262_144,
      files: [
        { path: 'disc 1/one.flac', size_bytes: 1_000_000 },
        { path: 'disc 1/two.flac', size_bytes: 2_000_000 },
      ],
      ...changes,
    };
  }

  upload(by: Person, categoryId: number, more: Arguments = {}): Promise<Torrent> {
    return by.call<Torrent>('upload_torrent', {
      metainfo: JSON.stringify(this.metainfo()),
      category_id: categoryId,
      name: `Torrent ${this.#torrents}`,
      ...more,
    });
  }

  /** An approved one. */
  async listed(by: Person, categoryId: number, moderator: Person, more: Arguments = {}): Promise<Torrent> {
    const { id } = await this.upload(by, categoryId, more);
    return moderator.call<Torrent>('approve_torrent', { torrent_id: id });
  }

  async give(person: Person, points: number): Promise<void> {
    await this.db.query(`select tracker.post_bonus($1, $2, 'adjustment')`, [person.id, points]);
  }

  async points(person: Person): Promise<number> {
    const { rows } = await this.db.query<{ seedbonus: string }>(
      'select seedbonus from tracker.user_statistics where user_id = $1',
      [person.id],
    );
    return Number(rows[0]?.seedbonus ?? 0);
  }

  request(by: Person, categoryId: number, bounty: number, more: Arguments = {}): Promise<Request> {
    return by.call<Request>('create_request', { category_id: categoryId, title: 'Wanted', bounty, ...more });
  }

  async requestNow(id: string): Promise<Request> {
    return this.one<Request>('select * from tracker.requests where id = $1', [id]);
  }

  async torrentNow(id: string): Promise<Torrent> {
    return this.one<Torrent>('select * from tracker.torrents where id = $1', [id]);
  }

  /** Changes a setting for the length of some work. */
  async during<Result>(
    setting: string,
    value: string,
    work: () => PromiseLike<Result> | Promise<Result>,
  ): Promise<Result> {
    const { value: before } = await this.one<{ value: string }>(
      'select value from core.settings where key = $1',
      [setting],
    );
    await this.db.query('update core.settings set value = $2 where key = $1', [setting, value]);
    try {
      return await work();
    } finally {
      await this.db.query('update core.settings set value = $2 where key = $1', [setting, before]);
    }
  }

  /**
   * Begins a transaction that has done `first` and is not committed; starts the rest and sees each wait for it; then
   * does `last`, if there is one, and commits. What comes back are the outcomes of the rest.
   */
  async behind(
    person: Person,
    role: RequestRole,
    first: string,
    rest: readonly (() => Promise<unknown>)[],
    last?: string,
  ): Promise<string[]> {
    const client = await this.db.pool.connect();
    try {
      await client.query('begin');
      const { rows: own } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await client.query(`set local role ${role}`);
      await client.query(`select set_config('stoa.user_id', $1, true)`, [person.id]);
      await client.query(first);
      let settled = 0;
      const results = rest.map(async (work) => {
        const [outcome] = await outcomes([work()]);
        settled += 1;
        return outcome ?? '';
      });
      // Whoever did not wait has an outcome already, which the test then finds to be the wrong one.
      for (let waiting = 0; waiting + settled < rest.length; ) {
        const { rows } = await this.db.query<{ waiting: number }>(
          `with recursive held (pid) as (
             select $1::integer
             union
             select activity.pid
             from held, pg_stat_activity as activity
             where activity.datname = current_database() and held.pid = any (pg_blocking_pids(activity.pid))
           )
           select count(*)::int - 1 as waiting from held`,
          [own[0]?.pid],
        );
        waiting = rows[0]?.waiting ?? 0;
      }
      if (last !== undefined) await client.query(last);
      await client.query('commit');
      return await Promise.all(results);
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  async auditOf(resourceId: string): Promise<string[]> {
    const { rows } = await this.db.query<{ action: string }>(
      'select action from audit.logs where resource_id = $1 order by id',
      [resourceId],
    );
    return rows.map((row) => row.action);
  }

  async bell(person: Person): Promise<string[]> {
    const { rows } = await this.db.query<{ title: string }>(
      'select title from notifications.notifications where user_id = $1 order by id',
      [person.id],
    );
    return rows.map((row) => row.title);
  }

  async one<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row> {
    const { rows } = await this.db.query<Row>(text, values);
    const [row] = rows;
    if (!row) throw new Error(`no row: ${text}`);
    return row;
  }
}

export async function scene(): Promise<Scene> {
  return new Scene(await testDatabase());
}
