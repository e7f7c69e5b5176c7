import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import {
  callOf,
  outcomes,
  type Page,
  type Person,
  type Project,
  type Scene,
  scene,
  type Task,
} from './scene.ts';

/** Each test names the lock, key or check that it falls without. */
let world: Scene;
let owner: Person;
let people: Person[];
let project: Project;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
  people = await world.people(8);
  project = await world.project(owner);
  await world.join(project, 'member', ...people);
});

/** Until that many connections of this database wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  for (let look = 0; look < 2_000; look += 1) {
    const waiting = await world.rows(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (waiting.length >= count) return;
  }
  throw new Error(`fewer than ${count} wait`);
}

/**
 * One person calls a procedure and does not commit before the others, who call theirs meanwhile, wait for it. Tells
 * what came of each of the others.
 */
async function whileHolding(
  person: Person,
  procedure: string,
  args: Readonly<Record<string, unknown>>,
  others: () => readonly Promise<unknown>[],
): Promise<string[]> {
  let outcome: Promise<string[]> | undefined;
  await person.within(async (client: pg.ClientBase) => {
    await client.query(...callOf(procedure, args));
    const attempts = others();
    outcome = outcomes(attempts);
    await untilWaiting(attempts.length);
  });
  return outcome ?? [];
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing there');
  return item;
}

const update = (person: Person, page: Page, version: number, patch: object) =>
  person.call<Page>('update_document', {
    document_id: page.id,
    version,
    patch: JSON.stringify(patch),
  });

describe('two editors of one page', () => {
  // The row lock in workspace.workable_document: without it the second has read the old version before it waits.
  it('do not overwrite each other: the second is told that the page has changed', async () => {
    const page = await world.page(owner, project);
    expect(
      await whileHolding(
        at(people, 0),
        'update_document',
        { document_id: page.id, version: 1, patch: '{"content":"first"}' },
        () => [update(at(people, 1), page, 1, { content: 'second' })],
      ),
    ).toEqual(['document.stale']);
    expect(await world.pageNow(page.id)).toMatchObject({
      content: 'first',
      version: 2,
      updated_by: at(people, 0).id,
    });
  });

  it('who read again each time it was refused lose nothing', async () => {
    const page = await world.page(owner, project);
    await Promise.all(
      people.map(async (person, index) => {
        for (let written = 0; written < 4; ) {
          const { version, content } = await world.pageNow(page.id);
          const [seen] = await outcomes([update(person, page, version, { content: `${content}${index}` })]);
          if (seen === 'done') written += 1;
          else expect(seen).toBe('document.stale');
        }
      }),
    );
    const { version, content } = await world.pageNow(page.id);
    expect(version).toBe(33);
    expect([...content].sort().join('')).toBe('01234567'.replace(/./g, '$&$&$&$&'));
  });
});

describe('two editors of two pages', () => {
  // The shared lock of the project: with the exclusive one the second would wait for the first.
  it('of one project do not wait for each other', async () => {
    const [one, two] = [await world.page(owner, project), await world.page(owner, project)];
    await at(people, 0).within(async (client) => {
      await client.query(
        ...callOf('update_document', { document_id: one.id, version: 1, patch: '{"content":"x"}' }),
      );
      await at(people, 1).within(async (other) => {
        await other.query(`set local lock_timeout = '2s'`);
        await other.query(
          ...callOf('update_document', { document_id: two.id, version: 1, patch: '{"content":"y"}' }),
        );
      });
    });
    expect(await world.pageNow(two.id)).toMatchObject({ version: 2 });
  });

  // The exclusive lock of the project in update_document with a parent_id: each alone is right, both make a circle.
  it('cannot put each under the other', async () => {
    const [one, two] = [await world.page(owner, project), await world.page(owner, project)];
    expect(
      await whileHolding(
        at(people, 0),
        'update_document',
        { document_id: one.id, version: 1, patch: JSON.stringify({ parent_id: two.id }) },
        () => [update(at(people, 1), two, 1, { parent_id: one.id })],
      ),
    ).toEqual(['document.parent_invalid']);
  });

  // The exclusive lock of the project in delete_document.
  it('cannot put a page under one that is being deleted', async () => {
    const [gone, page] = [await world.page(owner, project), await world.page(owner, project)];
    expect(
      await whileHolding(at(people, 0), 'delete_document', { document_id: gone.id }, () => [
        update(at(people, 1), page, 1, { parent_id: gone.id }),
        world.page(at(people, 2), project, { parent_id: gone.id }),
      ]),
    ).toEqual(['document.parent_invalid', 'document.parent_invalid']);
  });
});

