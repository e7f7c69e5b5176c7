import type pg from 'pg';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** A person who can call procedures, each call in a committed transaction of its own. */
export interface Person {
  readonly id: string;
  readonly name: string;
  /** The first row of what a procedure returns (`governance.cast_vote`); its arguments by their names without `p_`. */
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

export interface Token extends pg.QueryResultRow {
  readonly id: string;
  readonly symbol: string;
  readonly network: string;
  readonly is_active: boolean;
}

export interface Holding extends pg.QueryResultRow {
  readonly user_id: string;
  readonly token_id: string;
  readonly balance: string;
  readonly staked_balance: string;
  readonly voting_power: string;
}

export interface Proposal extends pg.QueryResultRow {
  readonly id: string;
  readonly proposer_id: string | null;
  readonly token_id: string;
  readonly title: string;
  readonly status: string;
  readonly voting_start: Date | null;
  readonly voting_end: Date | null;
  readonly snapshot_at: Date | null;
  readonly snapshot_power: string | null;
  readonly total_votes: number;
  readonly yes_votes: number;
  readonly no_votes: number;
  readonly abstain_votes: number;
  readonly yes_power: string;
  readonly no_power: string;
  readonly abstain_power: string;
  readonly closed_at: Date | null;
  readonly cancelled_at: Date | null;
}

export interface Ballot extends pg.QueryResultRow {
  readonly proposal_id: string;
  readonly voter_id: string;
  readonly vote_type: string;
  readonly voting_power: string;
  readonly reason: string | null;
}

export interface ProposalComment extends pg.QueryResultRow {
  readonly proposal_id: string;
  readonly id: string;
  readonly user_id: string | null;
  readonly parent_id: string | null;
  readonly content: string;
  readonly likes: number;
  readonly dislikes: number;
  readonly deleted_at: Date | null;
}

export interface Movement extends pg.QueryResultRow {
  readonly user_id: string;
  readonly id: string;
  readonly counterparty_id: string | null;
  readonly transfer_id: string | null;
  readonly token_id: string | null;
  readonly type: string;
  readonly status: string;
  readonly amount: string;
  readonly transaction_hash: string | null;
  readonly description: string | null;
}

export interface ProposalTerms {
  readonly title?: string;
  readonly quorum?: string;
  readonly approval?: string;
}

export class Scene {
  readonly db: TestDatabase;
  /** The job runner: no account, no row-level security. */
  readonly worker: Pick<Person, 'call' | 'list'>;
  #people = 0;
  #tokens = 0;
  #deposits = 0;

