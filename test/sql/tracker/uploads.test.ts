import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Person, type Scene, scene, type Torrent } from './catalogue_scene.ts';

let world: Scene;
let uploader: Person;
let other: Person;
let moderator: Person;
let category: number;
beforeAll(async () => {
  world = await scene();
  [uploader, other, moderator] = [
    await world.person(),
    await world.person(),
    await world.person('moderator'),
  ];
  category = await world.category();
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function decisions(torrentId: string): Promise<string[]> {
  const { rows } = await world.db.query<{ action: string }>(
    'select action from tracker.torrent_moderation where torrent_id = $1 order by id',
    [torrentId],
  );
  return rows.map((row) => row.action);
}

async function queue(torrentId: string): Promise<unknown[]> {
  const { rows } = await world.db.query<{ status: string; resolution: string | null }>(
    `select status, resolution from moderation.queue_items
     where queue_type = 'approval' and item_type = 'torrent' and item_id = $1 order by id`,
    [torrentId],
  );
  return rows.map((row) => row.resolution ?? row.status);
}

describe('an upload', () => {
  it('waits with its files, its figures, its history and a place in the queue', async () => {
    const torrent = await world.upload(uploader, category, { tags: ['Jazz', 'live recording', 'jazz'] });
    expect(torrent).toMatchObject({
      moderation_status: 'pending',
      file_count: 2,
      size_bytes: '3000000',
      uploader_id: uploader.id,
    });
    const files = await uploader.read(
      'select position, path, size_bytes from tracker.torrent_files where torrent_id = $1 order by position',
      [torrent.id],
    );
    expect(files).toEqual([
      { position: 0, path: 'disc 1/one.flac', size_bytes: '1000000' },
      { position: 1, path: 'disc 1/two.flac', size_bytes: '2000000' },
    ]);
    const tags = await uploader.read(
      'select tag.name from tracker.torrent_tag_assignments join tracker.tags as tag on tag.id = tag_id where torrent_id = $1 order by 1',
      [torrent.id],
    );
    expect(tags).toEqual([{ name: 'jazz' }, { name: 'live.recording' }]);
    expect(await decisions(torrent.id)).toEqual(['submitted']);
    expect(await queue(torrent.id)).toEqual(['pending']);
    expect(await other.read('select id from tracker.torrents where id = $1', [torrent.id])).toEqual([]);
    expect(
      await uploader.read('select view_count from tracker.torrent_statistics where torrent_id = $1', [
        torrent.id,
      ]),
    ).toHaveLength(1);
  });

  it('with a key is made once', async () => {
    const args = {
      metainfo: JSON.stringify(world.metainfo()),
      category_id: category,
      name: 'Twice',
      key: 'k1',
    };
    const first = await uploader.call<Torrent>('upload_torrent', args);
    expect((await uploader.call<Torrent>('upload_torrent', args)).id).toBe(first.id);
    expect(await reasonOf(uploader.call('upload_torrent', { ...args, name: 'Other' }))).toBe(
      'idempotency.mismatch',
    );
  });

  it.each([
    ['no object', '[]'],
    ['no hash', { info_hash: null }],
    ['a hash that is not hex', { info_hash: 'z'.repeat(40) }],
    ['a hash of another length', { info_hash: 'ab' }],
    ['a second hash of another length', { info_hash_v2: 'ab' }],
    ['no pieces', { piece_length: 0 }],
    ['no list of files', { files: {} }],
    ['no files', { files: [] }],
    ['nothing in them', { files: [{ path: 'a', size_bytes: 0 }] }],
    ['a negative size', { files: [{ path: 'a', size_bytes: -1 }] }],
    ['an empty path', { files: [{ path: '', size_bytes: 1 }] }],
    ['an absolute path', { files: [{ path: '/etc/passwd', size_bytes: 1 }] }],
    ['a path that leads out', { files: [{ path: 'a/../../b', size_bytes: 1 }] }],
    ['a doubled separator', { files: [{ path: 'a//b', size_bytes: 1 }] }],
    ['a file that is no object', { files: ['a'] }],
  ])('whose metainfo has %s is refused', async (_, changes) => {
    const metainfo = typeof changes === 'string' ? changes : JSON.stringify(world.metainfo(changes));
    expect(await reasonOf(world.upload(uploader, category, { metainfo }))).toBe('torrent.metainfo_invalid');
  });

  it('of something that is here already is refused, and told where only if it is listed', async () => {
    const metainfo = JSON.stringify(world.metainfo());
    const first = await world.upload(uploader, category, { metainfo });
    const again = world.upload(other, category, { metainfo });
    await expect(again).rejects.toMatchObject({ detail: 'torrent.duplicate' });
    await expect(again).rejects.not.toMatchObject({ message: expect.stringContaining(first.id) });
    await moderator.call('approve_torrent', { torrent_id: first.id });
    await expect(world.upload(other, category, { metainfo })).rejects.toMatchObject({
      code: 'ST409',
      message: expect.stringContaining(first.id),
    });
    await moderator.call('delete_torrent', { torrent_id: first.id, reason: 'Poor' });
    expect(await reasonOf(world.upload(other, category, { metainfo }))).toBe('torrent.duplicate');
  });

  it('of version 2 alone and a hybrid of the same are one torrent', async () => {
    const v2 = sha256('one work');
    await world.upload(uploader, category, { metainfo: JSON.stringify(world.metainfo({ info_hash: v2 })) });
    expect(
      await reasonOf(
        world.upload(other, category, { metainfo: JSON.stringify(world.metainfo({ info_hash_v2: v2 })) }),
      ),
    ).toBe('torrent.duplicate');
    const hybrid = sha256('another work');
    await world.upload(uploader, category, {
      metainfo: JSON.stringify(world.metainfo({ info_hash_v2: hybrid })),
    });
    expect(
      await reasonOf(
        world.upload(other, category, { metainfo: JSON.stringify(world.metainfo({ info_hash: hybrid })) }),
      ),
    ).toBe('torrent.duplicate');
  });

  it('goes into a category that is in use and has none under it', async () => {
    const parent = await world.category();
    const child = await world.category(undefined, parent);
    expect(await reasonOf(world.upload(uploader, parent))).toBe('torrent_category.closed');
    expect((await world.upload(uploader, child)).category_id).toBe(child);
    expect(await reasonOf(world.upload(uploader, 99_999))).toBe('torrent_category.unknown');
    const admin = await world.person('admin');
    await admin.call('update_category', { category_id: child, patch: { is_active: false } });
    expect(await reasonOf(world.upload(uploader, child))).toBe('torrent_category.closed');
  });

  it('needs a class that may upload, and somebody who is not barred', async () => {
    expect(await reasonOf(world.upload(await world.person('user', 'restricted'), category))).toBe(
      'torrent.class_may_not_upload',
    );
    const barred = await world.person();
    await world.db.query(`insert into core.user_restrictions values ($1, 'tracker', 'infinity')`, [
      barred.id,
    ]);
    expect(await reasonOf(world.upload(barred, category))).toBe('account.activity_barred');
    expect(await reasonOf(world.upload(world.acting(other.id, 'stoa_member'), category, { name: ' ' }))).toBe(
      'input.empty',
    );
  });

  it('of a trusted class is listed at once, and leaves nothing in the queue', async () => {
    const trusted = await world.person('user', 'trusted_uploader');
    const torrent = await world.upload(trusted, category);
    expect(torrent.moderation_status).toBe('approved');
    expect(await decisions(torrent.id)).toEqual(['submitted', 'approved']);
    expect(await queue(torrent.id)).toEqual([]);
  });

  it('takes a finished metainfo file of the uploader, and hands it to the sweep when it is purged', async () => {
    const file = async (owner: Person, type: string, status: string): Promise<string> => {
      const { id } = await world.one<{ id: string }>(
        `insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, status)
         values ($1, 'a.torrent', $2, 100, gen_random_uuid()::text, $3) returning id`,
        [owner.id, type, status],
      );
      return id;
    };
    const type = 'application/x-bittorrent';
    for (const unusable of [
      await file(other, type, 'ready'),
      await file(uploader, type, 'pending'),
      await file(uploader, 'image/png', 'ready'),
    ]) {
      expect(await reasonOf(world.upload(uploader, category, { torrent_upload_id: unusable }))).toBe(
        'torrent.upload_unusable',
      );
    }
    const usable = await file(uploader, type, 'ready');
    const torrent = await world.upload(uploader, category, { torrent_upload_id: usable });
    const state = () =>
      world.one<{ attached: boolean; deleted: boolean }>(
        'select attached_at is not null as attached, deleted_at is not null as deleted from media.uploads where id = $1',
        [usable],
      );
    expect(await state()).toEqual({ attached: true, deleted: false });
    await world.db.query('delete from tracker.torrents where id = $1', [torrent.id]);
    expect(await state()).toEqual({ attached: true, deleted: true });
  });

  it('lets clients upload metainfo files at all', async () => {
    const { value } = await world.one<{ value: string }>(
      `select value from core.settings where key = 'media.allowed_types'`,
    );
    expect(JSON.parse(value)).toContain('application/x-bittorrent');
  });
});

describe('a decision', () => {
  it('lists the torrent, closes the queue, tells the uploader, and pays the bonus once', async () => {
    await world.db.query('update tracker.bonus_rules set is_active = false');
    await world.db.query(
      `insert into tracker.bonus_rules (name, event, amount, period, conditions) values
        ('Any upload', 'upload_approved', 25, 'once', '{}'),
        ('Large upload', 'upload_approved', 1000, 'once', '{"min_size_bytes": 3000001}'),
        ('Past', 'upload_approved', 1000, 'once', '{}')`,
    );
    await world.db.query(
      `update tracker.bonus_rules set starts_at = now() - interval '2 days', ends_at = now() - interval '1 day' where name = 'Past'`,
    );
    const torrent = await world.upload(uploader, category);
    const before = await world.points(uploader);
    expect(
      await moderator.call<Torrent>('approve_torrent', { torrent_id: torrent.id, reason: 'Fine' }),
    ).toMatchObject({
      moderation_status: 'approved',
    });
    expect(await queue(torrent.id)).toEqual(['approved']);
    expect(await world.points(uploader)).toBe(before + 25);
    expect(await world.bell(uploader)).toContain(`Your torrent was approved: ${torrent.name}`);
    expect(await world.auditOf(torrent.id)).toEqual(['approve_torrent']);
    expect(await reasonOf(moderator.call('approve_torrent', { torrent_id: torrent.id }))).toBe(
      'torrent.not_waiting',
    );
    expect(await reasonOf(moderator.call('reject_torrent', { torrent_id: torrent.id, reason: 'x' }))).toBe(
      'torrent.not_waiting',
    );
    await world.db.query(`update tracker.torrents set moderation_status = 'pending' where id = $1`, [
      torrent.id,
    ]);
    await moderator.call('approve_torrent', { torrent_id: torrent.id });
    expect(await world.points(uploader)).toBe(before + 25);
  });

  it('against it needs a reason, which the uploader reads, and can be taken back', async () => {
    const torrent = await world.upload(uploader, category);
    expect(await reasonOf(moderator.call('reject_torrent', { torrent_id: torrent.id, reason: ' ' }))).toBe(
      'input.empty',
    );
    await moderator.call('reject_torrent', { torrent_id: torrent.id, reason: 'Transcode' });
    expect(
      await uploader.read(
        'select action, reason from tracker.torrent_moderation where torrent_id = $1 order by id',
        [torrent.id],
      ),
    ).toEqual([
      { action: 'submitted', reason: null },
      { action: 'rejected', reason: 'Transcode' },
    ]);
    expect(await queue(torrent.id)).toEqual(['rejected']);
    await moderator.call('approve_torrent', { torrent_id: torrent.id });
    expect((await world.torrentNow(torrent.id)).moderation_status).toBe('approved');
  });

  it('is not for members, and not about one’s own', async () => {
    const torrent = await world.upload(moderator, category);
    expect(await reasonOf(moderator.call('approve_torrent', { torrent_id: torrent.id }))).toBe('torrent.own');
    expect(await reasonOf(moderator.call('reject_torrent', { torrent_id: torrent.id, reason: 'x' }))).toBe(
      'torrent.own',
    );
    await expect(uploader.call('approve_torrent', { torrent_id: torrent.id })).rejects.toMatchObject({
      code: '42501',
    });
    expect(
      await reasonOf(
        moderator.call('approve_torrent', { torrent_id: '00000000-0000-7000-8000-000000000000' }),
      ),
    ).toBe('torrent.unknown');
  });

  it('works where the module with the queue is left out', async () => {
    const enqueue = 'moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb)';
    const close = 'moderation.close_item(text, text, uuid, text, text)';
    await world.db.query(`alter function ${enqueue} rename to absent_enqueue`);
    await world.db.query(`alter function ${close} rename to absent_close`);
    try {
      const torrent = await world.upload(uploader, category);
      expect(await queue(torrent.id)).toEqual([]);
      await moderator.call('approve_torrent', { torrent_id: torrent.id });
      expect((await world.torrentNow(torrent.id)).moderation_status).toBe('approved');
    } finally {
      await world.db.query(
        `alter function ${enqueue.replace('enqueue', 'absent_enqueue')} rename to enqueue`,
      );
      await world.db.query(
        `alter function ${close.replace('close_item', 'absent_close')} rename to close_item`,
      );
    }
  });
});

describe('an edit', () => {
  it('by the uploader changes words and writes them into the history', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    await uploader.call('edit_torrent', {
      torrent_id: torrent.id,
      patch: { name: 'Renamed', description: 'In words', metadata: { codec: 'flac' }, is_anonymous: true },
    });
    const { changes } = await world.one<{ changes: Record<string, unknown> }>(
      `select changes from tracker.torrent_moderation where torrent_id = $1 and action = 'edited'`,
      [torrent.id],
    );
    expect(changes).toEqual({
      name: [torrent.name, 'Renamed'],
      description: ['', 'In words'],
      metadata: [{}, { codec: 'flac' }],
      is_anonymous: [false, true],
    });
    expect(await world.auditOf(torrent.id)).toEqual(['approve_torrent']);
  });

  it('that changes nothing leaves no trace', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    await uploader.call('edit_torrent', { torrent_id: torrent.id, patch: { name: torrent.name } });
    expect(await decisions(torrent.id)).toEqual(['submitted', 'approved']);
  });

  it.each([
    [{ category_id: 1 }, 'input.unknown_key'],
    [{ upload_factor: 2 }, 'input.unknown_key'],
    [{ name: '' }, 'input.empty'],
    [{ metadata: [] }, 'input.malformed'],
    [{ is_anonymous: 'yes' }, 'input.malformed'],
  ])('of %j is refused to the uploader', async (patch, reason) => {
    const torrent = await world.upload(uploader, category);
    expect(await reasonOf(uploader.call('edit_torrent', { torrent_id: torrent.id, patch }))).toBe(reason);
  });

  it('is for the uploader and staff, who are audited', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    expect(
      await reasonOf(other.call('edit_torrent', { torrent_id: torrent.id, patch: { name: 'Mine' } })),
    ).toBe('torrent.not_allowed');
    const elsewhere = await world.category();
    await moderator.call('edit_torrent', {
      torrent_id: torrent.id,
      patch: { category_id: elsewhere, upload_factor: 2.5 },
      reason: 'Wrong place',
    });
    expect(await world.torrentNow(torrent.id)).toMatchObject({
      category_id: elsewhere,
      upload_factor: '2.50',
    });
    expect(await world.auditOf(torrent.id)).toEqual(['approve_torrent', 'edit_torrent']);
    for (const [patch, reason] of [
      [{ upload_factor: 10.5 }, 'input.malformed'],
      [{ upload_factor: 'NaN' }, 'input.malformed'],
      [{ category_id: null }, 'input.malformed'],
      [{ category_id: 99_999 }, 'torrent_category.unknown'],
    ] as const) {
      expect(await reasonOf(moderator.call('edit_torrent', { torrent_id: torrent.id, patch }))).toBe(reason);
    }
  });

  it('makes the torrent wait again where the setting says so', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    await world.during('tracker.requeue_edits', 'true', async () => {
      await uploader.call('edit_torrent', { torrent_id: torrent.id, patch: { name: 'Other words' } });
    });
    expect((await world.torrentNow(torrent.id)).moderation_status).toBe('pending');
    expect(await queue(torrent.id)).toEqual(['approved', 'pending']);
  });
});

