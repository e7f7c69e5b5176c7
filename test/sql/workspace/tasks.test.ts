import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { named, type Person, type Project, type Scene, scene, type Task } from './scene.ts';

let world: Scene;
let owner: Person;
let worker: Person;
let viewer: Person;
let outsider: Person;
let moderator: Person;
let project: Project;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
  worker = await world.person();
  viewer = await world.person();
  outsider = await world.person();
  moderator = await world.person('moderator');
  project = await world.project(owner);
  await world.join(project, 'member', worker);
  await world.join(project, 'viewer', viewer);
});

const update = (person: Person, task: Task, patch: object | null) =>
  person.call<Task>('update_task', {
    task_id: task.id,
    patch: patch === null ? null : JSON.stringify(patch),
  });
const move = (person: Person, task: Task, status: string, before?: Task) =>
  person.call<Task>('move_task', {
    task_id: task.id,
    status,
    ...(before ? { before_id: before.id } : {}),
  });
const assign = (person: Person, task: Task, whom: Person | null) =>
  person.call<Task>('assign_task', { task_id: task.id, user_id: whom?.id ?? null });
const remove = (person: Person, task: Task) => person.call<Task>('delete_task', { task_id: task.id });
const restore = (person: Person, task: Task) => person.call<Task>('restore_task', { task_id: task.id });

describe('a new task', () => {
  it('takes the next number, and stands at the end of its column', async () => {
    const own = await world.project(worker);
    const first = await world.task(worker, own, { title: ' One ', description: ' ' });
    const second = await world.task(worker, own, { title: 'Two', priority: 0, due_at: '2030-01-01' });
    const done = await world.task(worker, own, { title: 'Three', status: 'done' });
    expect(first).toMatchObject({
      number: 1,
      title: 'One',
      description: null,
      status: 'todo',
      priority: 2,
      created_by: worker.id,
      completed_at: null,
    });
    expect(second).toMatchObject({ number: 2, priority: 0 });
    expect(done).toMatchObject({ number: 3, completed_at: expect.any(Date) });
    expect(await world.column(own, 'todo')).toEqual(['One', 'Two']);
  });

  it('that fails leaves no gap in the numbers', async () => {
    const { last_task_number: before } = await world.projectNow(project.id);
    expect(await reasonOf(world.task(worker, project, { assignee_id: outsider.id }))).toBe(
      'task.assignee_not_member',
    );
    expect((await world.task(worker, project)).number).toBe(before + 1);
  });

  it('is one task however often the same call is made', async () => {
    const first = await world.task(worker, project, { key: 'k1' });
    expect(await world.task(worker, project, { key: 'k1' })).toEqual(first);
    expect(await reasonOf(world.task(worker, project, { key: 'k1', title: 'Other' }))).toBe(
      'idempotency.mismatch',
    );
  });

  it.each(
    named([
      [{ title: ' ' }, 'input.empty'],
      [{ title: 'x'.repeat(301) }, 'input.too_long'],
      [{ description: 'x'.repeat(20001) }, 'input.too_long'],
      [{ status: 'open' }, 'task.status_invalid'],
      [{ priority: 5 }, 'task.priority_invalid'],
      [{ priority: null }, 'task.priority_invalid'],
      [{ due_at: 'infinity' }, 'input.malformed'],
      [{ parent_id: '019a0000-0000-7000-8000-000000000000' }, 'task.parent_invalid'],
      [{ source_channel_id: '019a0000-0000-7000-8000-000000000000' }, 'input.malformed'],
    ]),
  )('is refused with %s', async (_, more, reason) => {
    expect(await reasonOf(world.task(worker, project, more))).toBe(reason);
  });

  it('is refused to viewers, outsiders, staff, and to who is barred from posting', async () => {
    expect(await reasonOf(world.task(viewer, project))).toBe('project.not_allowed');
    expect(await reasonOf(world.task(outsider, project))).toBe('project.unknown');
    expect(await reasonOf(world.task(moderator, project))).toBe('project.not_allowed');
    const barred = await world.person();
    await world.join(project, 'member', barred);
    const task = await world.task(barred, project);
    const page = await world.page(barred, project);
    await world.bar(barred, 'posting');
    expect(await reasonOf(world.task(barred, project))).toBe('account.activity_barred');
    expect(await reasonOf(update(barred, task, {}))).toBe('account.activity_barred');
    expect(await reasonOf(world.page(barred, project))).toBe('account.activity_barred');
    expect(
      await reasonOf(barred.call('update_document', { document_id: page.id, version: 1, patch: '{}' })),
    ).toBe('account.activity_barred');
    expect(
      await reasonOf(barred.call('add_project_member', { project_id: project.id, user_id: outsider.id })),
    ).toBe('account.activity_barred');
    // Who may not write may still go.
    await barred.call('remove_project_member', { project_id: project.id, user_id: barred.id });
  });

  it('can come from a message that its author may read', async () => {
    const group = await worker.call<{ id: string }>('groups.create_group', { name: 'A group' });
    const channel = await world.one<{ id: string }>(
      'select id from groups.channels where group_id = $1',
      group.id,
    );
    const message = await worker.call<{ id: string }>('groups.send_channel_message', {
      channel_id: channel.id,
      content: 'Somebody should do this.',
    });
    const from = { source_channel_id: channel.id, source_message_id: message.id };
    const task = await world.task(worker, project, from);
    expect(task).toMatchObject(from);
    expect(await reasonOf(world.task(owner, project, from))).toBe('channel.unknown');
    await worker.call('groups.delete_channel_message', { channel_id: channel.id, message_id: message.id });
    expect(await reasonOf(world.task(worker, project, from))).toBe('channel_message.unknown');
    expect(await world.taskNow(task.id)).toMatchObject(from);
  });
});

