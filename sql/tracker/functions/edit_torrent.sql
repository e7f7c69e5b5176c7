create or replace function tracker.edit_torrent(p_torrent_id uuid, p_patch jsonb, p_reason text default null)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  is_staff constant boolean := core.current_role_rank() >= 2;
  why constant text := core.clean_text(p_reason, 1000, false);
  before tracker.torrents;
  after tracker.torrents;
  changes jsonb;
begin
  perform core.require_unrestricted('tracker');
  before := tracker.locked_torrent(p_torrent_id);
  if before.uploader_id is distinct from me and not is_staff then
    perform core.fail('torrent.not_allowed');
  end if;
  if before.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  perform core.check_patch(
    p_patch,
    array['name', 'description', 'metadata', 'is_anonymous'] || case when is_staff then array['category_id', 'upload_factor'] end
  );
  if coalesce(jsonb_typeof(p_patch -> 'metadata') <> 'object', false)
    or coalesce(pg_column_size(p_patch -> 'metadata') > 65536, false)
    or coalesce(jsonb_typeof(p_patch -> 'is_anonymous') <> 'boolean', false)
    or coalesce(p_patch ->> 'category_id' !~ '^[0-9]{1,9}$', false)
    or p_patch ? 'category_id' and p_patch ->> 'category_id' is null
    or p_patch ? 'upload_factor' and coalesce(p_patch ->> 'upload_factor', '') !~ '^([0-9](\.[0-9]{1,2})?|10(\.00?)?)$'
  then
    perform core.fail('input.malformed');
  end if;

  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(core.patch_text(p_patch, 'name', null, 500), 500); end if;
  after.description := coalesce(core.patch_text(p_patch, 'description', before.description, 100000), '');
  if p_patch ? 'metadata' then after.metadata := p_patch -> 'metadata'; end if;
  if p_patch ? 'is_anonymous' then after.is_anonymous := (p_patch ->> 'is_anonymous')::boolean; end if;
  if p_patch ? 'upload_factor' then after.upload_factor := (p_patch ->> 'upload_factor')::numeric; end if;
  if p_patch ? 'category_id' and (p_patch ->> 'category_id')::integer <> before.category_id then
    after.category_id := (p_patch ->> 'category_id')::integer;
    perform tracker.open_category(after.category_id, true);
  end if;
  if not is_staff and before.moderation_status = 'approved' and core.setting_boolean('tracker.requeue_edits') then
    after.moderation_status := 'pending';
  end if;

  changes := tracker.changes_between(before, after);
  if changes = '{}' then
    return before;
  end if;
  update tracker.torrents as target
  set name = after.name,
      description = after.description,
      metadata = after.metadata,
      is_anonymous = after.is_anonymous,
      category_id = after.category_id,
      upload_factor = after.upload_factor,
      moderation_status = after.moderation_status
  where target.id = p_torrent_id
  returning * into after;
  perform tracker.record_decision(p_torrent_id, 'edited', why, changes);
  if before.moderation_status <> after.moderation_status then
    perform tracker.queue_approval(after);
  end if;
  if before.uploader_id is distinct from me then
    perform audit.record('edit_torrent', 'tracker.torrents', p_torrent_id, null, changes, why);
    perform notifications.notify(
      before.uploader_id, 'torrent_edited', 'Your torrent was edited: ' || after.name, why,
      jsonb_build_object('torrent_id', p_torrent_id)
    );
  end if;
  return after;
end
$$;

comment on function tracker.edit_torrent(uuid, jsonb, text) is
  'Changes a torrent: its uploader and moderators. The patch may name name, description, metadata and is_anonymous; moderators may also name category_id and upload_factor (0 to 10). What changed is written to its history, old and new. Where the setting tracker.requeue_edits says so, a torrent that its uploader edits waits for approval again. Refuses torrent.unknown, torrent.not_allowed, torrent.deleted, torrent_category.unknown and torrent_category.closed. What staff does is audited and told to the uploader.';

revoke all on function tracker.edit_torrent(uuid, jsonb, text) from public;
grant execute on function tracker.edit_torrent(uuid, jsonb, text) to stoa_member;
