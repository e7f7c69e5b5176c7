import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterFile } from '../../harness/after-file.ts';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** A person with a passkey, and the procedures they may call, each call in a committed transaction of its own. */
export interface Person {
  readonly id: string;
  readonly passkeyHash: string;
  call<Row extends pg.QueryResultRow = pg.QueryResultRow>(procedure: string, args?: Arguments): Promise<Row>;
  read<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

export interface Torrent {
  readonly id: string;
  readonly infoHash: string;
}

/** What a client tells. What is left out: a fresh seeder at a plain address. */
export interface Told {
  readonly peer?: string;
  readonly ip?: string;
  readonly port?: number | string;
  readonly uploaded?: number | string;
  readonly downloaded?: number | string;
  readonly left?: number | string;
  readonly event?: string;
  readonly agent?: string;
  readonly numwant?: number;
}

export interface Answer extends pg.QueryResultRow {
  readonly place: number;
  readonly failure_reason: string | null;
  readonly failure: string | null;
  readonly interval_seconds: number | null;
  readonly min_interval_seconds: number | null;
  readonly complete: number | null;
  readonly incomplete: number | null;
  readonly peers: Buffer | null;
  readonly peers6: Buffer | null;
}

export interface Totals extends pg.QueryResultRow {
  readonly uploaded: string;
  readonly downloaded: string;
  readonly ratio: string | null;
  readonly seedbonus: string;
  readonly bounty_spent: string;
  readonly bounty_earned: string;
  readonly torrents_snatched: number;
  readonly seed_seconds: string;
}

const requestRoles = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;

const zero: Totals = {
  uploaded: '0',
  downloaded: '0',
  ratio: null,
  seedbonus: '0.0000',
  bounty_spent: '0.0000',
  bounty_earned: '0.0000',
  torrents_snatched: 0,
  seed_seconds: '0',
};

/** Twenty bytes that look like those of a client. */
export function peerId(name: string): string {
  return Buffer.from(`-qB4650-${name.padEnd(12, '.')}`.slice(0, 20)).toString('hex');
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** One element of a set, as the process that collects announces writes it. */
export function announcement(person: Pick<Person, 'passkeyHash'>, torrent: Torrent, told: Told = {}): object {
  return {
    passkey_hash: person.passkeyHash,
    info_hash: torrent.infoHash,
    peer_id: peerId(told.peer ?? 'one'),
    ip: told.ip ?? '192.0.2.1',
    port: told.port ?? 51413,
    uploaded: told.uploaded ?? 0,
    downloaded: told.downloaded ?? 0,
    left: told.left ?? 0,
    event: told.event ?? '',
    ...(told.agent === undefined ? {} : { user_agent: told.agent }),
    ...(told.numwant === undefined ? {} : { numwant: told.numwant }),
  };
}

export class Swarm {
  readonly db: TestDatabase;
  /** Logged in as the role that may announce, and nothing else. */
  readonly tracker: pg.Pool;
  #people = 0;
  #torrents = 0;
  #categoryId: number | undefined;

  constructor(db: TestDatabase) {
    this.db = db;
    this.tracker = new pg.Pool({ connectionString: db.urlFor('stoa_tracker'), max: 8 });
  }

  async person(
    role: keyof typeof requestRoles = 'user',
    settings: { readonly hasPasskey?: boolean } = {},
  ): Promise<Person> {
    this.#people += 1;
    const id = await createUser(this.db, { username: `peer_${this.#people}`, role });
    const key = randomBytes(32);
    if (settings.hasPasskey !== false) await this.givePasskey(id, key);
    return this.acting(id, requestRoles[role], key.toString('hex'));
  }

  async people(count: number): Promise<Person[]> {
    const people: Person[] = [];
    for (let index = 0; index < count; index += 1) people.push(await this.person());
    return people;
  }

  async givePasskey(userId: string, hash: Buffer): Promise<void> {
    await this.db.query(
      `insert into tracker.passkeys (passkey_hash, user_id, passkey_ciphertext, key_id) values ($1, $2, '\\x00', 'k')`,
      [hash, userId],
    );
  }

  acting(id: string, role: RequestRole, passkeyHash = ''): Person {
    const read: Person['read'] = <Row extends pg.QueryResultRow>(
      text: string,
      values: readonly unknown[] = [],
    ) =>
      this.db.as({ role, userId: id }, async (client) => (await client.query<Row>(text, [...values])).rows, {
        commit: true,
      });
    return {
      id,
      passkeyHash,
      read,
      async call<Row extends pg.QueryResultRow>(procedure: string, args: Arguments = {}) {
        const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
        const [first] = await read<Row>(
          `select * from ${procedure}(${names.join(', ')})`,
          Object.values(args),
        );
        if (first === undefined) throw new Error(`${procedure} returned no row`);
        return first;
      },
    };
  }

  /** A torrent that is offered. */
  async torrent(columns: Arguments = {}): Promise<Torrent> {
    this.#categoryId ??= (
      await this.one<{ id: number }>(
        `insert into tracker.categories (name, slug) values ('Anything', 'anything-at-all') returning id`,
      )
    ).id;
    this.#torrents += 1;
    const values = {
      info_hash: randomBytes(20),
      name: `Torrent ${this.#torrents}`,
      category_id: this.#categoryId,
      size_bytes: 1_000_000,
      file_count: 1,
      piece_length: 16_384,
      moderation_status: 'approved',
      approved_at: new Date(),
      ...columns,
    };
    const names = Object.keys(values);
    const row = await this.one<{ id: string; info_hash: Buffer }>(
      `insert into tracker.torrents (${names.join(', ')})
       values (${names.map((_, index) => `$${index + 1}`).join(', ')}) returning id, info_hash`,
      Object.values(values),
    );
    await this.db.query(
      'insert into tracker.torrent_statistics (torrent_id) values ($1) on conflict do nothing',
      [row.id],
    );
    return { id: row.id, infoHash: row.info_hash.toString('hex') };
  }

  async announceMany(
    announces: readonly object[],
    client: Pick<pg.ClientBase, 'query'> = this.tracker,
  ): Promise<Answer[]> {
    return (
      await client.query<Answer>('select * from tracker.announce_many($1)', [JSON.stringify(announces)])
    ).rows;
  }

  async announce(person: Pick<Person, 'passkeyHash'>, torrent: Torrent, told: Told = {}): Promise<Answer> {
    const [answer] = await this.announceMany([announcement(person, torrent, told)]);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  /** Lets everybody's announces lie so much further back. */
  async letPass(seconds: number): Promise<void> {
    for (const table of ['peers', 'user_torrents']) {
      await this.db.query(
        `update tracker.${table} set last_announce_at = last_announce_at - make_interval(secs => $1)`,
        [seconds],
      );
    }
  }

  /** A session that announces, waits and announces again. */
  async session(person: Person, torrent: Torrent, first: Told, second: Told, seconds = 600): Promise<Answer> {
    await this.announce(person, torrent, first);
    await this.letPass(seconds);
    return this.announce(person, torrent, second);
  }

  async totals(person: Pick<Person, 'id'>): Promise<Totals> {
    const [row] = await this.rows<Totals>(
      `select uploaded, downloaded, ratio, seedbonus, bounty_spent, bounty_earned, torrents_snatched, seed_seconds
       from tracker.user_statistics where user_id = $1`,
      [person.id],
    );
    return row ?? zero;
  }

  peers(torrent: Torrent): Promise<{ user_id: string; left_bytes: string; is_seeder: boolean }[]> {
    return this.rows(
      'select user_id, left_bytes, is_seeder from tracker.peers where torrent_id = $1 order by user_id, peer_id',
      [torrent.id],
    );
  }

  figures(torrent: Torrent): Promise<{
    seeders: number;
    leechers: number;
    times_completed: number;
    total_uploaded: string;
    total_downloaded: string;
  }> {
    return this.one(
      `select seeders, leechers, times_completed, total_uploaded, total_downloaded
       from tracker.torrent_statistics where torrent_id = $1`,
      [torrent.id],
    );
  }

  /** A function of the worker's, as the worker. */
  async work<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    call: string,
    values: readonly unknown[] = [],
  ): Promise<Row> {
    const client = await this.db.pool.connect();
    try {
      // A job that waits where it must not fails the test.
      await client.query(`set role stoa_worker; set lock_timeout = '2s'`);
      const { rows } = await client.query<Row>(`select * from ${call}`, [...values]);
      if (rows[0] === undefined) throw new Error(`${call} returned no row`);
      return rows[0];
    } finally {
      await client.query('reset role; reset lock_timeout');
      client.release();
    }
  }

  /** Points, as an administrator's correction. */
  async fund(person: Pick<Person, 'id'>, amount: number | string): Promise<void> {
    await this.db.query(`select tracker.post_bonus($1, $2, 'adjustment')`, [person.id, amount]);
  }

  async setting(key: string, value: unknown): Promise<void> {
    await this.db.query('update core.settings set value = $2 where key = $1', [key, JSON.stringify(value)]);
  }

  /** People whose balance is not the sum of their movements, or whose last movement does not lead to it. */
  unbalanced(): Promise<unknown[]> {
    return this.rows(
      `select totals.user_id, totals.seedbonus, ledger.total, latest.balance_after
       from tracker.user_statistics as totals
       full join (select user_id, sum(amount) as total from tracker.bonus_transactions group by user_id) as ledger
         using (user_id)
       left join lateral (
         select movement.balance_after from tracker.bonus_transactions as movement
         where movement.user_id = ledger.user_id order by movement.id desc limit 1
       ) as latest on true
       where coalesce(totals.seedbonus, 0) <> coalesce(ledger.total, 0)
          or totals.seedbonus <> coalesce(latest.balance_after, 0)`,
    );
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.db.query<Row>(text, values)).rows;
  }

  async one<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row> {
    const [row] = await this.rows<Row>(text, values);
    if (row === undefined) throw new Error(`no row: ${text}`);
    return row;
  }

  /** Until a connection of this database waits for a lock. */
  async untilSomebodyWaits(count = 1): Promise<void> {
    for (let look = 0; look < 4_000; look += 1) {
      const waiting = await this.rows(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (waiting.length >= count) return;
    }
    throw new Error('nobody waits');
  }
}

export async function swarm(): Promise<Swarm> {
  const made = new Swarm(await testDatabase());
  afterFile(() => made.tracker.end());
  return made;
}

/** `1.2.3.4:5` of a compact answer, sorted. */
export function addresses(compact: Buffer | null, bytes = 4): string[] {
  const found: string[] = [];
  for (let at = 0; at < (compact?.length ?? 0); at += bytes + 2) {
    const address = compact?.subarray(at, at + bytes) ?? Buffer.alloc(0);
    const text = bytes === 4 ? address.join('.') : (address.toString('hex').match(/.{4}/g)?.join(':') ?? '');
    found.push(`${text}:${compact?.readUInt16BE(at + bytes)}`);
  }
  return found.sort();
}
