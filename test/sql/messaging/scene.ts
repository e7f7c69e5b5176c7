import type pg from 'pg';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** A person who can call the procedures of messaging, each call in a committed transaction of its own. */
export interface Person {
  readonly id: string;
  readonly name: string;
  /** The first row of what a procedure returns; its arguments by their names without `p_`. */
  call<Row extends pg.QueryResultRow = pg.QueryResultRow>(procedure: string, args?: Arguments): Promise<Row>;
  /** All rows of it. */
  list<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    procedure: string,
    args?: Arguments,
  ): Promise<Row[]>;
  /** Statements under row-level security. */
  read<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** Several statements in one committed transaction. */
  within<Result>(work: (client: pg.ClientBase) => Promise<Result>): Promise<Result>;
}

export interface Conversation extends pg.QueryResultRow {
  readonly id: string;
  readonly kind: 'direct' | 'group';
  readonly name: string | null;
  readonly owner_id: string | null;
  readonly message_ttl_seconds: number | null;
  readonly last_seq: string;
  readonly last_message_id: string | null;
}

export interface Message extends pg.QueryResultRow {
  readonly conversation_id: string;
  readonly id: string;
  readonly seq: string;
  readonly sender_id: string;
  readonly type: string;
  readonly content: string;
  readonly reply_to_id: string | null;
  readonly edited_at: Date | null;
  readonly deleted_at: Date | null;
  readonly expires_at: Date | null;
}

export class Scene {
  readonly db: TestDatabase;
  #people = 0;

  constructor(db: TestDatabase) {
    this.db = db;
  }

  async person(role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person> {
    this.#people += 1;
    const name = `person_${this.#people}`;
    const id = await createUser(this.db, { username: name, role });
    const requestRole = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;
    const actor = { role: requestRole[role], userId: id };
    const within: Person['within'] = (work) => this.db.as(actor, work, { commit: true });
    const read: Person['read'] = <Row extends pg.QueryResultRow>(
      text: string,
      values: readonly unknown[] = [],
    ) => within(async (client) => (await client.query<Row>(text, [...values])).rows);
    const list: Person['list'] = <Row extends pg.QueryResultRow>(procedure: string, args: Arguments = {}) => {
      const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
      return read<Row>(`select * from messaging.${procedure}(${names.join(', ')})`, Object.values(args));
    };
    return {
      id,
      name,
      within,
      read,
      list,
      async call<Row extends pg.QueryResultRow>(procedure: string, args?: Arguments) {
        const [first] = await list<Row>(procedure, args);
        if (first === undefined) throw new Error(`messaging.${procedure} returned no row`);
        return first;
      },
    };
  }

  async people(count: number): Promise<Person[]> {
    const people: Person[] = [];
    for (let made = 0; made < count; made += 1) people.push(await this.person());
    return people;
  }

  async befriend(person: Person, ...others: readonly Person[]): Promise<void> {
    await this.db.query(
      `insert into social.friendships (user_id, friend_id, status, accepted_at)
       select $1, friend, 'accepted', now() from unnest($2::uuid[]) as friend`,
      [person.id, others.map(({ id }) => id)],
    );
  }

  /** Two people, and the conversation that the first has started with the second. */
  async pair(): Promise<readonly [Person, Person, string]> {
    const [ada, ben] = [await this.person(), await this.person()];
    return [ada, ben, (await ada.call<Conversation>('start_direct', { user_id: ben.id })).id];
  }

  /** A group of this size: its owner, the others, all friends of the owner, and the conversation. */
  async group(size: number): Promise<readonly [Person, Person[], string]> {
    const owner = await this.person();
    const others = await this.people(size - 1);
    await this.befriend(owner, ...others);
    const { id } = await owner.call<Conversation>('start_group', {
      user_ids: others.map((other) => other.id),
    });
    return [owner, others, id];
  }

  async upload(person: Person, contentType = 'image/png', status = 'ready'): Promise<string> {
    const { rows } = await this.db.query<{ id: string }>(
      `insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, status)
       values ($1, 'a file', $2, 7, core.uuidv7()::text, $3)
       returning id`,
      [person.id, contentType, status],
    );
    return rows[0]?.id ?? '';
  }

  async setting(key: string, value: number): Promise<void> {
    await this.db.query('update core.settings set value = $2 where key = $1', [key, String(value)]);
  }
}

/** A database in which nobody sends too fast, unless a test is about that. */
export async function messagingScene(): Promise<Scene> {
  const scene = new Scene(await testDatabase());
  await scene.setting('messages.pace_limit', 1_000_000);
  return scene;
}

export async function send(
  person: Person,
  conversation: string,
  content: string,
  more: Arguments = {},
): Promise<Message> {
  return person.call<Message>('send_message', { conversation_id: conversation, content, ...more });
}

export async function unread(person: Person, conversation: string): Promise<number> {
  const [row] = await person.read<{ unread: string | null }>(
    'select messaging.conversations_unread_count(c) as unread from messaging.conversations as c where id = $1',
    [conversation],
  );
  if (row === undefined) throw new Error('the conversation is not visible');
  return Number(row.unread);
}

export async function feed(person: Person, conversation: string, more: Arguments = {}): Promise<Message[]> {
  return person.list<Message>('feed', { conversation_id: conversation, ...more });
}

/** What people wrote, oldest first, without the messages of the system. */
export async function texts(person: Person, conversation: string): Promise<string[]> {
  const messages = await feed(person, conversation, { first: 100 });
  return messages
    .filter(({ type }) => type !== 'system')
    .map(({ content }) => content)
    .reverse();
}