describe('a torrent', () => {
  it('is taken off the list and put back by staff, with a reason', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    const seen = () => other.read('select id from tracker.torrents where id = $1', [torrent.id]);
    await moderator.call('deactivate_torrent', { torrent_id: torrent.id, reason: 'Complaint' });
    expect(await seen()).toEqual([]);
    await moderator.call('deactivate_torrent', { torrent_id: torrent.id, reason: 'Again' });
    await moderator.call('reactivate_torrent', { torrent_id: torrent.id });
    expect(await seen()).toHaveLength(1);
    expect(await decisions(torrent.id)).toEqual(['submitted', 'approved', 'deactivated', 'reactivated']);
    expect(
      await reasonOf(moderator.call('deactivate_torrent', { torrent_id: torrent.id, reason: null })),
    ).toBe('input.empty');
  });

  it('is deleted by its uploader only before it is approved, and restored by staff', async () => {
    const torrent = await world.upload(uploader, category);
    expect(await reasonOf(other.call('delete_torrent', { torrent_id: torrent.id }))).toBe('torrent.unknown');
    await uploader.call('delete_torrent', { torrent_id: torrent.id });
    expect(await queue(torrent.id)).toEqual(['rejected']);
    expect(await reasonOf(uploader.call('delete_torrent', { torrent_id: torrent.id }))).toBe(
      'torrent.deleted',
    );
    expect(
      await reasonOf(uploader.call('edit_torrent', { torrent_id: torrent.id, patch: { name: 'x' } })),
    ).toBe('torrent.deleted');
    expect(await reasonOf(moderator.call('approve_torrent', { torrent_id: torrent.id }))).toBe(
      'torrent.not_waiting',
    );
    await moderator.call('restore_torrent', { torrent_id: torrent.id });
    expect(await queue(torrent.id)).toEqual(['rejected', 'pending']);
    expect(await reasonOf(moderator.call('restore_torrent', { torrent_id: torrent.id }))).toBe(
      'torrent.not_deleted',
    );
    await moderator.call('approve_torrent', { torrent_id: torrent.id });
    expect(await reasonOf(uploader.call('delete_torrent', { torrent_id: torrent.id }))).toBe(
      'torrent.not_allowed',
    );
    expect(await reasonOf(moderator.call('delete_torrent', { torrent_id: torrent.id }))).toBe('input.empty');
    await moderator.call('delete_torrent', { torrent_id: torrent.id, reason: 'Copyright' });
    expect(await world.bell(uploader)).toContain(`Your torrent was deleted: ${torrent.name}`);
  });

  it('is free until a time, or for good, and not longer', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    const free = (args: Record<string, unknown>) =>
      moderator.call<Torrent>('set_freeleech', { torrent_id: torrent.id, ...args });
    const soon = new Date(Date.now() + 3_600_000);
    expect(await free({ until: soon })).toMatchObject({ is_freeleech: true, freeleech_until: soon });
    expect(await reasonOf(free({ until: new Date(0) }))).toBe('torrent.freeleech_invalid');
    expect(await reasonOf(free({ is_freeleech: false, until: soon }))).toBe('torrent.freeleech_invalid');
    const ended = () =>
      world.one<{ end_freeleech: number }>('select tracker.end_freeleech($1)', [
        new Date(soon.getTime() + 1),
      ]);
    expect(await world.one('select tracker.end_freeleech(now())')).toEqual({ end_freeleech: 0 });
    expect(await ended()).toEqual({ end_freeleech: 1 });
    expect(await world.torrentNow(torrent.id)).toMatchObject({ is_freeleech: false, freeleech_until: null });
    await free({});
    expect(await ended()).toEqual({ end_freeleech: 0 });
    expect(await free({ is_freeleech: false })).toMatchObject({ is_freeleech: false });
    expect(await decisions(torrent.id)).toEqual([
      'submitted',
      'approved',
      'freeleech',
      'freeleech',
      'freeleech',
    ]);
  });

  it('hides an uploader who asks for it from members, in every list', async () => {
    const torrent = await world.listed(uploader, category, moderator, {
      is_anonymous: true,
      name: 'Secret giver',
    });
    await expect(other.read('select uploader_id from tracker.torrents')).rejects.toMatchObject({
      code: '42501',
    });
    expect(
      await other.read('select public_uploader_id from tracker.torrents where id = $1', [torrent.id]),
    ).toEqual([{ public_uploader_id: null }]);
    for (const [procedure, args] of [
      ['browse', { category_id: category }],
      ['search', { query: 'secret giver' }],
      ['search_files', { query: 'one.flac' }],
    ] as const) {
      const found = (await other.list<Torrent>(procedure, args)).find(({ id }) => id === torrent.id);
      expect(found).toMatchObject({ uploader_id: null });
      const seenByStaff = (await moderator.list<Torrent>(procedure, args)).find(
        ({ id }) => id === torrent.id,
      );
      expect(seenByStaff).toMatchObject({ uploader_id: uploader.id });
    }
    expect((await uploader.list<Torrent>('my_torrents')).map(({ id }) => id)).toContain(torrent.id);
    expect((await other.list<Torrent>('my_torrents')).map(({ id }) => id)).not.toContain(torrent.id);
    expect(await moderator.call('uploader_of', { torrent_id: torrent.id })).toEqual({
      uploader_of: uploader.id,
    });
    await expect(other.call('uploader_of', { torrent_id: torrent.id })).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('counts views', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    await other.call('record_view', { torrent_id: torrent.id });
    await other.call('record_view', { torrent_id: torrent.id });
    expect(
      await world.one('select view_count from tracker.torrent_statistics where torrent_id = $1', [
        torrent.id,
      ]),
    ).toEqual({ view_count: '2' });
    const waiting = await world.upload(uploader, category);
    expect(await reasonOf(other.call('record_view', { torrent_id: waiting.id }))).toBe('torrent.unknown');
  });

  it('is queued for the external search engine when it becomes listed and when it goes', async () => {
    await world.during('search.outbox_enabled', 'true', async () => {
      const operations = async (id: string) =>
        (
          await world.db.query<{ operation: string }>(
            `delete from core.search_index_queue where entity_type = 'torrent' and entity_id = $1 returning operation`,
            [id],
          )
        ).rows.map((row) => row.operation);
      const torrent = await world.upload(uploader, category);
      expect(await operations(torrent.id)).toEqual([]);
      await moderator.call('approve_torrent', { torrent_id: torrent.id });
      expect(await operations(torrent.id)).toEqual(['index']);
      await uploader.call('edit_torrent', { torrent_id: torrent.id, patch: { name: 'Anew' } });
      expect(await operations(torrent.id)).toEqual(['index']);
      await moderator.call('delete_torrent', { torrent_id: torrent.id, reason: 'Gone' });
      expect(await operations(torrent.id)).toEqual(['delete']);
    });
  });
});

