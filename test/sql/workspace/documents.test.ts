import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { named, type Page, type Person, type Project, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let writer: Person;
let viewer: Person;
let outsider: Person;
let moderator: Person;
let project: Project;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
  writer = await world.person();
  viewer = await world.person();
  outsider = await world.person();
  moderator = await world.person('moderator');
  project = await world.project(owner);
  await world.join(project, 'member', writer);
  await world.join(project, 'viewer', viewer);
});

const update = (person: Person, page: Page, version: number | null, patch: object | null) =>
  person.call<Page>('update_document', {
    document_id: page.id,
    version,
    patch: patch === null ? null : JSON.stringify(patch),
  });
const remove = (person: Person, page: Page) => person.call<Page>('delete_document', { document_id: page.id });
const restore = (person: Person, page: Page) =>
  person.call<Page>('restore_document', { document_id: page.id });

describe('a new page', () => {
  it('begins with version 1, and keeps its text as it was written', async () => {
    const page = await world.page(writer, project, { title: ' Plan ', content: '    code\n' });
    expect(page).toMatchObject({
      title: 'Plan',
      content: '    code\n',
      content_format: 'markdown',
      version: 1,
      created_by: writer.id,
      updated_by: writer.id,
    });
    expect(await world.page(writer, project, { content: null })).toMatchObject({ content: '' });
  });

  it('is one page however often the same call is made', async () => {
    const first = await world.page(writer, project, { key: 'k' });
    expect(await world.page(writer, project, { key: 'k' })).toEqual(first);
    expect(await reasonOf(world.page(writer, project, { key: 'k', title: 'Other' }))).toBe(
      'idempotency.mismatch',
    );
  });

  it.each(
    named([
      [{ title: '' }, 'input.empty'],
      [{ title: 'x'.repeat(301) }, 'input.too_long'],
      [{ content: 'x'.repeat(200_001) }, 'document.too_long'],
      [{ content_format: 'html' }, 'document.format_invalid'],
      [{ content_format: null }, 'document.format_invalid'],
      [{ parent_id: '019a0000-0000-7000-8000-000000000000' }, 'document.parent_invalid'],
    ]),
  )('is refused with %s', async (_, more, reason) => {
    expect(await reasonOf(world.page(writer, project, more))).toBe(reason);
  });

  it('takes 200,000 characters, unless they are more different words than PostgreSQL can index', async () => {
    const page = await world.page(writer, project, { content: 'word '.repeat(40_000) });
    expect(page.content).toHaveLength(200_000);
    // Each of these compounds is indexed three times: whole, and both its halves.
    const dense = Array.from(
      { length: 14_000 },
      (_, index) => `${letters(index)}-${letters(index + 20_000)}`,
    ).join(' ');
    expect([...dense].length).toBeLessThanOrEqual(200_000);
    expect(await reasonOrVersion(world.page(writer, project, { content: dense }))).toBe('document.too_long');
    expect(await reasonOf(update(writer, page, 1, { content: dense }))).toBe('document.too_long');
  });

  it('is refused to viewers and outsiders', async () => {
    expect(await reasonOf(world.page(viewer, project))).toBe('project.not_allowed');
    expect(await reasonOf(world.page(outsider, project))).toBe('project.unknown');
  });
});

async function reasonOrVersion(attempt: Promise<Page>): Promise<string> {
  const [seen] = await Promise.allSettled([attempt]);
  return seen.status === 'fulfilled' ? String(seen.value.version) : reasonOf(attempt);
}

/** Six letters of four bytes each. */
function letters(number: number): string {
  let text = '';
  for (let place = 0, rest = number; place < 6; place += 1, rest = Math.floor(rest / 26)) {
    text += String.fromCodePoint(0x10480 + (rest % 26));
  }
  return text;
}