describe('numbers of tasks', () => {
  // The row of the project, which the number is taken from; the key tasks_number_key stands behind it.
  it('have no gap and none is there twice, though some creations fail', async () => {
    const busy = await world.project(owner);
    await world.join(busy, 'member', ...people);
    const stranger = await world.person();
    const seen = await outcomes(
      people.flatMap((person) =>
        [0, 1, 2, 3].map((turn) => world.task(person, busy, turn === 2 ? { assignee_id: stranger.id } : {})),
      ),
    );
    expect(seen.filter((outcome) => outcome !== 'done')).toEqual(Array(8).fill('task.assignee_not_member'));
    const numbers = await world.rows<{ number: number }>(
      'select number from workspace.tasks where project_id = $1 order by number',
      busy.id,
    );
    expect(numbers.map(({ number }) => number)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    expect(await world.projectNow(busy.id)).toMatchObject({ last_task_number: 24 });
  });

  // The lock on the key in core.recall.
  it('are taken once by one call that is sent many times at once', async () => {
    const busy = await world.project(owner);
    const made = await Promise.all([0, 1, 2, 3].map(() => world.task(owner, busy, { key: 'again' })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await world.projectNow(busy.id)).toMatchObject({ last_task_number: 1 });
  });
});

describe('the board under many hands', () => {
  // The exclusive lock of the project in move_task: without it both see the same end of the column, and take one place.
  it('gives two tasks that are moved to the end at once two places', async () => {
    const board = await world.project(owner);
    const [a, b] = [await world.task(owner, board), await world.task(owner, board)];
    await world.join(board, 'member', ...people);
    const move = (person: Person, task: Task) =>
      person.call<Task>('move_task', { task_id: task.id, status: 'review' });
    expect(
      await whileHolding(at(people, 0), 'move_task', { task_id: a.id, status: 'review' }, () => [
        move(at(people, 1), b),
      ]),
    ).toEqual(['done']);
    const [first, second] = [await world.taskNow(a.id), await world.taskNow(b.id)];
    expect(second.position).toBeGreaterThan(first.position);
  });

  // The row lock in workspace.workable_task: the state and the time that belongs to it are decided on the row as it is then.
  it('leaves a task that is moved twice at once in the state of the second move', async () => {
    const task = await world.task(owner, project);
    const [one, two] = [at(people, 0), at(people, 1)];
    expect(
      await whileHolding(one, 'move_task', { task_id: task.id, status: 'done' }, () => [
        two.call('move_task', { task_id: task.id, status: 'in_progress' }),
      ]),
    ).toEqual(['done']);
    expect(await world.taskNow(task.id)).toMatchObject({ status: 'in_progress', completed_at: null });
    expect(
      await whileHolding(one, 'move_task', { task_id: task.id, status: 'review' }, () => [
        two.call('move_task', { task_id: task.id, status: 'done' }),
      ]),
    ).toEqual(['done']);
    expect(await world.taskNow(task.id)).toMatchObject({ status: 'done', completed_at: expect.any(Date) });
  });

  // The lock order project, member, task. The places are those of the test before the last, at random.
  it('never gives two tasks one place, and no deadlock', async () => {
    const board = await world.project(owner);
    await world.join(board, 'member', ...people);
    const tasks: Task[] = [];
    for (let index = 0; index < 8; index += 1) tasks.push(await world.task(owner, board));
    const seen = await Promise.all(
      people.map(async (person, index) => {
        const done: string[] = [];
        for (let step = 0; step < 12; step += 1) {
          const [task, before] = [at(tasks, index + step), at(tasks, index * 3 + step * 5 + 1)];
          const status = step % 3 === 0 ? 'review' : 'todo';
          done.push(
            ...(await outcomes([
              person.call('move_task', { task_id: task.id, status, before_id: before.id }),
              person.call('update_task', { task_id: before.id, patch: '{"priority":1}' }),
              person.call('assign_task', { task_id: task.id, user_id: at(people, step).id }),
            ])),
          );
        }
        return done;
      }),
    );
    expect([...new Set(seen.flat())].sort()).toEqual(['done', 'task.before_invalid']);
    expect(
      await world.rows(
        `select status, position from workspace.tasks where project_id = $1
         group by status, position having count(*) > 1`,
        board.id,
      ),
    ).toEqual([]);
  });

  // The exclusive lock of the project in update_task with a parent_id.
  it('cannot make two tasks parts of each other', async () => {
    const [one, two] = [await world.task(owner, project), await world.task(owner, project)];
    const under = (task: Task) => JSON.stringify({ parent_id: task.id });
    expect(
      await whileHolding(at(people, 0), 'update_task', { task_id: one.id, patch: under(two) }, () => [
        at(people, 1).call('update_task', { task_id: two.id, patch: under(one) }),
      ]),
    ).toEqual(['task.parent_invalid']);
  });

  // The exclusive lock of the project in delete_task: a part that appears meanwhile would be purged with the whole.
  it('puts nothing under a task that is being deleted', async () => {
    const whole = await world.task(owner, project);
    expect(
      await whileHolding(at(people, 0), 'delete_task', { task_id: whole.id }, () => [
        world.task(at(people, 1), project, { parent_id: whole.id }),
        at(people, 2).call('move_task', { task_id: whole.id, status: 'done' }),
      ]),
    ).toEqual(['task.parent_invalid', 'task.unknown']);
  });
});

describe('who leaves while others work', () => {
  // The lock of the project, and the membership held by workspace.lock_assignee; the key tasks_assignee_fkey is behind.
  it('is not assigned what is given to them meanwhile', async () => {
    const leaver = await world.person();
    await world.join(project, 'member', leaver);
    const [mine, next] = [
      await world.task(owner, project, { assignee_id: leaver.id }),
      await world.task(owner, project),
    ];
    expect(
      await whileHolding(
        owner,
        'remove_project_member',
        { project_id: project.id, user_id: leaver.id },
        () => [
          at(people, 0).call('assign_task', { task_id: next.id, user_id: leaver.id }),
          world.task(at(people, 1), project, { assignee_id: leaver.id }),
        ],
      ),
    ).toEqual(['task.assignee_not_member', 'task.assignee_not_member']);
    for (const task of [mine, next]) {
      expect(await world.taskNow(task.id)).toMatchObject({ assignee_id: null });
    }
  });

  // The other way round: the key tasks_assignee_fkey, ON DELETE SET NULL of one column.
  it('is no longer assigned what was given to them a moment before', async () => {
    const leaver = await world.person();
    await world.join(project, 'member', leaver);
    const task = await world.task(owner, project);
    expect(
      await whileHolding(owner, 'assign_task', { task_id: task.id, user_id: leaver.id }, () => [
        leaver.call('remove_project_member', { project_id: project.id, user_id: leaver.id }),
      ]),
    ).toEqual(['done']);
    expect(await world.taskNow(task.id)).toMatchObject({ assignee_id: null, project_id: project.id });
  });

  // workspace.locked_project reads the role after its lock, and shares the lock even for a mere text.
  it('does not write after they were removed, or made a viewer', async () => {
    const [removed, demoted] = [await world.person(), await world.person()];
    await world.join(project, 'member', removed, demoted);
    const [task, page] = [await world.task(owner, project), await world.page(owner, project)];
    const writing = (person: Person) => [
      person.call('update_task', { task_id: task.id, patch: '{"title":"Late"}' }),
      update(person, page, 1, { content: 'Late' }),
    ];
    expect(
      await whileHolding(
        owner,
        'remove_project_member',
        { project_id: project.id, user_id: removed.id },
        () => writing(removed),
      ),
    ).toEqual(['task.unknown', 'document.unknown']);
    expect(
      await whileHolding(
        owner,
        'set_project_role',
        { project_id: project.id, user_id: demoted.id, role: 'viewer' },
        () => writing(demoted),
      ),
    ).toEqual(['project.not_allowed', 'project.not_allowed']);
  });
});

describe('owners', () => {
  // The lock of the project in locked_project, and project_members_owner_key behind it.
  it('are one, whoever hands over, leaves and is removed at the same time', async () => {
    const shared = await world.project(owner);
    const [heir, rival] = [at(people, 0), at(people, 1)];
    await world.join(shared, 'member', heir, rival);
    expect(
      await whileHolding(owner, 'transfer_project', { project_id: shared.id, user_id: heir.id }, () => [
        owner.call('transfer_project', { project_id: shared.id, user_id: rival.id }),
        heir.call('remove_project_member', { project_id: shared.id, user_id: heir.id }),
        owner.call('remove_project_member', { project_id: shared.id, user_id: heir.id }),
        owner.call('delete_project', { project_id: shared.id }),
      ]),
    ).toEqual(['project.not_allowed', 'project.owner_stays', 'project.owner_stays', 'project.not_allowed']);
    // The former owner, now a maintainer, may go.
    await owner.call('remove_project_member', { project_id: shared.id, user_id: owner.id });
    expect(await world.ownersAstray()).toEqual([]);
  });

  // The lock of the project in transfer_project: the heir who left a moment before inherits nothing.
  it('are never people who have just left', async () => {
    const shared = await world.project(owner);
    const heir = at(people, 2);
    await world.join(shared, 'member', heir);
    expect(
      await whileHolding(heir, 'remove_project_member', { project_id: shared.id, user_id: heir.id }, () => [
        owner.call('transfer_project', { project_id: shared.id, user_id: heir.id }),
      ]),
    ).toEqual(['project_member.unknown']);
    expect(await world.ownersAstray()).toEqual([]);
  });

  // The advisory lock in workspace.check_owned_limit.
  it('own no more than they may, however fast', async () => {
    const eager = await world.person();
    await world.db.query(`update core.settings set value = '2' where key = 'workspace.owned_limit'`);
    const seen = await outcomes([0, 1, 2, 3, 4, 5].map(() => world.project(eager)));
    await world.db.query(`update core.settings set value = '100' where key = 'workspace.owned_limit'`);
    expect(seen.sort()).toEqual(['done', 'done', ...Array(4).fill('project.limit_reached')]);
  });
});

describe('the same person', () => {
  // The lock of the project in add_project_member; the primary key would be an unregistered error.
  it('is brought in once, and the limit holds', async () => {
    const [guest, other] = [await world.person(), await world.person()];
    const small = await world.project(owner);
    await world.db.query(`update core.settings set value = '2' where key = 'workspace.member_limit'`);
    expect(
      await whileHolding(owner, 'add_project_member', { project_id: small.id, user_id: guest.id }, () =>
        [guest, other].map((person) =>
          owner.call('add_project_member', { project_id: small.id, user_id: person.id }),
        ),
      ),
    ).toEqual(['project_member.exists', 'project_member.limit_reached']);
    await world.db.query(`update core.settings set value = '500' where key = 'workspace.member_limit'`);
  });
});

describe('a project that is deleted', () => {
  // The lock of the project.
  it('takes no task and no page that were on the way', async () => {
    const doomed = await world.project(owner);
    await world.join(doomed, 'member', at(people, 0));
    const page = await world.page(owner, doomed);
    expect(
      await whileHolding(owner, 'delete_project', { project_id: doomed.id }, () => [
        world.task(at(people, 0), doomed),
        world.page(at(people, 0), doomed),
        update(at(people, 0), page, 1, { content: 'Late' }),
      ]),
    ).toEqual(['project.unknown', 'project.unknown', 'document.unknown']);
    expect(await reasonOf(world.task(owner, doomed))).toBe('project.unknown');
  });
});
