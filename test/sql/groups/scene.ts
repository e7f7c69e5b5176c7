import type pg from 'pg';
import { createPool } from '../../../src/postgres/connect.ts';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';

/** The bits of a permission bitfield, as masks. */
export const bits = {
  CREATE_INVITE: 1n << 0n,
  KICK_MEMBERS: 1n << 1n,
  BAN_MEMBERS: 1n << 2n,
  ADMINISTRATOR: 1n << 3n,
  MANAGE_CHANNELS: 1n << 4n,
  MANAGE_GROUP: 1n << 5n,
  ADD_REACTIONS: 1n << 6n,
  VIEW_AUDIT_LOG: 1n << 7n,
  MANAGE_ROLES: 1n << 8n,
  MODERATE_MEMBERS: 1n << 9n,
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  SEND_TTS: 1n << 12n,
  MANAGE_MESSAGES: 1n << 13n,
  EMBED_LINKS: 1n << 14n,
  ATTACH_FILES: 1n << 15n,
  READ_HISTORY: 1n << 16n,
  MENTION_EVERYONE: 1n << 17n,
  USE_EXTERNAL_EMOJI: 1n << 18n,
  VIEW_INSIGHTS: 1n << 19n,
  CONNECT: 1n << 20n,
  SPEAK: 1n << 21n,
  MUTE_MEMBERS: 1n << 22n,
  DEAFEN_MEMBERS: 1n << 23n,
  MOVE_MEMBERS: 1n << 24n,
  STREAM: 1n << 25n,
  CHANGE_NICKNAME: 1n << 26n,
  MANAGE_NICKNAMES: 1n << 27n,
  MANAGE_WEBHOOKS: 1n << 28n,
  MANAGE_EMOJIS: 1n << 29n,
  CREATE_THREADS: 1n << 30n,
  MANAGE_THREADS: 1n << 31n,
  BYPASS_SLOWMODE: 1n << 32n,
} as const;
export type Bit = keyof typeof bits;
export const every: bigint = (1n << 33n) - 1n;

/** The bitfield of some permissions, as PostgreSQL takes it. */
export function mask(...names: readonly Bit[]): string {
  return names.reduce((sum, name) => sum | bits[name], 0n).toString();
}

/** A person who can call the procedures of groups, each call in a committed transaction of its own. */
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

export interface Group extends pg.QueryResultRow {
  readonly id: string;
  readonly name: string;
  readonly owner_id: string;
  readonly member_count: number;
  /** Its text channel "general". */
  readonly general: string;
  /** Its default role. */
  readonly everyone: string;
}

export interface Channel extends pg.QueryResultRow {
  readonly id: string;
  readonly group_id: string;
  readonly type: string;
  readonly position: number;
}

export interface Role extends pg.QueryResultRow {
  readonly id: string;
  readonly group_id: string;
  readonly position: number;
  readonly permissions: string;
}

export interface Message extends pg.QueryResultRow {
  readonly channel_id: string;
  readonly id: string;
  readonly seq: string;
  readonly sender_id: string | null;
  readonly content: string;
  readonly type: string;
}

export class Scene {
  readonly db: TestDatabase;
  #people = 0;

  constructor(db: TestDatabase) {
    this.db = db;
  }

  async person(role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person> {
    this.#people += 1;
    const username = `person_${this.#people}`;
    const id = await createUser(this.db, { username, role });
    const requestRole = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;
    return this.acting(username, id, requestRole[role]);
  }

  people(count: number): Promise<Person[]> {
    return Promise.all(Array.from({ length: count }, () => this.person()));
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
      return read<Row>(`select * from groups.${procedure}(${names.join(', ')})`, Object.values(args));
    };
    return {
      id: id ?? '',
      name,
      read,
      list,
      async call<Row extends pg.QueryResultRow>(procedure: string, args?: Readonly<Record<string, unknown>>) {
        const [first] = await list<Row>(procedure, args);
        if (first === undefined) throw new Error(`groups.${procedure} returned no row`);
        return first;
      },
    };
  }

  async group(owner: Person, isPublic = false, name = 'A group'): Promise<Group> {
    const made = await owner.call<Group>('create_group', { name, is_public: isPublic });
    const [general] = await this.rows<{ id: string }>(
      'select id from groups.channels where group_id = $1',
      made.id,
    );
    const [everyone] = await this.rows<{ id: string }>(
      'select id from groups.roles where group_id = $1 and is_default',
      made.id,
    );
    if (!general || !everyone) throw new Error('the group lacks its channel or its role');
    return { ...made, general: general.id, everyone: everyone.id };
  }

