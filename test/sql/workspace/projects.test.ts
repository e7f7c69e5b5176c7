import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { named, outcomes, type Person, type Project, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let maintainer: Person;
let worker: Person;
let viewer: Person;
let outsider: Person;
let moderator: Person;
let admin: Person;
let project: Project;
beforeAll(async () => {
  world = await scene();
  [owner, maintainer, worker, viewer, outsider] = [
    await world.person(),
    await world.person(),
    await world.person(),
    await world.person(),
    await world.person(),
  ];
  [moderator, admin] = [await world.person('moderator'), await world.person('admin')];
  project = await world.project(owner);
  await world.join(project, 'maintainer', maintainer);
  await world.join(project, 'member', worker);
  await world.join(project, 'viewer', viewer);
});

const idsFor = async (person: Person): Promise<string[]> =>
  (await person.read<{ id: string }>('select id from workspace.projects order by id')).map(({ id }) => id);

const create = (person: Person, more: Readonly<Record<string, unknown>>) =>
  person.call<Project>('create_project', { name: 'Next', project_key: 'NEXT', ...more });

describe('a new project', () => {
  it('belongs to whoever made it, who takes part as its owner', async () => {
    const made = await create(outsider, {
      name: '  Web site ',
      project_key: ' web ',
      description: ' ',
      starts_on: '2026-01-01',
      due_on: '2026-01-01',
    });
    expect(made).toMatchObject({
      name: 'Web site',
      key: 'WEB',
      description: null,
      owner_id: outsider.id,
      status: 'active',
      visibility: 'members',
      last_task_number: 0,
    });
    expect(
      await outsider.read('select user_id, role from workspace.project_members where project_id = $1', [
        made.id,
      ]),
    ).toEqual([{ user_id: outsider.id, role: 'owner' }]);
    expect(await reasonOf(create(outsider, { project_key: 'WEB' }))).toBe('project.key_taken');
    // Only among one's own.
    expect((await create(owner, { project_key: 'WEB' })).key).toBe('WEB');
  });

  it.each(
    named([
      [{ project_key: 'W' }, 'project.key_invalid'],
      [{ project_key: '1WEB' }, 'project.key_invalid'],
      [{ project_key: 'WEB-1' }, 'project.key_invalid'],
      [{ project_key: 'ABCDEFGHIJK' }, 'input.too_long'],
      [{ name: ' ' }, 'input.empty'],
      [{ name: 'x'.repeat(151) }, 'input.too_long'],
      [{ description: 'x'.repeat(5001) }, 'input.too_long'],
      [{ visibility: 'group' }, 'project.visibility_invalid'],
      [{ visibility: 'friends' }, 'project.visibility_invalid'],
      [{ visibility: null }, 'project.visibility_invalid'],
      [{ starts_on: '2026-02-02', due_on: '2026-02-01' }, 'project.dates_invalid'],
      [{ due_on: 'infinity' }, 'project.dates_invalid'],
      [{ group_id: '019a0000-0000-7000-8000-000000000000' }, 'group.unknown'],
    ]),
  )('is refused with %s', async (_, more, reason) => {
    expect(await reasonOf(create(owner, more))).toBe(reason);
  });

  it('is refused to somebody who owns as many as one may, or is barred from posting', async () => {
    const busy = await world.person();
    await world.project(busy);
    await world.db.query(`update core.settings set value = '1' where key = 'workspace.owned_limit'`);
    expect(await reasonOf(world.project(busy))).toBe('project.limit_reached');
    await world.db.query(`update core.settings set value = '100' where key = 'workspace.owned_limit'`);
    await world.bar(busy, 'posting');
    expect(await reasonOf(world.project(busy))).toBe('account.activity_barred');
  });
});

describe('who reads a project', () => {
  it('is decided by its visibility', async () => {
    const shown = await world.project(owner, { visibility: 'public' });
    expect(await idsFor(world.visitor())).toEqual([shown.id]);
    expect(await idsFor(outsider)).toContain(shown.id);
    expect(await idsFor(outsider)).not.toContain(project.id);
    expect(await idsFor(viewer)).toEqual(expect.arrayContaining([project.id, shown.id]));
    expect(await idsFor(moderator)).toContain(project.id);
    const roster = 'select user_id from workspace.project_members where project_id = $1';
    expect(await outsider.read(roster, [shown.id])).toHaveLength(1);
    expect(await outsider.read(roster, [project.id])).toEqual([]);
    expect(await viewer.read(roster, [project.id])).toHaveLength(4);
    await expect(world.visitor().read(roster, [shown.id])).rejects.toMatchObject({ code: '42501' });
  });

  it.each([
    ['owner', () => owner],
    ['maintainer', () => maintainer],
    ['member', () => worker],
    ['viewer', () => viewer],
    [null, () => outsider],
    [null, () => world.visitor()],
  ])('as %s is told so', async (role, who) => {
    const shown = await world.project(owner, { visibility: 'public' });
    await world.join(shown, 'maintainer', maintainer);
    await world.join(shown, 'member', worker);
    await world.join(shown, 'viewer', viewer);
    expect(
      await who().read(
        'select workspace.projects_my_role(project) as role from workspace.projects as project where id = $1',
        [shown.id],
      ),
    ).toEqual([{ role }]);
  });
});

describe('a project in a group', () => {
  let group: { id: string };
  let insider: Person;
  let inside: Project;
  const join = (person: Person) =>
    world.db.query('insert into groups.group_members (group_id, user_id) values ($1, $2)', [
      group.id,
      person.id,
    ]);
  beforeAll(async () => {
    group = await owner.call<{ id: string }>('groups.create_group', { name: 'A group' });
    insider = await world.person();
    await join(insider);
    inside = await world.project(insider, { group_id: group.id, visibility: 'group' });
  });

  it('is read by the members of the group, who change nothing in it', async () => {
    expect(await idsFor(owner)).toContain(inside.id);
    expect(await idsFor(outsider)).not.toContain(inside.id);
    expect(await reasonOf(world.task(owner, inside))).toBe('project.not_allowed');
    expect(await reasonOf(world.task(outsider, inside))).toBe('project.unknown');
  });

  it('needs somebody who may write in the group', async () => {
    expect(await reasonOf(world.project(outsider, { group_id: group.id }))).toBe('group.unknown');
    await world.db.query(
      `update groups.group_members set muted_until = now() + interval '1 hour' where user_id = $1`,
      [insider.id],
    );
    expect(await reasonOf(world.project(insider, { group_id: group.id }))).toBe('group.not_allowed');
    await world.db.query('update groups.group_members set muted_until = null where user_id = $1', [
      insider.id,
    ]);
  });

  it('is no longer read by who leaves the group', async () => {
    const passing = await world.person();
    await join(passing);
    expect(await idsFor(passing)).toContain(inside.id);
    await passing.call('groups.leave_group', { group_id: group.id });
    expect(await idsFor(passing)).not.toContain(inside.id);
  });

  it('goes in and out of it', async () => {
    const patch = (value: object) =>
      insider.call<Project>('update_project', { project_id: inside.id, patch: JSON.stringify(value) });
    expect(await reasonOf(patch({ group_id: null }))).toBe('project.visibility_invalid');
    expect(await patch({ group_id: null, visibility: 'members' })).toMatchObject({ group_id: null });
    expect(await idsFor(owner)).not.toContain(inside.id);
    expect(await patch({ group_id: group.id, visibility: 'group' })).toMatchObject({ group_id: group.id });
  });

  // The trigger lose_group: without it the check projects_visibility_check stops the purge.
  it('outlives the group, for its own members alone', async () => {
    await world.db.query(`update groups.groups set deleted_at = now() where id = $1`, [group.id]);
    expect(await idsFor(owner)).not.toContain(inside.id);
    await world.db.query('delete from groups.groups where id = $1', [group.id]);
    expect(await world.projectNow(inside.id)).toMatchObject({ group_id: null, visibility: 'members' });
    expect(await idsFor(insider)).toContain(inside.id);
  });
});

describe('changing a project', () => {
  const update = (person: Person, patch: object | null) =>
    person.call<Project>('update_project', {
      project_id: project.id,
      patch: patch === null ? null : JSON.stringify(patch),
    });

  it('is for its owner and maintainers, and audited', async () => {
    expect(
      await update(maintainer, {
        name: ' New ',
        description: 'Long',
        status: 'paused',
        due_on: '2030-05-05',
        key: 'new',
      }),
    ).toMatchObject({ name: 'New', description: 'Long', status: 'paused', key: 'NEW' });
    expect(await update(owner, { description: null, due_on: null, status: 'active' })).toMatchObject({
      name: 'New',
      description: null,
      due_on: null,
    });
    expect(await world.auditOf(project.id)).toEqual(['update_project', 'update_project']);
    expect(await reasonOf(update(worker, { name: 'No' }))).toBe('project.not_allowed');
    expect(await reasonOf(update(outsider, { name: 'No' }))).toBe('project.unknown');
    expect(await reasonOf(update(moderator, { name: 'No' }))).toBe('project.not_allowed');
  });

  it.each(
    named([
      [{ owner_id: 'x' }, 'input.unknown_key'],
      [{ name: 3 }, 'input.malformed'],
      [{ name: null }, 'input.malformed'],
      [{ status: 'gone' }, 'project.status_invalid'],
      [{ visibility: 'all' }, 'project.visibility_invalid'],
      [{ due_on: 'soon' }, 'input.malformed'],
      [{ group_id: 'soon' }, 'input.malformed'],
      [{ starts_on: '2030-01-02', due_on: '2030-01-01' }, 'project.dates_invalid'],
      [{ key: '9' }, 'project.key_invalid'],
      [null, 'input.malformed'],
    ]),
  )('with %s is refused', async (_, patch, reason) => {
    expect(await reasonOf(update(owner, patch))).toBe(reason);
  });

  it('cannot take the key of another project of its owner', async () => {
    const other = await world.project(owner);
    expect(await reasonOf(update(maintainer, { key: other.key }))).toBe('project.key_taken');
  });

  it('to archived stops the work until it is changed again', async () => {
    const task = await world.task(worker, project);
    const page = await world.page(worker, project);
    await update(owner, { status: 'archived' });
    const attempts = [
      world.task(worker, project),
      world.page(worker, project),
      worker.call('update_task', { task_id: task.id, patch: '{}' }),
      worker.call('move_task', { task_id: task.id, status: 'done' }),
      worker.call('assign_task', { task_id: task.id }),
      worker.call('delete_task', { task_id: task.id }),
      worker.call('restore_task', { task_id: task.id }),
      worker.call('update_document', { document_id: page.id, version: 1, patch: '{}' }),
      worker.call('delete_document', { document_id: page.id }),
      worker.call('restore_document', { document_id: page.id }),
    ];
    expect(await outcomes(attempts)).toEqual(attempts.map(() => 'project.archived'));
    await update(owner, { status: 'active' });
    await world.task(worker, project);
  });

  it('does not begin when a task takes a number', async () => {
    const before = await world.projectNow(project.id);
    await world.task(worker, project);
    const after = await world.projectNow(project.id);
    expect(after.last_task_number).toBe(before.last_task_number + 1);
    expect(after.updated_at).toEqual(before.updated_at);
  });
});

describe('members of a project', () => {
  const add = (by: Person, whom: Person, role?: string | null) =>
    by.call('add_project_member', {
      project_id: project.id,
      user_id: whom.id,
      ...(role === undefined ? {} : { role }),
    });
  const give = (by: Person, whom: Person, role: string) =>
    by.call('set_project_role', { project_id: project.id, user_id: whom.id, role });
  const remove = (by: Person, whom: Person) =>
    by.call('remove_project_member', { project_id: project.id, user_id: whom.id });

  it('are brought in by the owner and maintainers, told, and audited', async () => {
    const [one, two] = [await world.person(), await world.person()];
    expect(await add(maintainer, one)).toMatchObject({ role: 'member', added_by: maintainer.id });
    expect(await world.bellOf(one)).toEqual([
      `You were added to the project ${(await world.projectNow(project.id)).name}`,
    ]);
    expect(await add(owner, two, 'maintainer')).toMatchObject({ role: 'maintainer' });
    expect(await world.auditOf(one.id)).toEqual(['add_project_member']);
    expect(await reasonOf(add(owner, one))).toBe('project_member.exists');
    expect(await reasonOf(add(worker, await world.person()))).toBe('project.not_allowed');
    expect(await reasonOf(add(outsider, await world.person()))).toBe('project.unknown');
  });

  it('become maintainers by the owner alone, and owner by nobody', async () => {
    const one = await world.person();
    expect(await reasonOf(add(maintainer, one, 'maintainer'))).toBe('project.not_allowed');
    for (const role of ['owner', 'chief', null]) {
      expect(await reasonOf(add(owner, one, role))).toBe('project_member.role_invalid');
    }
    await add(maintainer, one, 'viewer');
    expect(await reasonOf(give(maintainer, one, 'maintainer'))).toBe('project.not_allowed');
    expect(await reasonOf(give(owner, one, 'owner'))).toBe('project_member.role_invalid');
    expect(await give(owner, one, 'maintainer')).toMatchObject({ role: 'maintainer' });
    expect(await reasonOf(give(maintainer, one, 'viewer'))).toBe('project.not_allowed');
    expect(await reasonOf(remove(maintainer, one))).toBe('project.not_allowed');
    // A maintainer steps down by themselves.
    expect(await give(one, one, 'member')).toMatchObject({ role: 'member' });
    expect(await give(maintainer, one, 'viewer')).toMatchObject({ role: 'viewer' });
    expect(await give(maintainer, one, 'viewer')).toMatchObject({ role: 'viewer' });
    expect(await world.auditOf(one.id)).toEqual(['add_project_member', ...Array(3).fill('set_project_role')]);
    expect(await reasonOf(give(owner, outsider, 'viewer'))).toBe('project_member.unknown');
  });

  it('are people who are there, and not blocked', async () => {
    const foe = await world.person();
    await foe.call('social.block', { user_id: owner.id });
    expect(await reasonOf(add(owner, foe))).toBe('user.unknown');
    const banned = await world.person();
    await world.db.query(`update core.users set banned_until = 'infinity' where id = $1`, [banned.id]);
    expect(await reasonOf(add(owner, banned))).toBe('user.unknown');
    const closed = await world.person();
    await world.db.query('update core.users set deleted_at = now() where id = $1', [closed.id]);
    expect(await reasonOf(add(owner, closed))).toBe('user.unknown');
  });

  it('are no more than a project may have', async () => {
    await world.db.query(`update core.settings set value = '4' where key = 'workspace.member_limit'`);
    expect(await reasonOf(add(owner, await world.person()))).toBe('project_member.limit_reached');
    await world.db.query(`update core.settings set value = '500' where key = 'workspace.member_limit'`);
  });

  it('are removed, or leave, and their tasks are then nobody’s', async () => {
    const [one, two] = [await world.person(), await world.person()];
    await world.join(project, 'member', one, two);
    const mine = await world.task(one, project, { assignee_id: one.id });
    const yours = await world.task(one, project, { assignee_id: two.id });
    expect(await reasonOf(remove(worker, one))).toBe('project.not_allowed');
    await remove(maintainer, one);
    await remove(two, two);
    for (const task of [mine, yours]) {
      expect(await world.taskNow(task.id)).toMatchObject({ assignee_id: null, created_by: one.id });
    }
    expect((await world.bellOf(one)).filter((title) => title.startsWith('You were removed'))).toHaveLength(1);
    expect((await world.bellOf(two)).filter((title) => title.startsWith('You were removed'))).toEqual([]);
    expect(await reasonOf(remove(two, two))).toBe('project.unknown');
    expect(await reasonOf(remove(owner, two))).toBe('project_member.unknown');
    expect(await reasonOf(world.task(one, project))).toBe('project.unknown');
  });

  it('always have an owner among them', async () => {
    const attempts = [
      remove(owner, owner),
      remove(maintainer, owner),
      give(owner, owner, 'viewer'),
      give(maintainer, owner, 'viewer'),
    ];
    expect(await outcomes(attempts)).toEqual(attempts.map(() => 'project.owner_stays'));
    await expect(
      world.db.query(
        `update workspace.project_members set role = 'owner' where project_id = $1 and user_id = $2`,
        [project.id, worker.id],
      ),
    ).rejects.toMatchObject({ constraint: 'project_members_owner_key' });
    expect(await world.ownersAstray()).toEqual([]);
  });
});

describe('handing a project over', () => {
  const transfer = (by: Person, of: Project, to: Person) =>
    by.call<Project>('transfer_project', { project_id: of.id, user_id: to.id });

  it('makes a member its owner and the former owner a maintainer', async () => {
    const [first, second] = [await world.person(), await world.person()];
    const theirs = await world.project(first);
    expect(await reasonOf(transfer(first, theirs, second))).toBe('project_member.unknown');
    await world.join(theirs, 'viewer', second);
    expect(await reasonOf(transfer(second, theirs, second))).toBe('project.not_allowed');
    expect(await transfer(first, theirs, second)).toMatchObject({ owner_id: second.id });
    expect(await world.bellOf(second)).toEqual(['You now own the project A project']);
    expect(
      await first.read('select user_id, role from workspace.project_members where project_id = $1', [
        theirs.id,
      ]),
    ).toEqual(
      expect.arrayContaining([
        { user_id: first.id, role: 'maintainer' },
        { user_id: second.id, role: 'owner' },
      ]),
    );
    // Nobody above the project can help but an administrator.
    expect(await reasonOf(transfer(moderator, theirs, first))).toBe('project.not_allowed');
    expect(await transfer(admin, theirs, first)).toMatchObject({ owner_id: first.id });
    expect(await transfer(first, theirs, first)).toMatchObject({ owner_id: first.id });
    expect(await world.auditOf(theirs.id)).toEqual(['transfer_project', 'transfer_project']);
    expect(await world.ownersAstray()).toEqual([]);
  });

  it('is refused when the other has this key, owns too many, or is not there', async () => {
    const [first, second] = [await world.person(), await world.person()];
    const theirs = await world.project(first, { project_key: 'SAME' });
    await world.join(theirs, 'member', second);
    const other = await world.project(second, { project_key: 'SAME' });
    expect(await reasonOf(transfer(first, theirs, second))).toBe('project.key_taken');
    await world.db.query(`update core.settings set value = '1' where key = 'workspace.owned_limit'`);
    expect(await reasonOf(transfer(first, theirs, second))).toBe('project.limit_reached');
    await world.db.query(`update core.settings set value = '100' where key = 'workspace.owned_limit'`);
    await second.call('delete_project', { project_id: other.id });
    // A deleted one can be restored, so its key is still taken.
    expect(await reasonOf(transfer(first, theirs, second))).toBe('project.key_taken');
    await world.db.query('update core.users set is_active = false where id = $1', [second.id]);
    expect(await reasonOf(transfer(first, theirs, second))).toBe('user.unknown');
  });

  it('comes before closing an account', async () => {
    const [first, second] = [await world.person(), await world.person()];
    const theirs = await world.project(first);
    await world.join(theirs, 'member', second);
    expect(await reasonOf(first.call('core.close_account'))).toBe('account.owns_things');
    await transfer(first, theirs, second);
    await first.call('core.close_account');
  });
});

describe('deleting a project', () => {
  const remove = (by: Person, of: Project, reason?: string) =>
    by.call<Project>('delete_project', { project_id: of.id, ...(reason ? { reason } : {}) });
  const restore = (by: Person, of: Project) => by.call<Project>('restore_project', { project_id: of.id });

  it('hides it with everything in it, until its owner restores it', async () => {
    const doomed = await world.project(owner, { visibility: 'public' });
    await world.join(doomed, 'maintainer', maintainer);
    const task = await world.task(owner, doomed);
    const page = await world.page(owner, doomed);
    expect(await reasonOf(remove(maintainer, doomed))).toBe('project.not_allowed');
    await remove(owner, doomed);
    for (const person of [maintainer, outsider, world.visitor()]) {
      expect(await idsFor(person)).not.toContain(doomed.id);
      expect(await person.read('select from workspace.tasks where id = $1', [task.id])).toEqual([]);
      expect(await person.read('select from workspace.documents where id = $1', [page.id])).toEqual([]);
    }
    expect(await idsFor(owner)).toContain(doomed.id);
    expect(await reasonOf(remove(owner, doomed))).toBe('project.unknown');
    expect(await reasonOf(world.task(owner, doomed))).toBe('project.unknown');
    expect(await reasonOf(owner.call('update_task', { task_id: task.id, patch: '{}' }))).toBe('task.unknown');
    expect(await reasonOf(restore(maintainer, doomed))).toBe('project.unknown');
    expect(await restore(owner, doomed)).toMatchObject({ deleted_at: null });
    expect(await restore(owner, doomed)).toMatchObject({ deleted_at: null });
    expect(await maintainer.read('select from workspace.tasks where id = $1', [task.id])).toHaveLength(1);
    expect(await world.auditOf(doomed.id)).toEqual(['delete_project', 'restore_project']);
  });

  it('cannot be undone after 30 days', async () => {
    const doomed = await world.project(owner);
    await remove(owner, doomed);
    await world.db.query(
      `update workspace.projects set deleted_at = now() - interval '30 days' where id = $1`,
      [doomed.id],
    );
    expect(await reasonOf(restore(owner, doomed))).toBe('project.restore_too_late');
  });

  it('by staff is told to its owner, and undone by staff alone', async () => {
    const doomed = await world.project(worker);
    await remove(moderator, doomed, 'Spam');
    expect(await world.bellOf(worker)).toContain('Your project was removed: A project');
    expect(await reasonOf(restore(worker, doomed))).toBe('project.removed_by_staff');
    expect(await restore(moderator, doomed)).toMatchObject({ deleted_at: null, is_removed: false });
  });
});

describe('what can be reported', () => {
  it('is a project, a task and a page that one can read, and staff takes it down', async () => {
    const shown = await world.project(owner, { visibility: 'public' });
    const things = {
      project_document: (await world.page(owner, shown)).id,
      project_task: (await world.task(owner, shown)).id,
      project: shown.id,
    };
    for (const [type, id] of Object.entries(things)) {
      const report = await outsider.call('moderation.file_report', { type, subject_id: id, reason: 'abuse' });
      await moderator.call('moderation.resolve_report', {
        report_id: report['id'],
        action: 'removed',
        reason: 'Abuse',
        removes_content: true,
      });
    }
    for (const [table, id] of [
      ['documents', things.project_document],
      ['tasks', things.project_task],
      ['projects', things.project],
    ]) {
      expect(
        await world.one(
          `select deleted_at is not null as is_gone, is_removed from workspace.${table} where id = $1`,
          id,
        ),
      ).toEqual({ is_gone: true, is_removed: true });
    }
    const hidden = { project: project.id, project_task: (await world.task(owner, project)).id };
    for (const [type, id] of Object.entries(hidden)) {
      expect(
        await reasonOf(outsider.call('moderation.file_report', { type, subject_id: id, reason: 'abuse' })),
      ).toBe('report.subject_unknown');
    }
  });
});
