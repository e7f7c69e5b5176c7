-- Why: what is in a torrent is read from its .torrent file by the API, and no longer said by whoever uploads it: the
--   function is the process's, and a mutation of the same name takes its place.
-- Changed: tracker.upload_torrent.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: tracker/functions/upload_torrent.sql
create or replace function tracker.upload_torrent(
  p_metainfo jsonb,
  p_category_id integer,
  p_name text,
  p_description text default '',
  p_tags text[] default '{}',
  p_metadata jsonb default '{}',
  p_is_anonymous boolean default false,
  p_torrent_upload_id uuid default null,
  p_key text default null
)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_metainfo, p_category_id, p_name, p_description, p_tags, p_metadata, p_is_anonymous, p_torrent_upload_id
  );
  earlier jsonb;
  identity tracker.torrents;
  torrent tracker.torrents;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.upload_torrent', p_key, arguments);
  if earlier is not null then
    select * into torrent from tracker.torrents as made where made.id = (earlier ->> 'id')::uuid;
    return torrent;
  end if;

  if tracker.in_classes('tracker.upload_barred_classes') then
    perform core.fail('torrent.class_may_not_upload');
  end if;
  if p_metadata is null or jsonb_typeof(p_metadata) <> 'object' or pg_column_size(p_metadata) > 65536 then
    perform core.fail('input.malformed');
  end if;
  identity := tracker.read_metainfo(p_metainfo);
  perform tracker.open_category(p_category_id, true);
  perform tracker.refuse_duplicate(identity);
  if p_torrent_upload_id is not null then
    perform
    from media.uploads as upload
    where upload.id = p_torrent_upload_id
      and upload.user_id = me
      and upload.status = 'ready'
      and upload.deleted_at is null
      and upload.content_type = 'application/x-bittorrent'
    for no key update;
    if not found then
      perform core.fail('torrent.upload_unusable');
    end if;
  end if;

  begin
    insert into tracker.torrents (
      info_hash, info_hash_v2, name, description, category_id, uploader_id, is_anonymous, torrent_upload_id,
      size_bytes, file_count, piece_length, metadata
    )
    values (
      identity.info_hash,
      identity.info_hash_v2,
      core.clean_text(p_name, 500),
      coalesce(core.clean_text(p_description, 100000, false), ''),
      p_category_id,
      me,
      coalesce(p_is_anonymous, false),
      p_torrent_upload_id,
      identity.size_bytes,
      identity.file_count,
      identity.piece_length,
      p_metadata
    )
    returning * into torrent;
  exception
    -- Somebody uploads the same at this moment: the key makes one wait for the other, who is visible now.
    when unique_violation then
      perform tracker.refuse_duplicate(identity);
      raise;
  end;
  insert into tracker.torrent_files (torrent_id, position, path, size_bytes)
  select torrent.id, file.place - 1, file.entry ->> 'path', (file.entry ->> 'size_bytes')::bigint
  from jsonb_array_elements(p_metainfo -> 'files') with ordinality as file (entry, place);
  insert into tracker.torrent_statistics (torrent_id) values (torrent.id);
  perform tracker.put_tags(torrent.id, p_tags);
  perform tracker.record_decision(torrent.id, 'submitted');

  if tracker.in_classes('tracker.trusted_classes') then
    torrent := tracker.approve(torrent, null);
  else
    perform tracker.queue_approval(torrent);
  end if;
  perform core.remember('tracker.upload_torrent', p_key, arguments, jsonb_build_object('id', torrent.id));
  return torrent;
end
$$;

comment on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) is
  E'@internal\nOffers a torrent; the process calls it with what it has read from the .torrent file. metainfo is what the file says: info_hash (hex; of a torrent of version 2 alone its SHA-256), info_hash_v2 (hex, of a hybrid), piece_length, files: a list of path and size_bytes in the order of the file. category: a category that takes uploads. tags: at most tracker.tags_per_torrent. is_anonymous hides the uploader from members. torrent_upload: a finished file of the caller, of type application/x-bittorrent. The torrent waits for approval, unless the class of the caller is trusted. key: send the same again after a lost answer and get the same torrent. Refuses a class that may not upload (torrent.class_may_not_upload), metainfo that is not of this form (torrent.metainfo_invalid), torrent_category.unknown, torrent_category.closed, an identity that is there already, deleted and rejected ones included (torrent.duplicate; the message names it where the caller may see it), torrent.upload_unusable, tag.malformed, tag.too_many. One row a file.';