describe('changing a task', () => {
  it('is for those who take part and write', async () => {
    const task = await world.task(owner, project);
    const parent = await world.task(owner, project);
    expect(
      await update(worker, task, {
        title: ' New ',
        description: 'Long',
        priority: 0,
        due_at: '2030-01-01T10:00:00Z',
        parent_id: parent.id,
      }),
    ).toMatchObject({
      title: 'New',
      description: 'Long',
      priority: 0,
      due_at: new Date('2030-01-01T10:00:00Z'),
      parent_id: parent.id,
      created_by: owner.id,
    });
    expect(await update(owner, task, { description: null, due_at: null, parent_id: null })).toMatchObject({
      title: 'New',
      description: null,
      due_at: null,
      parent_id: null,
    });
    expect(await reasonOf(update(viewer, task, { title: 'No' }))).toBe('project.not_allowed');
    expect(await reasonOf(update(outsider, task, { title: 'No' }))).toBe('task.unknown');
  });

  it.each(
    named([
      [{ title: null }, 'input.malformed'],
      [{ title: '' }, 'input.empty'],
      [{ status: 'done' }, 'input.unknown_key'],
      [{ priority: 7 }, 'task.priority_invalid'],
      [{ priority: 1.5 }, 'input.malformed'],
      [{ due_at: 'soon' }, 'input.malformed'],
      [{ due_at: 'infinity' }, 'input.malformed'],
      [{ due_at: '2030-13-45' }, 'input.malformed'],
      [{ parent_id: 'soon' }, 'input.malformed'],
      [null, 'input.malformed'],
    ]),
  )('with %s is refused', async (_, patch, reason) => {
    const task = await world.task(worker, project);
    expect(await reasonOf(update(worker, task, patch))).toBe(reason);
  });

  it('does not touch what an empty patch leaves alone', async () => {
    const task = await world.task(worker, project);
    expect(await update(worker, task, {})).toEqual(task);
  });
});

describe('tasks under tasks', () => {
  it('never form a circle, stay in their project, and nest only so deep', async () => {
    const other = await world.task(owner, await world.project(owner));
    const top = await world.task(worker, project);
    const part = await world.task(worker, project, { parent_id: top.id });
    const leaf = await world.task(worker, project, { parent_id: part.id });
    for (const parent of [top, part, leaf, other]) {
      expect(await reasonOf(update(worker, top, { parent_id: parent.id }))).toBe('task.parent_invalid');
    }
    await world.db.query(`update core.settings set value = '3' where key = 'workspace.nesting_limit'`);
    expect(await reasonOf(world.task(worker, project, { parent_id: leaf.id }))).toBe('task.parent_invalid');
    const tall = await world.task(worker, project);
    await world.task(worker, project, { parent_id: tall.id });
    expect(await reasonOf(update(worker, tall, { parent_id: part.id }))).toBe('task.parent_invalid');
    await update(worker, tall, { parent_id: top.id });
    await world.db.query(`update core.settings set value = '10' where key = 'workspace.nesting_limit'`);
  });

  it('are deleted and restored with what they are part of', async () => {
    const top = await world.task(worker, project);
    const part = await world.task(worker, project, { parent_id: top.id });
    const leaf = await world.task(worker, project, { parent_id: part.id });
    const gone = await world.task(worker, project, { parent_id: top.id });
    await remove(worker, gone);
    await remove(worker, top);
    const live = async () =>
      (
        await world.rows<{ id: string }>(
          'select id from workspace.tasks where id = any ($1) and deleted_at is null order by number',
          [top.id, part.id, leaf.id, gone.id],
        )
      ).map(({ id }) => id);
    expect(await live()).toEqual([]);
    expect(await reasonOf(world.task(worker, project, { parent_id: top.id }))).toBe('task.parent_invalid');
    expect(await reasonOf(move(worker, part, 'done'))).toBe('task.unknown');
    await restore(worker, top);
    expect(await live()).toEqual([top.id, part.id, leaf.id]);
    await remove(worker, top);
    // Restored by itself, it is a part of nothing.
    expect(await restore(worker, part)).toMatchObject({ parent_id: null });
    expect(await live()).toEqual([part.id, leaf.id]);
  });
});

