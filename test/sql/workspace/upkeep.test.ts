import { beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Project, type Scene, scene } from './scene.ts';

/** What happens to the rows by themselves: retention, erasure, metrics. */
let world: Scene;
let owner: Person;
let project: Project;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
  project = await world.project(owner);
});

const age = (table: string, id: string, days: number) =>
  world.db.query(
    `update workspace.${table} set deleted_at = now() - make_interval(days => $2) where id = $1`,
    [id, days],
  );

describe('retention', () => {
  it('purges deleted tasks after 30 days, and never a live part with them', async () => {
    const [old, fresh] = [await world.task(owner, project), await world.task(owner, project)];
    const whole = await world.task(owner, project);
    const part = await world.task(owner, project, { parent_id: whole.id });
    const kept = await world.task(owner, project);
    for (const task of [old, fresh, whole]) await owner.call('delete_task', { task_id: task.id });
    for (const task of [old, whole, part]) await age('tasks', task.id, 31);
    await age('tasks', fresh.id, 29);
    // Cannot come about by the procedures; the purge would still not follow the foreign key to it.
    const odd = await world.task(owner, project);
    const living = await world.task(owner, project, { parent_id: odd.id });
    await age('tasks', odd.id, 31);

    expect(await world.runRule('workspace_tasks')).toBeGreaterThanOrEqual(2);
    const left = await world.rows<{ id: string }>(
      'select id from workspace.tasks where project_id = $1 order by id',
      project.id,
    );
    await world.runRule('workspace_tasks');
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([fresh.id, kept.id, odd.id, living.id]));
    const after = await world.rows<{ id: string }>(
      'select id from workspace.tasks where project_id = $1 order by id',
      project.id,
    );
    expect(after.map(({ id }) => id).sort()).toEqual([fresh.id, kept.id, odd.id, living.id].sort());
  });

  it('purges deleted pages after 30 days, and leaves those that stood under them', async () => {
    const old = await world.page(owner, project);
    const below = await world.page(owner, project, { parent_id: old.id });
    await owner.call('delete_document', { document_id: below.id });
    await owner.call('delete_document', { document_id: old.id });
    await age('documents', old.id, 31);
    await age('documents', below.id, 29);
    expect(await world.runRule('workspace_documents')).toBe(1);
    expect(await world.pageNow(below.id)).toMatchObject({ parent_id: null, project_id: project.id });
  });

  it('purges a deleted project after what is in it', async () => {
    const doomed = await world.project(owner);
    const member = await world.person();
    await world.join(doomed, 'member', member);
    const whole = await world.task(owner, doomed, { assignee_id: member.id });
    await world.task(owner, doomed, { parent_id: whole.id });
    await world.page(owner, doomed);
    await owner.call('delete_project', { project_id: doomed.id });
    await age('projects', doomed.id, 29);
    for (const rule of ['tasks_of_deleted_projects', 'documents_of_deleted_projects', 'projects']) {
      expect(await world.runRule(`workspace_${rule}`)).toBe(0);
    }
    await age('projects', doomed.id, 31);
    expect(await world.runRule('workspace_projects')).toBe(0);
    expect(await world.runRule('workspace_tasks_of_deleted_projects')).toBeGreaterThanOrEqual(1);
    expect(await world.runRule('workspace_documents_of_deleted_projects')).toBe(1);
    expect(await world.runRule('workspace_projects')).toBe(1);
    expect(
      await world.rows('select from workspace.project_members where project_id = $1', doomed.id),
    ).toEqual([]);
  });
});