describe('a download', () => {
  const fetch = (person: Person, torrent: Torrent) =>
    person.call<{ torrent_id: string; info_hash: string }>('download_torrent', { torrent_id: torrent.id });

  it('gives what a process needs to write the file, and is counted', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    expect(await fetch(other, torrent)).toMatchObject({
      torrent_id: torrent.id,
      name: torrent.name,
      info_hash: torrent.info_hash.toString('hex'),
      torrent_upload_id: null,
      passkey_ciphertext: null,
    });
    expect(
      await world.one('select download_count from tracker.torrent_statistics where torrent_id = $1', [
        torrent.id,
      ]),
    ).toEqual({ download_count: '1' });
    const waiting = await world.upload(uploader, category);
    expect(await reasonOf(fetch(other, waiting))).toBe('torrent.unknown');
    expect(await reasonOf(fetch(uploader, waiting))).toBe('torrent.unknown');
  });

  it('is refused below the lowest ratio, unless it is free or one’s own', async () => {
    const leech = await world.person();
    await world.db.query(
      'insert into tracker.user_statistics (user_id, uploaded, downloaded) values ($1, 1, 20000000000)',
      [leech.id],
    );
    const torrent = await world.listed(uploader, category, moderator);
    expect(await reasonOf(fetch(leech, torrent))).toBe('torrent.ratio_too_low');
    await moderator.call('set_freeleech', { torrent_id: torrent.id });
    expect((await fetch(leech, torrent)).torrent_id).toBe(torrent.id);
    await world.db.query(
      `update tracker.torrents set freeleech_until = now() - interval '1 minute' where id = $1`,
      [torrent.id],
    );
    expect(await reasonOf(fetch(leech, torrent))).toBe('torrent.ratio_too_low');
    const own = await world.listed(leech, category, moderator);
    expect((await fetch(leech, own)).torrent_id).toBe(own.id);
    await world.db.query('update tracker.user_statistics set downloaded = 10000000000 where user_id = $1', [
      leech.id,
    ]);
    expect((await fetch(leech, torrent)).torrent_id).toBe(torrent.id);
  });

  it('is refused when the slots of the class are used, but not for what is downloaded already', async () => {
    const leech = await world.person();
    const [running, next] = [
      await world.listed(uploader, category, moderator),
      await world.listed(uploader, category, moderator),
    ];
    await world.db.query(
      `insert into tracker.peers (torrent_id, user_id, peer_id, ip_address, port, left_bytes)
       values ($1, $2, decode(repeat('ab', 20), 'hex'), '10.0.0.1', 6881, 5)`,
      [running.id, leech.id],
    );
    await world.db.query('update core.user_classes set max_concurrent_downloads = 1 where is_default');
    expect(await reasonOf(fetch(leech, next))).toBe('torrent.slots_used');
    expect((await fetch(leech, running)).torrent_id).toBe(running.id);
    await world.db.query('update tracker.peers set left_bytes = 0 where user_id = $1', [leech.id]);
    expect((await fetch(leech, next)).torrent_id).toBe(next.id);
    await world.db.query('update core.user_classes set max_concurrent_downloads = null where is_default');
  });
});