describe('the board', () => {
  it('keeps the order that people give it', async () => {
    const own = await world.project(worker);
    const [a, b, c, d] = [
      await world.task(worker, own, { title: 'a' }),
      await world.task(worker, own, { title: 'b' }),
      await world.task(worker, own, { title: 'c' }),
      await world.task(worker, own, { title: 'd', status: 'review' }),
    ];
    await move(worker, c, 'todo', a);
    expect(await world.column(own, 'todo')).toEqual(['c', 'a', 'b']);
    await move(worker, d, 'todo', b);
    expect(await world.column(own, 'todo')).toEqual(['c', 'a', 'd', 'b']);
    await move(worker, c, 'todo');
    expect(await world.column(own, 'todo')).toEqual(['a', 'd', 'b', 'c']);
    await move(worker, a, 'todo', d);
    expect(await world.column(own, 'todo')).toEqual(['a', 'd', 'b', 'c']);
    await move(worker, b, 'review');
    expect(await world.column(own, 'review')).toEqual(['b']);
    expect(await reasonOf(move(worker, a, 'todo', b))).toBe('task.before_invalid');
    expect(await reasonOf(move(worker, a, 'todo', a))).toBe('task.before_invalid');
    expect(await reasonOf(move(worker, a, 'todo', await world.task(owner, project)))).toBe(
      'task.before_invalid',
    );
    expect(await reasonOf(move(worker, a, 'open'))).toBe('task.status_invalid');
    expect(await reasonOf(move(viewer, a, 'done'))).toBe('task.unknown');
  });

  it('is spaced anew when there is no room between two tasks, which changes no task', async () => {
    const own = await world.project(worker);
    const tasks: Task[] = [];
    for (const title of ['a', 'b', 'c', 'd']) tasks.push(await world.task(worker, own, { title }));
    const [a, b, c, d] = tasks;
    if (!(a && b && c && d)) throw new Error('nothing there');
    // Half-way again and again: 1024 / 2^30 is below a millionth.
    for (let turn = 0; turn < 35; turn += 1) await move(worker, turn % 2 === 0 ? d : c, 'todo', b);
    expect(await world.column(own, 'todo')).toEqual(['a', 'c', 'd', 'b']);
    const gaps = await world.rows<{ gap: number }>(
      `select position - lag(position) over (order by position) as gap from workspace.tasks where project_id = $1`,
      own.id,
    );
    for (const { gap } of gaps.slice(1)) expect(gap).toBeGreaterThan(1e-6);
    expect((await world.taskNow(a.id)).updated_at).toEqual(a.updated_at);
  });

  it('finds room where numbers are so large that there is none between two', async () => {
    const own = await world.project(worker);
    const [a, b, c] = [
      await world.task(worker, own, { title: 'a' }),
      await world.task(worker, own, { title: 'b' }),
      await world.task(worker, own, { title: 'c' }),
    ];
    await world.db.query(
      'update workspace.tasks set position = 2::double precision ^ 53 + case title when $2 then 2 else 0 end where project_id = $1 and title <> $3',
      [own.id, 'b', 'c'],
    );
    await move(worker, c, 'todo', b);
    expect(await world.column(own, 'todo')).toEqual(['a', 'c', 'b']);
    expect(a.number).toBe(1);
  });

  it('notes when a task is done, and forgets it when it is not any more', async () => {
    const task = await world.task(worker, project);
    const done = await move(worker, task, 'done');
    expect(done).toMatchObject({ status: 'done', completed_at: expect.any(Date) });
    expect((await move(worker, task, 'done')).completed_at).toEqual(done.completed_at);
    expect(await move(worker, task, 'review')).toMatchObject({ completed_at: null });
    await expect(
      world.db.query(`update workspace.tasks set status = 'done' where id = $1`, [task.id]),
    ).rejects.toMatchObject({ constraint: 'tasks_done_check' });
  });
});