describe('erasing a person', () => {
  /** What the rules of the module say, in the words of the module that carries them out. */
  async function erase(person: Person): Promise<void> {
    const rules = await world.rows<{ table_name: string; column_name: string; action: string }>(
      `select table_name, column_name, action, reason from ops.personal_data_rules where table_name like 'workspace.%' order by 1, 2`,
    );
    expect(rules.filter(({ action }) => action !== 'keep').map((rule) => ({ ...rule, reason: '' }))).toEqual([
      { table_name: 'workspace.project_members', column_name: 'added_by', action: 'scrub', reason: '' },
      { table_name: 'workspace.project_members', column_name: 'user_id', action: 'delete', reason: '' },
      { table_name: 'workspace.tasks', column_name: 'assignee_id', action: 'scrub', reason: '' },
    ]);
    for (const { table_name, column_name, action } of rules) {
      if (action === 'delete') {
        await world.db.query(`delete from ${table_name} where ${column_name} = $1`, [person.id]);
      }
      if (action === 'scrub') {
        await world.db.query(`update ${table_name} set ${column_name} = null where ${column_name} = $1`, [
          person.id,
        ]);
      }
    }
    await world.db.query(
      `update core.users set username = null, display_name = null, deleted_at = now(), erased_at = now() where id = $1`,
      [person.id],
    );
  }

  it('leaves tasks, pages and memberships of the others whole, and the work of the project', async () => {
    const shared = await world.project(owner);
    const [gone, stays, guest] = [await world.person(), await world.person(), await world.person()];
    await world.join(shared, 'maintainer', gone);
    await world.join(shared, 'member', stays);
    await gone.call('add_project_member', { project_id: shared.id, user_id: guest.id });
    const theirs = await world.task(gone, shared, { title: 'Theirs', assignee_id: gone.id });
    await world.task(stays, shared, { title: 'Part', parent_id: theirs.id, assignee_id: stays.id });
    await world.task(stays, shared, { title: 'Given', assignee_id: gone.id });
    const page = await world.page(gone, shared, { title: 'Plan', content: 'Written together' });
    await stays.call('update_document', { document_id: page.id, version: 1, patch: '{"content":"More"}' });
    await world.page(stays, shared, { title: 'Below', parent_id: page.id });
    const facts = async () => ({
      tasks: await world.rows(
        'select number, title, parent_id, status, created_by, deleted_at from workspace.tasks where project_id = $1 order by number',
        shared.id,
      ),
      pages: await world.rows(
        'select title, content, version, parent_id, created_by, updated_by from workspace.documents where project_id = $1 order by id',
        shared.id,
      ),
      others: await world.rows(
        'select user_id, role from workspace.project_members where project_id = $1 and user_id <> $2 order by 1',
        shared.id,
        gone.id,
      ),
    });
    const before = await facts();
    await erase(gone);
    expect(await facts()).toEqual(before);
    expect(
      await world.rows(
        'select title, assignee_id from workspace.tasks where project_id = $1 order by number',
        shared.id,
      ),
    ).toEqual([
      { title: 'Theirs', assignee_id: null },
      { title: 'Part', assignee_id: stays.id },
      { title: 'Given', assignee_id: null },
    ]);
    expect(
      await world.rows('select from workspace.project_members where user_id = $1 or added_by = $1', gone.id),
    ).toEqual([]);
    expect(await world.ownersAstray()).toEqual([]);
  });

  it('who owned a project that was deleted does not stop on it', async () => {
    const person = await world.person();
    const deleted = await world.project(person);
    await person.call('delete_project', { project_id: deleted.id });
    await erase(person);
    expect(await world.projectNow(deleted.id)).toMatchObject({ owner_id: person.id });
    await age('projects', deleted.id, 31);
    expect(await world.runRule('workspace_projects')).toBe(1);
  });
});

describe('metrics', () => {
  it('count tasks that somebody finished and pages that they wrote', async () => {
    const busy = await world.person();
    const own = await world.project(busy);
    await world.task(busy, own, { status: 'done', assignee_id: busy.id });
    await world.task(busy, own, { assignee_id: busy.id });
    await world.page(busy, own);
    const measured = async (metric: string) => {
      const { query } = await world.one<{ query: string }>(
        'select query from core.user_metrics where name = $1',
        metric,
      );
      return world.one(`select value::int from (${query}) as metric where user_id = $1`, busy.id);
    };
    expect(await measured('tasks_done')).toEqual({ value: 1 });
    expect(await measured('documents_written')).toEqual({ value: 1 });
  });
});
