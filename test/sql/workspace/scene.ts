import type pg from 'pg';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Somebody who can call procedures, each call in a committed transaction of its own. */
export interface Person {
  readonly id: string;
  /** The first row of what a procedure returns (of this module, unless it is named with its schema). */
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
  /** Statements in one transaction, which is committed when `work` ends. */
  within<Result>(work: (client: pg.ClientBase) => Promise<Result>): Promise<Result>;
}

export interface Project extends pg.QueryResultRow {
  readonly id: string;
  readonly owner_id: string;
  readonly group_id: string | null;
  readonly key: string;
  readonly name: string;
  readonly description: string | null;
  readonly status: string;
  readonly visibility: string;
  readonly last_task_number: number;
  readonly deleted_at: Date | null;
  readonly is_removed: boolean;
  readonly updated_at: Date;
}

export interface Task extends pg.QueryResultRow {
  readonly id: string;
  readonly project_id: string;
  readonly number: number;
  readonly parent_id: string | null;
  readonly title: string;
  readonly description: string | null;
  readonly status: string;
  readonly priority: number;
  readonly assignee_id: string | null;
  readonly created_by: string | null;
  readonly position: number;
  readonly due_at: Date | null;
  readonly completed_at: Date | null;
  readonly deleted_at: Date | null;
  readonly is_removed: boolean;
  readonly updated_at: Date;
}

export interface Page extends pg.QueryResultRow {
  readonly id: string;
  readonly project_id: string;
  readonly parent_id: string | null;
  readonly title: string;
  readonly content: string;
  readonly version: number;
  readonly created_by: string | null;
  readonly updated_by: string | null;
  readonly deleted_at: Date | null;
  readonly is_removed: boolean;
}

export type ProjectRole = 'maintainer' | 'member' | 'viewer';

export class Scene {
  readonly db: TestDatabase;
  #people = 0;
  #projects = 0;

  constructor(db: TestDatabase) {
    this.db = db;
  }

  async person(role: 'user' | 'moderator' | 'admin' = 'user'): Promise<Person> {
    this.#people += 1;
    const id = await createUser(this.db, { username: `person_${this.#people}`, role });
    const requestRole = { user: 'stoa_member', moderator: 'stoa_moderator', admin: 'stoa_admin' } as const;
    return this.acting(id, requestRole[role]);
  }

  async people(count: number): Promise<Person[]> {
    const made: Person[] = [];
    for (let index = 0; index < count; index += 1) made.push(await this.person());
    return made;
  }

  visitor(): Person {
    return this.acting(undefined, 'stoa_anonymous');
  }

  acting(id: string | undefined, role: RequestRole): Person {
    const { db } = this;
    const actor = id === undefined ? { role } : { role, userId: id };
    const within: Person['within'] = (work) => db.as(actor, work, { commit: true });
    const read: Person['read'] = <Row extends pg.QueryResultRow>(
      text: string,
      values: readonly unknown[] = [],
    ) => within(async (client) => (await client.query<Row>(text, [...values])).rows);
    const list: Person['list'] = <Row extends pg.QueryResultRow>(procedure: string, args: Arguments = {}) =>
      read<Row>(...callOf(procedure, args));
    return {
      id: id ?? '',
      within,
      read,
      list,
      async call<Row extends pg.QueryResultRow>(procedure: string, args?: Arguments) {
        const [first] = await list<Row>(procedure, args);
        if (first === undefined) throw new Error(`${procedure} returned no row`);
        return first;
      },
    };
  }

  /** A project of this person, with a key of its own. */
  project(owner: Person, more: Arguments = {}): Promise<Project> {
    this.#projects += 1;
    return owner.call<Project>('create_project', {
      name: 'A project',
      project_key: `P${this.#projects}`,
      ...more,
    });
  }

