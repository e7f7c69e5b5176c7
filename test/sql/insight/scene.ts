import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createPool } from '../../../src/postgres/connect.ts';
import { afterFile } from '../../harness/after-file.ts';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';
import { type Group, Scene as GroupScene, type Person } from '../groups/scene.ts';

export interface Claim extends pg.QueryResultRow {
  readonly claim_id: string;
  readonly channel_id: string;
  readonly start_message_id: string;
  readonly end_message_id: string;
  readonly attempt: number;
}

export interface Read extends pg.QueryResultRow {
  readonly claim_id: string;
  readonly message_id: string;
  readonly speaker: number;
  readonly content: string;
}

export interface Analysis extends pg.QueryResultRow {
  readonly message_id: string | null;
  readonly author_id: string | null;
  readonly toxicity_score: string | null;
}

export interface Summary extends pg.QueryResultRow {
  readonly id: string | null;
  readonly message_count: number | null;
}

type Arguments = Readonly<Record<string, unknown>>;

/** Groups, and the process outside that asks the models: it has the worker's login and nothing else. */
export class Scene extends GroupScene {
  readonly #worker: pg.Pool;

  constructor(db: TestDatabase) {
    super(db);
    this.#worker = createPool(db.urlFor('stoa_worker'), { applicationName: 'test model', max: 10 });
    afterFile(() => this.#worker.end());
  }

  /** A person with settings, as everybody who registers has. */
  override async person(role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person> {
    const made = await super.person(role);
    await this.db.query('insert into core.user_settings (user_id) values ($1) on conflict do nothing', [
      made.id,
    ]);
    return made;
  }

  async consent(person: Person, allow: boolean): Promise<void> {
    await person.read('update core.user_settings set allow_ai_analysis = $1', [allow]);
  }

  /** A group that lets models analyse and summarise. */
  async openGroup(owner: Person, isPublic = false): Promise<Group> {
    const group = await this.group(owner, isPublic);
    await this.configure(owner, group, { analyses: true, summaries: true });
    return group;
  }

  async configure(person: Person, group: Group, patch: Arguments): Promise<pg.QueryResultRow> {
    const [policy] = await person.read('select * from insight.configure_group($1, $2)', [group.id, patch]);
    return policy ?? {};
  }

  async asWorker<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    ...values: readonly unknown[]
  ): Promise<Row[]> {
    return (await this.#worker.query<Row>(text, [...values])).rows;
  }

  /** Something done by the worker on a connection of its own, in a transaction that is committed at the end. */
  async inWorkerTransaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#worker.connect();
    let hasEnded = false;
    try {
      await client.query('begin');
      const result = await work(client);
      await client.query('commit');
      hasEnded = true;
      return result;
    } finally {
      client.release(!hasEnded);
    }
  }

  claim(kind: 'analysis' | 'summary', limit = 100, seconds = 300): Promise<Claim[]> {
    return this.asWorker<Claim>('select * from insight.claim_tasks($1, $2, $3)', kind, limit, seconds);
  }

  readClaims(claims: readonly Claim[]): Promise<Read[]> {
    return this.asWorker<Read>(
      'select * from insight.read_tasks($1)',
      claims.map(({ claim_id }) => claim_id),
    );
  }

  /** The claim of one message, read. */
  async claimOf(message: { readonly id: string }): Promise<Claim> {
    const claims = await this.claim('analysis');
    const mine = claims.find((claim) => claim.start_message_id === message.id);
    if (!mine) throw new Error('nobody asked for this message');
    await this.readClaims([mine]);
    return mine;
  }

  async record(claim: Claim, scores: Arguments = {}): Promise<Analysis> {
    const given = { model_name: 'reader', model_version: '1', sentiment: 0.5, toxicity: 0.1, ...scores };
    const names = Object.keys(given).map((name, index) => `p_${name} => $${index + 2}`);
    const [analysis] = await this.asWorker<Analysis>(
      `select * from insight.record_analysis($1, ${names.join(', ')})`,
      claim.claim_id,
      ...Object.values(given),
    );
    if (!analysis) throw new Error('there is no answer');
    return analysis;
  }

  async summarise(claim: Claim, text = 'They talked.', more: Arguments = {}): Promise<Summary> {
    const given = { model_name: 'reader', model_version: '1', summary: text, ...more };
    const names = Object.keys(given).map((name, index) => `p_${name} => $${index + 2}`);
    const [summary] = await this.asWorker<Summary>(
      `select * from insight.record_summary($1, ${names.join(', ')})`,
      claim.claim_id,
      ...Object.values(given),
    );
    if (!summary) throw new Error('there is no answer');
    return summary;
  }

  /** A message, analysed. */
  async analysed(person: Person, channel: string, scores: Arguments = {}, content = 'Hello.') {
    const message = await this.say(person, channel, content);
    await this.record(await this.claimOf(message), scores);
    return message;
  }

  async count(text: string, ...values: readonly unknown[]): Promise<number> {
    return (await this.one<{ count: number }>(`select count(*)::int as count from ${text}`, ...values)).count;
  }

  /** Leaves no group that wants anything, and nothing to do. */
  async forgetAll(): Promise<void> {
    await this.db.query(
      'delete from insight.group_policies; delete from insight.tasks; delete from insight.conversation_summaries',
    );
  }

  /** Waits until a connection waits for a lock that another transaction holds, of a kind (a wait event). */
  async someoneWaits(kind = '%'): Promise<void> {
    for (let attempt = 0; attempt < 2_000; attempt += 1) {
      const waiting = await this.count(
        `pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and wait_event like $1`,
        kind,
      );
      if (waiting > 0) return;
      await sleep(2);
    }
    throw new Error('nobody waits for a lock');
  }
}

export async function scene(): Promise<Scene> {
  return new Scene(await testDatabase());
}