  constructor(db: TestDatabase) {
    this.db = db;
    this.worker = this.#caller(
      async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]) => {
        const client = await db.pool.connect();
        try {
          await client.query('set role stoa_worker');
          return (await client.query<Row>(text, [...values])).rows;
        } finally {
          await client.query('reset role');
          client.release();
        }
      },
    );
  }

  async person(role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person> {
    this.#people += 1;
    const username = `person_${this.#people}`;
    const id = await createUser(this.db, { username, role });
    const requestRole = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;
    return this.acting(username, id, requestRole[role]);
  }

  async people(count: number): Promise<Person[]> {
    const people: Person[] = [];
    for (let index = 0; index < count; index += 1) people.push(await this.person());
    return people;
  }

  visitor(): Person {
    return this.acting('visitor', undefined, 'stoa_anonymous');
  }

  acting(name: string, id: string | undefined, role: RequestRole): Person {
    const actor = id === undefined ? { role } : { role, userId: id };
    const read: Person['read'] = <Row extends pg.QueryResultRow>(
      text: string,
      values: readonly unknown[] = [],
    ) =>
      this.db.as(actor, async (client) => (await client.query<Row>(text, [...values])).rows, {
        commit: true,
      });
    return { id: id ?? '', name, read, ...this.#caller(read) };
  }

  #caller(
    run: <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]) => Promise<Row[]>,
  ): Pick<Person, 'call' | 'list'> {
    const list: Person['list'] = <Row extends pg.QueryResultRow>(procedure: string, args: Arguments = {}) => {
      const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
      return run<Row>(`select * from ${procedure}(${names.join(', ')})`, Object.values(args));
    };
    return {
      list,
      async call<Row extends pg.QueryResultRow>(procedure: string, args?: Arguments) {
        const [first] = await list<Row>(procedure, args);
        if (first === undefined) throw new Error(`${procedure} returned no row`);
        return first;
      },
    };
  }

  /** A token on a chain of its own. */
  async token(settings: Arguments = {}): Promise<Token> {
    this.#tokens += 1;
    const columns = {
      symbol: `T${this.#tokens}`,
      name: `Token ${this.#tokens}`,
      network: 'testnet',
      ...settings,
    };
    const names = Object.keys(columns);
    return this.one<Token>(
      `insert into governance.tokens (${names.join(', ')})
       values (${names.map((_, index) => `$${index + 1}`).join(', ')}) returning *`,
      Object.values(columns),
    );
  }

  /** Gives somebody an amount, as the worker does for an event on a chain. */
  async fund(person: Person, token: Token, amount: string): Promise<Movement> {
    this.#deposits += 1;
    return this.worker.call<Movement>('ledger.record_deposit', {
      user_id: person.id,
      token_id: token.id,
      amount,
      network: token.network,
      transaction_hash: `0x${this.#deposits.toString(16)}`,
    });
  }

  holding(person: Person, token: Token): Promise<Holding> {
    return this.one<Holding>('select * from governance.user_tokens where user_id = $1 and token_id = $2', [
      person.id,
      token.id,
    ]);
  }

  draft(proposer: Person, token: Token, title = 'Shall we?'): Promise<Proposal> {
    return proposer.call<Proposal>('governance.create_proposal', {
      token_id: token.id,
      title,
      description: 'At length.',
    });
  }

  /** A draft whose voting period has begun already: what opens it is the next run of the worker. */
  async due(proposer: Person, token: Token, terms: ProposalTerms = {}): Promise<Proposal> {
    const draft = await this.draft(proposer, token, terms.title);
    await proposer.call('governance.schedule_proposal', {
      proposal_id: draft.id,
      start: new Date(Date.now() + 2 * 3_600_000),
      end: new Date(Date.now() + 50 * 3_600_000),
      quorum: terms.quorum ?? '0.2',
      approval: terms.approval ?? '0.5',
    });
    return this.one<Proposal>(
      `update governance.proposals set voting_start = now() - interval '1 minute', voting_end = now() + interval '1 day'
       where id = $1 returning *`,
      [draft.id],
    );
  }

  /** A proposal that is being voted on. */
  async open(proposer: Person, token: Token, terms: ProposalTerms = {}): Promise<Proposal> {
    const draft = await this.due(proposer, token, terms);
    await this.worker.call('governance.open_due_proposals');
    return this.proposalNow(draft.id);
  }

  /** Runs the closing job as if everything that is open were over. */
  async close(): Promise<number> {
    const { close_due_proposals: closed } = await this.worker.call<{ close_due_proposals: number }>(
      'governance.close_due_proposals',
      { now: new Date(Date.now() + 10 * 86_400_000) },
    );
    return closed;
  }

  /** Lets the end of voting pass without the worker noticing. */
  async letTimePass(proposal: Proposal): Promise<void> {
    const client = await this.db.pool.connect();
    try {
      await client.query('begin; set local session_replication_role = replica');
      await client.query(
        `update governance.proposals
         set voting_start = now() - interval '2 days', voting_end = now() - interval '1 second' where id = $1`,
        [proposal.id],
      );
      await client.query('commit');
    } finally {
      client.release();
    }
  }

  vote(person: Person, proposal: Proposal, choice: string): Promise<Ballot> {
    return person.call<Ballot>('governance.cast_vote', { proposal_id: proposal.id, vote_type: choice });
  }

  proposalNow(id: string): Promise<Proposal> {
    return this.one<Proposal>('select * from governance.proposals where id = $1', [id]);
  }

  async openBallots(isOpen: boolean): Promise<void> {
    await this.db.query(`update core.settings set value = $1 where key = 'governance.open_ballots'`, [
      String(isOpen),
    ]);
  }

  /** How the cached counters differ from a recount: empty when they are right. */
  async drift(): Promise<unknown[]> {
    await this.db.query('delete from ops.counter_repairs');
    await this.worker.call('governance.repair_counters', {
      proposal_ids: (await this.rows<{ id: string }>('select id from governance.proposals')).map(
        ({ id }) => id,
      ),
    });
    return this.rows('select counter, row_key, cached_value, true_value from ops.counter_repairs');
  }

  /** The holdings that are not what the movements of their holder add up to. */
  unbalanced(): Promise<unknown[]> {
    return this.worker.list('ledger.unbalanced_holdings');
  }

  /** The verbs that the audit log holds about a row, oldest first. */
  async auditOf(resourceId: string): Promise<string[]> {
    const entries = await this.rows<{ action: string }>(
      'select action from audit.logs where resource_id = $1 order by id',
      [resourceId],
    );
    return entries.map(({ action }) => action);
  }

  /** The titles in somebody's bell, oldest first. */
  async bellOf(person: Person): Promise<string[]> {
    const entries = await this.rows<{ title: string }>(
      'select title from notifications.notifications where user_id = $1 order by id',
      [person.id],
    );
    return entries.map(({ title }) => title);
  }

  async rows<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.db.query<Row>(text, values)).rows;
  }

  async one<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row> {
    const [row] = await this.rows<Row>(text, values);
    if (!row) throw new Error(`no row: ${text}`);
    return row;
  }
}

export async function scene(): Promise<Scene> {
  return new Scene(await testDatabase());
}

/** The same sequence in every run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<Item>(items: readonly Item[], chance: number): Item {
  const item = items[Math.floor(chance * items.length)];
  if (item === undefined) throw new Error('nothing there');
  return item;
}

const attos = 10n ** 18n;

/** A decimal with up to 18 places as a whole number of attos: what JavaScript can add without a loss. */
export function toAttos(amount: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(amount) ?? [];
  const value = BigInt(whole) * attos + BigInt(fraction.padEnd(18, '0'));
  return sign === '-' ? -value : value;
}

export function fromAttos(value: bigint): string {
  return `${value / attos}.${(value % attos).toString().padStart(18, '0')}`;
}