  /** A row in the table, without the rules of bringing somebody in. */
  async join(project: Project, role: ProjectRole, ...people: readonly Person[]): Promise<void> {
    for (const person of people) {
      await this.db.query(
        'insert into workspace.project_members (project_id, user_id, role) values ($1, $2, $3)',
        [project.id, person.id, role],
      );
    }
  }

  task(by: Person, project: Project, more: Arguments = {}): Promise<Task> {
    return by.call<Task>('create_task', { project_id: project.id, title: 'Something to do', ...more });
  }

  page(by: Person, project: Project, more: Arguments = {}): Promise<Page> {
    return by.call<Page>('create_document', { project_id: project.id, title: 'A page', ...more });
  }

  taskNow(id: string): Promise<Task> {
    return this.one<Task>('select * from workspace.tasks where id = $1', id);
  }

  pageNow(id: string): Promise<Page> {
    return this.one<Page>('select * from workspace.documents where id = $1', id);
  }

  projectNow(id: string): Promise<Project> {
    return this.one<Project>('select * from workspace.projects where id = $1', id);
  }

  /** The titles of a column of the board, in order. */
  async column(project: Project, status: string): Promise<string[]> {
    const rows = await this.rows<{ title: string }>(
      `select title from workspace.tasks
       where project_id = $1 and status = $2 and deleted_at is null order by position, id`,
      project.id,
      status,
    );
    return rows.map(({ title }) => title);
  }

  /** Projects in which the owner of the row and the member with the role of an owner are not the same one person. */
  async ownersAstray(): Promise<unknown[]> {
    return this.rows(
      `select project.id from workspace.projects as project
       where (
         select array_agg(member.user_id) from workspace.project_members as member
         where member.project_id = project.id and member.role = 'owner'
       ) is distinct from array[project.owner_id]`,
    );
  }

  async bar(person: Person, activity: string): Promise<void> {
    await this.db.query(
      `insert into core.user_restrictions (user_id, activity, until) values ($1, $2, 'infinity')`,
      [person.id, activity],
    );
  }

  /** What the nightly job does with a rule, until nothing is left to do. */
  async runRule(name: string): Promise<number> {
    let total = 0;
    let after: unknown = null;
    do {
      const row = await this.one<{ rows_affected: string; next_after: unknown }>(
        'select rows_affected, next_after from ops.run_retention($1, now(), $2)',
        name,
        after === null ? null : JSON.stringify(after),
      );
      total += Number(row.rows_affected);
      after = row.next_after;
    } while (after !== null);
    return total;
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

  /** The verbs that the audit log holds about a row, oldest first. */
  async auditOf(resourceId: string): Promise<string[]> {
    const rows = await this.rows<{ action: string }>(
      'select action from audit.logs where resource_id = $1 order by id',
      resourceId,
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
}

/** The statement of a call, and its values; arguments by their names without `p_`. */
export function callOf(procedure: string, args: Arguments): [text: string, values: unknown[]] {
  const names = Object.keys(args).map((key, index) => `p_${key} => $${index + 1}`);
  const name = procedure.includes('.') ? procedure : `workspace.${procedure}`;
  return [`select * from ${name}(${names.join(', ')})`, Object.values(args)];
}

/** 'done', or the reason with which each was refused; anything else that went wrong fails the test. */
export function outcomes(attempts: readonly Promise<unknown>[]): Promise<string[]> {
  return Promise.all(
    attempts.map(async (attempt) => {
      const [seen] = await Promise.allSettled([attempt]);
      return seen.status === 'fulfilled' ? 'done' : reasonOf(attempt);
    }),
  );
}

/** Cases of input and reason, each with a name of a length that can be read. */
export function named<Input>(
  cases: readonly (readonly [Input, string])[],
): [name: string, input: Input, reason: string][] {
  return cases.map(([input, reason]) => [JSON.stringify(input).slice(0, 60), input, reason]);
}

export async function scene(): Promise<Scene> {
  return new Scene(await testDatabase());
}