describe('an outside catalogue', () => {
  it('is asked about the work that the uploader names, and anew when they name another', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    const name = (person: Person, id: string) =>
      person.call('set_metadata', { torrent_id: torrent.id, provider: 'tmdb', external_id: id });
    expect(await reasonOf(name(other, '603'))).toBe('torrent.not_allowed');
    expect(await reasonOf(name(uploader, '<603>'))).toBe('input.malformed');
    await name(uploader, '603');
    const waiting = () =>
      world.db.query('select * from tracker.metadata_to_fetch() where torrent_id = $1', [torrent.id]);
    expect((await waiting()).rows).toEqual([
      { torrent_id: torrent.id, provider: 'tmdb', external_id: '603' },
    ]);
    const store = (id: string) =>
      world.one(`select tracker.store_metadata($1, 'tmdb', $2, 'A film', 1999, '{"runtime": 136}')`, [
        torrent.id,
        id,
      ]);
    expect(await store('604')).toEqual({ store_metadata: false });
    expect(await store('603')).toEqual({ store_metadata: true });
    expect((await waiting()).rows).toEqual([]);
    await name(uploader, '603');
    expect((await waiting()).rows).toEqual([]);
    await name(moderator, '604');
    expect((await waiting()).rows).toHaveLength(1);
    expect(
      await other.read('select title, year, data from tracker.torrent_metadata where torrent_id = $1', [
        torrent.id,
      ]),
    ).toEqual([{ title: null, year: null, data: {} }]);
  });
});