describe('changing a page', () => {
  it('names the version that was read, and makes the next one', async () => {
    const page = await world.page(writer, project);
    const next = await update(owner, page, 1, { content: 'More', title: ' New ', content_format: 'plain' });
    expect(next).toMatchObject({
      version: 2,
      title: 'New',
      content: 'More',
      content_format: 'plain',
      created_by: writer.id,
      updated_by: owner.id,
    });
    expect(await reasonOf(update(writer, page, 1, { content: 'Lost' }))).toBe('document.stale');
    expect(await reasonOf(update(writer, page, 3, { content: 'Lost' }))).toBe('document.stale');
    expect(await reasonOf(update(writer, page, null, { content: 'Lost' }))).toBe('document.stale');
    expect(await update(writer, page, 2, { title: 'Newer' })).toMatchObject({ version: 3, content: 'More' });
    expect(await update(writer, page, 3, {})).toMatchObject({ version: 3, title: 'Newer' });
  });

  it.each(
    named([
      [{ title: null }, 'input.malformed'],
      [{ content: null }, 'input.malformed'],
      [{ version: 9 }, 'input.unknown_key'],
      [{ content: 'x'.repeat(200_001) }, 'document.too_long'],
      [{ content_format: 'html' }, 'document.format_invalid'],
      [{ parent_id: 'top' }, 'input.malformed'],
      [null, 'input.malformed'],
    ]),
  )('with %s is refused', async (_, patch, reason) => {
    const page = await world.page(writer, project);
    expect(await reasonOf(update(writer, page, 1, patch))).toBe(reason);
  });

  it('is refused to viewers and outsiders', async () => {
    const page = await world.page(writer, project);
    expect(await reasonOf(update(viewer, page, 1, { content: 'No' }))).toBe('project.not_allowed');
    expect(await reasonOf(update(outsider, page, 1, { content: 'No' }))).toBe('document.unknown');
    expect(await world.pageNow(page.id)).toMatchObject({ content: '', version: 1 });
  });
});

describe('pages under pages', () => {
  it('never form a circle, stay in their project, and nest only so deep', async () => {
    const other = await world.page(owner, await world.project(owner));
    const top = await world.page(writer, project);
    const child = await world.page(writer, project, { parent_id: top.id });
    const leaf = await world.page(writer, project, { parent_id: child.id });
    for (const parent of [top, child, leaf, other]) {
      expect(await reasonOf(update(writer, top, 1, { parent_id: parent.id }))).toBe(
        'document.parent_invalid',
      );
    }
    await world.db.query(`update core.settings set value = '3' where key = 'workspace.nesting_limit'`);
    expect(await reasonOf(world.page(writer, project, { parent_id: leaf.id }))).toBe(
      'document.parent_invalid',
    );
    await world.db.query(`update core.settings set value = '10' where key = 'workspace.nesting_limit'`);
    expect(await update(writer, leaf, 1, { parent_id: null })).toMatchObject({ parent_id: null, version: 2 });
  });

  it('move up when the page above is deleted', async () => {
    const top = await world.page(writer, project);
    const middle = await world.page(writer, project, { parent_id: top.id });
    const leaf = await world.page(owner, project, { parent_id: middle.id });
    await remove(writer, middle);
    expect(await world.pageNow(leaf.id)).toMatchObject({ parent_id: top.id, deleted_at: null, version: 1 });
    await remove(writer, top);
    expect(await world.pageNow(leaf.id)).toMatchObject({ parent_id: null, deleted_at: null });
    // What it stood under is deleted, so it comes back at the top.
    expect(await restore(writer, middle)).toMatchObject({ parent_id: null, deleted_at: null });
    expect(await reasonOf(world.page(writer, project, { parent_id: top.id }))).toBe(
      'document.parent_invalid',
    );
  });
});