revoke all on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) from public;
grant execute on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: tracker/functions/upload_torrent.sql
create or replace function tracker.upload_torrent(
  p_metainfo jsonb,
  p_category_id integer,
  p_name text,
  p_description text default '',
  p_tags text[] default '{}',
  p_metadata jsonb default '{}',
  p_is_anonymous boolean default false,
  p_torrent_upload_id uuid default null,
  p_key text default null
)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_metainfo, p_category_id, p_name, p_description, p_tags, p_metadata, p_is_anonymous, p_torrent_upload_id
  );
  earlier jsonb;
  identity tracker.torrents;
  torrent tracker.torrents;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.upload_torrent', p_key, arguments);
  if earlier is not null then
    select * into torrent from tracker.torrents as made where made.id = (earlier ->> 'id')::uuid;
    return torrent;
  end if;

  if tracker.in_classes('tracker.upload_barred_classes') then
    perform core.fail('torrent.class_may_not_upload');
  end if;
  if p_metadata is null or jsonb_typeof(p_metadata) <> 'object' or pg_column_size(p_metadata) > 65536 then
    perform core.fail('input.malformed');
  end if;
  identity := tracker.read_metainfo(p_metainfo);
  perform tracker.open_category(p_category_id, true);
  perform tracker.refuse_duplicate(identity);
  if p_torrent_upload_id is not null then
    perform
    from media.uploads as upload
    where upload.id = p_torrent_upload_id
      and upload.user_id = me
      and upload.status = 'ready'
      and upload.deleted_at is null
      and upload.content_type = 'application/x-bittorrent'
    for no key update;
    if not found then
      perform core.fail('torrent.upload_unusable');
    end if;
  end if;

  begin
    insert into tracker.torrents (
      info_hash, info_hash_v2, name, description, category_id, uploader_id, is_anonymous, torrent_upload_id,
      size_bytes, file_count, piece_length, metadata
    )
    values (
      identity.info_hash,
      identity.info_hash_v2,
      core.clean_text(p_name, 500),
      coalesce(core.clean_text(p_description, 100000, false), ''),
      p_category_id,
      me,
      coalesce(p_is_anonymous, false),
      p_torrent_upload_id,
      identity.size_bytes,
      identity.file_count,
      identity.piece_length,
      p_metadata
    )
    returning * into torrent;
  exception
    -- Somebody uploads the same at this moment: the key makes one wait for the other, who is visible now.
    when unique_violation then
      perform tracker.refuse_duplicate(identity);
      raise;
  end;
  insert into tracker.torrent_files (torrent_id, position, path, size_bytes)
  select torrent.id, file.place - 1, file.entry ->> 'path', (file.entry ->> 'size_bytes')::bigint
  from jsonb_array_elements(p_metainfo -> 'files') with ordinality as file (entry, place);
  insert into tracker.torrent_statistics (torrent_id) values (torrent.id);
  perform tracker.put_tags(torrent.id, p_tags);
  perform tracker.record_decision(torrent.id, 'submitted');

  if tracker.in_classes('tracker.trusted_classes') then
    torrent := tracker.approve(torrent, null);
  else
    perform tracker.queue_approval(torrent);
  end if;
  perform core.remember('tracker.upload_torrent', p_key, arguments, jsonb_build_object('id', torrent.id));
  return torrent;
end
$$;

comment on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) is
  'Offers a torrent. metainfo is what the file says: info_hash (hex; of a torrent of version 2 alone its SHA-256), info_hash_v2 (hex, of a hybrid), piece_length, files: a list of path and size_bytes in the order of the file. category: a category that takes uploads. tags: at most tracker.tags_per_torrent. is_anonymous hides the uploader from members. torrent_upload: a finished file of the caller, of type application/x-bittorrent. The torrent waits for approval, unless the class of the caller is trusted. key: send the same again after a lost answer and get the same torrent. Refuses a class that may not upload (torrent.class_may_not_upload), metainfo that is not of this form (torrent.metainfo_invalid), torrent_category.unknown, torrent_category.closed, an identity that is there already, deleted and rejected ones included (torrent.duplicate; the message names it where the caller may see it), torrent.upload_unusable, tag.malformed, tag.too_many. One row a file.';

revoke all on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) from public;
grant execute on function tracker.upload_torrent(jsonb, integer, text, text, text[], jsonb, boolean, uuid, text) to stoa_member;

-- End of objects