  /** A row in the table, without the rules of joining. */
  async join(group: Group, ...people: readonly Person[]): Promise<void> {
    for (const person of people) {
      await this.db.query('insert into groups.group_members (group_id, user_id) values ($1, $2)', [
        group.id,
        person.id,
      ]);
    }
  }

  /** A role with these permissions, ranked above all others that there are, given to these people: no rules. */
  async role(group: Group, permissions: string, ...holders: readonly Person[]): Promise<Role> {
    const [role] = await this.rows<Role>(
      `insert into groups.roles (group_id, name, permissions, position)
       select $1, 'A role', $2, max(position) + 1 from groups.roles where group_id = $1
       returning *`,
      group.id,
      permissions,
    );
    if (!role) throw new Error('there is no role');
    for (const holder of holders) {
      await this.db.query(
        'insert into groups.group_member_roles (group_id, user_id, role_id) values ($1, $2, $3)',
        [group.id, holder.id, role.id],
      );
    }
    return role;
  }

  async override(
    group: Group,
    place: { readonly channel?: string; readonly category?: string },
    target: { readonly role?: string; readonly user?: string },
    allow: string,
    deny: string,
  ): Promise<void> {
    await this.db.query(
      `insert into groups.channel_permission_overrides (group_id, channel_id, category_id, role_id, user_id, allow, deny)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [group.id, place.channel, place.category, target.role, target.user, allow, deny],
    );
  }

  say(
    person: Person,
    channel: string,
    content = 'Hello.',
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Message> {
    return person.call<Message>('send_channel_message', { channel_id: channel, content, ...more });
  }

  async rows<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    ...values: readonly unknown[]
  ): Promise<Row[]> {
    return (await this.db.query<Row>(text, values)).rows;
  }

  /** The one row of a query. */
  async one<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    ...values: readonly unknown[]
  ): Promise<Row> {
    const [row] = await this.rows<Row>(text, ...values);
    if (!row) throw new Error(`no row: ${text}`);
    return row;
  }

  async upload(owner: Person, contentType = 'image/png', sizeBytes = 1_000): Promise<string> {
    const row = await this.one<{ id: string }>(
      `insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, status)
       values ($1, 'a file', $2, $3, 'objects/' || gen_random_uuid(), 'ready') returning id`,
      owner.id,
      contentType,
      sizeBytes,
    );
    return row.id;
  }

  /** The verbs that the audit log holds about a group, oldest first. */
  async auditOf(group: Group): Promise<string[]> {
    const rows = await this.rows<{ action: string }>(
      'select action from audit.logs where group_id = $1 order by id',
      group.id,
    );
    return rows.map((row) => row.action);
  }

  async bellOf(person: Person): Promise<string[]> {
    const rows = await this.rows<{ title: string }>(
      'select title from notifications.notifications where user_id = $1 order by id',
      person.id,
    );
    return rows.map((row) => row.title);
  }

  /**
   * Calls a procedure as many people at the same time, a connection each; tells what came of each call: `done`, or
   * the reason of the refusal.
   */
  async stampede(
    callers: readonly Person[],
    procedure: string,
    args: (caller: Person, index: number) => Readonly<Record<string, unknown>>,
    connections = 50,
  ): Promise<string[]> {
    const pool = createPool(this.db.url, { applicationName: 'test stampede', max: connections });
    try {
      return await Promise.all(
        callers.map(async (caller, index) => {
          const client = await pool.connect();
          const given = args(caller, index);
          const names = Object.keys(given).map((key, place) => `p_${key} => $${place + 1}`);
          try {
            await client.query('set session authorization stoa_gateway; begin');
            await client.query(
              `select set_config('role', 'stoa_member', true), set_config('stoa.user_id', $1, true)`,
              [caller.id],
            );
            await client.query(
              `select * from groups.${procedure}(${names.join(', ')})`,
              Object.values(given),
            );
            await client.query('commit');
            return 'done';
          } catch (error) {
            await client.query('rollback');
            const detail = error instanceof Error && 'detail' in error ? String(error.detail) : String(error);
            return detail.split(';')[0] ?? detail;
          } finally {
            await client.query('reset session authorization');
            client.release();
          }
        }),
      );
    } finally {
      await pool.end();
    }
  }
}

export async function scene(): Promise<Scene> {
  return new Scene(await testDatabase());
}

/** How often each value occurs. */
export function tally(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