describe('assigning', () => {
  it('is to those who take part, and told', async () => {
    const task = await world.task(owner, project, { title: 'Wash up' });
    expect(await assign(owner, task, worker)).toMatchObject({ assignee_id: worker.id });
    await assign(owner, task, worker);
    const title = `You were assigned ${project.key}-${task.number}: Wash up`;
    expect((await world.bellOf(worker)).filter((told) => told === title)).toHaveLength(1);
    expect(await assign(worker, task, null)).toMatchObject({ assignee_id: null });
    expect(await reasonOf(assign(worker, task, outsider))).toBe('task.assignee_not_member');
    await assign(worker, task, worker);
    expect((await world.bellOf(worker)).filter((told) => told === title)).toHaveLength(1);
    expect(await reasonOf(assign(viewer, task, viewer))).toBe('project.not_allowed');
    expect(await reasonOf(assign(outsider, task, outsider))).toBe('task.unknown');
    await expect(
      world.db.query('update workspace.tasks set assignee_id = $2 where id = $1', [task.id, outsider.id]),
    ).rejects.toMatchObject({ constraint: 'tasks_assignee_fkey' });
    await world.task(owner, project, { title: 'Dry up', assignee_id: viewer.id });
    expect(await world.bellOf(viewer)).toEqual([expect.stringContaining(': Dry up')]);
  });

  it('gives everybody a list of their own over all projects, page by page', async () => {
    const busy = await world.person();
    const [one, two] = [await world.project(owner), await world.project(worker)];
    await world.join(one, 'member', busy);
    await world.join(two, 'viewer', busy);
    const give = (by: Person, where: Project, title: string, due?: string, status = 'todo') =>
      world.task(by, where, { title, status, assignee_id: busy.id, ...(due ? { due_at: due } : {}) });
    await give(owner, one, 'never');
    await give(worker, two, 'second', '2030-02-01');
    await give(owner, one, 'first', '2030-01-01');
    await give(owner, one, 'never either');
    await give(owner, one, 'done', '2030-01-01', 'done');
    await give(owner, one, 'cancelled', '2030-01-01', 'cancelled');
    await remove(owner, await give(owner, one, 'deleted', '2030-01-01'));
    const wanted = ['first', 'second', 'never', 'never either'];
    expect((await busy.list<Task>('my_tasks')).map(({ title }) => title)).toEqual(wanted);
    const paged: string[] = [];
    let after: string | null = null;
    for (;;) {
      const [next]: Task[] = await busy.list<Task>('my_tasks', { first: 1, after });
      if (!next) break;
      paged.push(next.title);
      after = next.id;
    }
    expect(paged).toEqual(wanted);
    expect(await reasonOf(busy.list('my_tasks', { after: project.id }))).toBe('task.unknown');
    await owner.call('delete_project', { project_id: one.id });
    expect((await busy.list<Task>('my_tasks')).map(({ title }) => title)).toEqual(['second']);
    await expect(world.visitor().list('my_tasks')).rejects.toMatchObject({ code: '42501' });
  });
});

describe('deleting a task', () => {
  it('hides it from all but owners and maintainers, who see what can be restored', async () => {
    const task = await world.task(worker, project);
    expect(await reasonOf(remove(viewer, task))).toBe('project.not_allowed');
    expect(await reasonOf(remove(outsider, task))).toBe('task.unknown');
    await remove(worker, task);
    const find = (person: Person) => person.read('select from workspace.tasks where id = $1', [task.id]);
    expect([await find(owner), await find(worker), await find(viewer)].map(({ length }) => length)).toEqual([
      1, 0, 0,
    ]);
    expect(await reasonOf(remove(worker, task))).toBe('task.unknown');
    expect(await reasonOf(restore(outsider, task))).toBe('task.unknown');
    expect(await restore(worker, task)).toMatchObject({ deleted_at: null });
    expect(await restore(worker, task)).toMatchObject({ deleted_at: null });
  });

  it('cannot be undone after 30 days', async () => {
    const task = await world.task(worker, project);
    await remove(worker, task);
    await world.db.query(`update workspace.tasks set deleted_at = now() - interval '30 days' where id = $1`, [
      task.id,
    ]);
    expect(await reasonOf(restore(worker, task))).toBe('task.restore_too_late');
  });

  it('by staff is audited, told to its author, and undone by staff alone', async () => {
    const task = await world.task(worker, project, { title: 'Rude' });
    await moderator.call('delete_task', { task_id: task.id, reason: 'Rude words' });
    expect(await world.bellOf(worker)).toContain('Your task was removed: Rude');
    expect(await reasonOf(restore(worker, task))).toBe('project.removed_by_staff');
    expect(await restore(moderator, task)).toMatchObject({ deleted_at: null, is_removed: false });
    expect(await world.auditOf(task.id)).toEqual(['delete_task', 'restore_task']);
  });
});
