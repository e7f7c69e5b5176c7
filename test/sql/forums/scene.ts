import type pg from 'pg';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';

/** A person who can call the procedures of forums, each call in a committed transaction of its own. */
export interface Person {
  readonly id: string;
  readonly name: string;
  /** The first row of what a procedure returns; its arguments by their names without `p_`. */
  call<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    procedure: string,
    args?: Readonly<Record<string, unknown>>,
  ): Promise<Row>;
  /** All rows of it. */
  list<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    procedure: string,
    args?: Readonly<Record<string, unknown>>,
  ): Promise<Row[]>;
  /** A statement under row-level security. */
  read<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

export interface Forum extends pg.QueryResultRow {
  readonly id: string;
  readonly slug: string;
  readonly owner_id: string;
  readonly post_count: number;
  readonly subscriber_count: number;
  readonly last_post_id: string | null;
}

export interface Post extends pg.QueryResultRow {
  readonly id: string;
  readonly forum_id: string;
  readonly title: string;
  readonly content: string;
  readonly score: number;
  readonly upvote_count: number;
  readonly downvote_count: number;
  readonly hot_rank: number;
  readonly comment_count: number;
  readonly last_comment_id: string | null;
  readonly last_activity_at: Date;
  readonly inserted_at: Date;
  readonly deleted_at: Date | null;
  readonly is_pinned: boolean;
}

export interface Comment extends pg.QueryResultRow {
  readonly id: string;
  readonly post_id: string;
  readonly parent_id: string | null;
  readonly depth: number;
  readonly path: string[];
  readonly content: string;
  readonly score: number;
  readonly reply_count: number;
  readonly deleted_at: Date | null;
}

export class Scene {
  readonly db: TestDatabase;
  #people = 0;

  constructor(db: TestDatabase) {
    this.db = db;
  }

  /** Somebody who has been around long enough to post without pauses. */
  async person(role: 'user' | 'moderator' | 'admin' = 'user', name?: string): Promise<Person> {
    this.#people += 1;
    const username = name ?? `person_${this.#people}`;
    const id = await createUser(this.db, { username, role });
    await this.db.query(`update core.users set inserted_at = now() - interval '1 year' where id = $1`, [id]);
    const requestRole = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;
    return this.acting(username, id, requestRole[role]);
  }

  visitor(): Person {
    return this.acting('visitor', undefined, 'stoa_anonymous');
  }

  acting(name: string, id: string | undefined, role: RequestRole): Person {
    const { db } = this;
    const actor = id === undefined ? { role } : { role, userId: id };
    const read: Person['read'] = async <Row extends pg.QueryResultRow>(
      text: string,
      values: readonly unknown[] = [],
    ) => db.as(actor, async (client) => (await client.query<Row>(text, [...values])).rows, { commit: true });
    const list: Person['list'] = <Row extends pg.QueryResultRow>(
      procedure: string,
      args: Readonly<Record<string, unknown>> = {},
    ) => {
      const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
      return read<Row>(`select * from forums.${procedure}(${names.join(', ')})`, Object.values(args));
    };
    return {
      id: id ?? '',
      name,
      read,
      list,
      async call<Row extends pg.QueryResultRow>(procedure: string, args?: Readonly<Record<string, unknown>>) {
        const [first] = await list<Row>(procedure, args);
        if (first === undefined) throw new Error(`forums.${procedure} returned no row`);
        return first;
      },
    };
  }

  async forum(owner: Person, slug: string, settings: Readonly<Record<string, unknown>> = {}): Promise<Forum> {
    const forum = await owner.call<Forum>('create_forum', { name: `The ${slug}`, slug, ...settings });
    return forum;
  }

  post(
    author: Person,
    forum: Forum,
    title = 'A title',
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Post> {
    return author.call<Post>('create_post', { forum_id: forum.id, title, ...more });
  }

  comment(author: Person, post: Post, parent?: Comment, content = 'A comment'): Promise<Comment> {
    return author.call<Comment>('create_comment', {
      post_id: post.id,
      content,
      ...(parent ? { parent_id: parent.id } : {}),
    });
  }

  async forumNow(id: string): Promise<Forum> {
    return this.#one<Forum>('select * from forums.forums where id = $1', id);
  }

  async postNow(id: string): Promise<Post> {
    return this.#one<Post>('select * from forums.posts where id = $1', id);
  }

  async commentNow(id: string): Promise<Comment> {
    return this.#one<Comment>('select * from forums.comments where id = $1', id);
  }

  /** The verbs that the audit log holds about a row, oldest first. */
  async auditOf(resourceId: string): Promise<string[]> {
    const { rows } = await this.db.query<{ action: string }>(
      'select action from audit.logs where resource_id = $1 order by id',
      [resourceId],
    );
    return rows.map((row) => row.action);
  }

  /** How the cached counters of everything differ from a recount: empty when they are right. */
  async drift(): Promise<unknown[]> {
    await this.db.query('delete from ops.counter_repairs');
    await this.db.query('select forums.repair_counters(array(select id from forums.posts))');
    const { rows } = await this.db.query(
      'select counter, row_key, cached_value, true_value from ops.counter_repairs',
    );
    return rows;
  }

  async #one<Row extends pg.QueryResultRow>(text: string, id: string): Promise<Row> {
    const { rows } = await this.db.query<Row>(text, [id]);
    const [row] = rows;
    if (!row) throw new Error(`no row for ${id}`);
    return row;
  }
}

export async function scene(): Promise<Scene> {
  return new Scene(await testDatabase());
}
