import type pg from 'pg';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Somebody who can call procedures, each call in a committed transaction of its own. */
export interface Person {
  readonly id: string;
  /** The first row of what a procedure of moderation returns; its arguments by their names without `p_`. */
  call<Row extends pg.QueryResultRow = pg.QueryResultRow>(procedure: string, args?: Arguments): Promise<Row>;
  /** A statement under row-level security. */
  read<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

export interface Report extends pg.QueryResultRow {
  readonly id: string;
  readonly queue_item_id: string;
  readonly status: string;
  readonly evidence: unknown;
  readonly assigned_to: string | null;
}

export interface QueueItem extends pg.QueryResultRow {
  readonly id: string;
  readonly item_id: string;
  readonly status: string;
  readonly priority: number;
  readonly report_count: number;
  readonly assigned_to: string | null;
  readonly resolution: string | null;
}

export interface Ban extends pg.QueryResultRow {
  readonly id: string;
  readonly ban_type: string;
  readonly source: string;
  readonly points: number | null;
  readonly expires_at: Date | null;
  readonly lifted_at: Date | null;
  readonly lift_reason: string | null;
}

export const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);

export class Scene {
  readonly db: TestDatabase;
  #people = 0;

  constructor(db: TestDatabase) {
    this.db = db;
  }

  async person(role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person> {
    this.#people += 1;
    const id = await createUser(this.db, { username: `person_${this.#people}`, role });
    await this.db.query(`update core.users set inserted_at = now() - interval '1 year' where id = $1`, [id]);
    const requestRole = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;
    return this.acting(id, requestRole[role]);
  }

  async people(count: number, role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person[]> {
    const made: Person[] = [];
    for (let index = 0; index < count; index += 1) made.push(await this.person(role));
    return made;
  }

  /** A banned account keeps its name and has the role of a visitor. */
  banned(person: Person): Person {
    return this.acting(person.id, 'stoa_anonymous');
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
    return {
      id: id ?? '',
      read,
      async call<Row extends pg.QueryResultRow>(procedure: string, args: Arguments = {}) {
        const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
        const [first] = await read<Row>(
          `select * from moderation.${procedure}(${names.join(', ')})`,
          Object.values(args),
        );
        if (first === undefined) throw new Error(`moderation.${procedure} returned no row`);
        return first;
      },
    };
  }

  report(by: Person, whom: Person, more: Arguments = {}): Promise<Report> {
    return by.call<Report>('file_report', { type: 'user', subject_id: whom.id, reason: 'abuse', ...more });
  }

  warn(by: Person, whom: Person, points: number, more: Arguments = {}): Promise<pg.QueryResultRow> {
    return by.call('warn_user', { user_id: whom.id, points, reason: 'Be kind.', ...more });
  }

  ban(by: Person, whom: Person, type: string, until?: Date, more: Arguments = {}): Promise<Ban> {
    return by.call<Ban>('ban_user', {
      user_id: whom.id,
      ban_type: type,
      reason: 'Enough.',
      ...(until ? { until } : {}),
      ...more,
    });
  }

  async item(id: string): Promise<QueueItem> {
    return this.one<QueueItem>('select * from moderation.queue_items where id = $1', [id]);
  }

  async bansOf(person: Person): Promise<Ban[]> {
    const { rows } = await this.db.query<Ban>(
      'select * from moderation.bans where user_id = $1 order by id',
      [person.id],
    );
    return rows;
  }

  async bannedUntil(person: Person): Promise<Date | number | null> {
    const { banned_until } = await this.one<{ banned_until: Date | number | null }>(
      'select banned_until from core.users where id = $1',
      [person.id],
    );
    return banned_until;
  }

  /** The verbs that the audit log holds about a row, oldest first. */
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