describe('deleting a page', () => {
  it('hides it from all but owners and maintainers, who see what can be restored', async () => {
    const page = await world.page(writer, project);
    expect(await reasonOf(remove(viewer, page))).toBe('project.not_allowed');
    expect(await reasonOf(remove(outsider, page))).toBe('document.unknown');
    await remove(writer, page);
    const find = (person: Person) => person.read('select from workspace.documents where id = $1', [page.id]);
    expect([await find(owner), await find(writer), await find(viewer)].map(({ length }) => length)).toEqual([
      1, 0, 0,
    ]);
    expect(await reasonOf(update(writer, page, 1, { content: 'x' }))).toBe('document.unknown');
    expect(await reasonOf(remove(writer, page))).toBe('document.unknown');
    expect(await restore(writer, page)).toMatchObject({ deleted_at: null, version: 1 });
    expect(await restore(writer, page)).toMatchObject({ deleted_at: null });
    await remove(writer, page);
    await world.db.query(
      `update workspace.documents set deleted_at = now() - interval '30 days' where id = $1`,
      [page.id],
    );
    expect(await reasonOf(restore(writer, page))).toBe('document.restore_too_late');
  });

  it('by staff is audited, told to its author, and undone by staff alone', async () => {
    const page = await world.page(writer, project, { title: 'Rude' });
    await moderator.call('delete_document', { document_id: page.id, reason: 'Rude words' });
    expect(await world.bellOf(writer)).toContain('Your page was removed: Rude');
    expect(await reasonOf(restore(writer, page))).toBe('project.removed_by_staff');
    expect(await restore(moderator, page)).toMatchObject({ deleted_at: null, is_removed: false });
    expect(await world.auditOf(page.id)).toEqual(['delete_document', 'restore_document']);
  });
});

describe('search', () => {
  it('finds words in what the caller may read, titles first', async () => {
    const shown = await world.project(outsider, { visibility: 'public' });
    const inText = await world.page(writer, project, { title: 'Notes', content: 'About dragons' });
    const inTitle = await world.page(writer, project, { title: 'Dragon' });
    const gone = await world.page(writer, project, { title: 'Dragon' });
    await remove(writer, gone);
    const elsewhere = await world.page(outsider, shown, { title: 'Dragon' });
    const search = async (person: Person, args: object) =>
      (await person.list<Page>('search_documents', { query: 'dragons', ...args })).map(({ id }) => id);
    expect(await search(viewer, {})).toEqual([inTitle.id, inText.id]);
    expect(await search(viewer, { first: 1 })).toEqual([inTitle.id]);
    expect(await search(viewer, { project_id: shown.id })).toEqual([elsewhere.id]);
    expect(await search(world.visitor(), { project_id: shown.id })).toEqual([elsewhere.id]);
    expect(await search(world.visitor(), {})).toEqual([]);
    expect(await search(outsider, {})).toEqual([elsewhere.id]);
    expect(await reasonOf(search(outsider, { project_id: project.id }))).toBe('project.unknown');
    expect(await search(moderator, { project_id: project.id })).toHaveLength(2);
    expect(await search(viewer, { query: 'the' })).toEqual([]);
    expect(await reasonOf(search(viewer, { query: ' ' }))).toBe('input.empty');
  });

  it('outside is told of pages that appear, change and go', async () => {
    await world.db.query(`update core.settings set value = 'true' where key = 'search.outbox_enabled'`);
    const page = await world.page(writer, project);
    const queued = () =>
      world.rows(
        `select entity_type, operation from core.search_index_queue where entity_id = $1 and status = 'pending'`,
        page.id,
      );
    expect(await queued()).toEqual([{ entity_type: 'document', operation: 'index' }]);
    await remove(writer, page);
    expect(await queued()).toEqual([{ entity_type: 'document', operation: 'delete' }]);
    await restore(writer, page);
    expect(await queued()).toEqual([{ entity_type: 'document', operation: 'index' }]);
    await world.db.query(`update core.settings set value = 'false' where key = 'search.outbox_enabled'`);
  });
});
