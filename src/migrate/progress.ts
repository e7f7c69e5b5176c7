import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import type { Listener } from './events.ts';
import { leftovers } from './leftovers.ts';
import type { Step } from './step.ts';
import { runsInTransaction } from './traits.ts';

interface KnownStep {
  readonly checksum: string;
  readonly isFinished: boolean;
}

export interface Sending {
  readonly setTimeouts: (scope: 'local' | 'session') => Promise<void>;
  /** Sends and watches; answers how long it took. */
  readonly send: (send: () => Promise<unknown>) => Promise<number>;
}

/**
 * The record of a migration that runs statement by statement, so that a run that was cut off is gone on with.
 *
 * A statement that can run inside a transaction does so together with its record: it is done exactly when the record
 * says so. A concurrent statement cannot; there the record says that it was begun, and the catalog says what became
 * of it.
 */
export class StepProgress {
  readonly #client: Client;
  readonly #step: Step;
  readonly #onEvent: Listener;
  #known: Map<number, KnownStep> | undefined;

  constructor(client: Client, step: Step, onEvent: Listener) {
    this.#client = client;
    this.#step = step;
    this.#onEvent = onEvent;
  }

  /** Why the statement need not run; undefined when it must. */
  async begin(index: number): Promise<string | undefined> {
    this.#known ??= await this.#read();
    const statement = this.#statementAt(index);
    const recorded = this.#known.get(index + 1);
    if (!recorded?.isFinished) return undefined;
    if (recorded.checksum !== statement.checksum) {
      throw new StoaError(
        'migrate.edited_step',
        `${this.#step.migration.file}:${statement.start.line}: this statement was changed after it had been run.`,
        {
          cure: 'Put back its text: only what has not run yet may be corrected.',
          exitCode: exitCodes.refused,
        },
      );
    }
    return 'done by an earlier run';
  }

  async run(index: number, sending: Sending): Promise<number> {
    const statement = this.#statementAt(index);
    if (runsInTransaction(statement.node)) {
      await this.#client.query('begin');
      await sending.setTimeouts('local');
      const elapsedMs = await sending.send(() => this.#client.query(statement.text));
      await this.#record(index, true);
      await this.#client.query('commit');
      return elapsedMs;
    }
    const wasBegun = this.#known?.get(index + 1)?.checksum === statement.checksum;
    await this.#record(index, false);
    await sending.setTimeouts('session');
    try {
      const rest = await leftovers(this.#client, statement, wasBegun);
      if (rest.isDone) {
        await this.#record(index, true);
        return 0;
      }
      for (const { object, sql, reason } of rest.clearing) {
        this.#onEvent({ type: 'recovered', migration: this.#step.migration.name, object, reason });
        await sending.send(() => this.#client.query(sql));
      }
      const elapsedMs = await sending.send(() => this.#client.query(rest.instead ?? statement.text));
      await this.#record(index, true);
      return elapsedMs;
    } finally {
      await this.#client.query('reset lock_timeout; reset statement_timeout');
    }
  }

  /** Drops what a failed concurrent statement left behind: an invalid index costs writes and serves nobody. */
  async clearAway(index: number, send: Sending['send']): Promise<void> {
    const statement = this.#statementAt(index);
    if (runsInTransaction(statement.node)) return;
    const { clearing } = await leftovers(this.#client, statement, false);
    for (const { object, sql, reason } of clearing) {
      await send(() => this.#client.query(sql));
      this.#onEvent({ type: 'recovered', migration: this.#step.migration.name, object, reason });
    }
  }

  /** The migration is done: its ledger row says all that its steps said. */
  async forget(): Promise<void> {
    await this.#client.query('delete from ops.migration_steps where name = $1', [this.#step.migration.name]);
  }

  async #read(): Promise<Map<number, KnownStep>> {
    const { rows } = await this.#client.query<{ position: number; checksum: Buffer; isFinished: boolean }>(
      `select position, checksum, finished_at is not null as "isFinished"
       from ops.migration_steps
       where name = $1 and direction = $2`,
      [this.#step.migration.name, this.#step.direction],
    );
    return new Map(
      rows.map(({ position, checksum, isFinished }) => [
        position,
        { checksum: checksum.toString('hex'), isFinished },
      ]),
    );
  }

  async #record(index: number, isFinished: boolean): Promise<void> {
    await this.#client.query(
      `insert into ops.migration_steps (name, direction, position, checksum, finished_at)
       values ($1, $2, $3, $4, case when $5 then clock_timestamp() end)
       on conflict (name, direction, position) do update
       set checksum = excluded.checksum,
           started_at = case when $5 then migration_steps.started_at else clock_timestamp() end,
           finished_at = excluded.finished_at`,
      [
        this.#step.migration.name,
        this.#step.direction,
        index + 1,
        Buffer.from(this.#statementAt(index).checksum, 'hex'),
        isFinished,
      ],
    );
  }

  #statementAt(index: number): Step['statements'][number] {
    const statement = this.#step.statements[index];
    if (!statement) throw new RangeError(`statement ${index} of ${this.#step.statements.length}`);
    return statement;
  }
}
