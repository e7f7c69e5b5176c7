-- uploader_id may be somebody who asked not to be named, and the metainfo file is handed out by a procedure alone.
revoke all on tracker.torrents from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, info_hash, info_hash_v2, name, description, category_id, is_anonymous, public_uploader_id, size_bytes, file_count,
  piece_length, metadata, moderation_status, approved_at, is_active, is_freeleech, freeleech_until, upload_factor,
  search, deleted_at, inserted_at, updated_at
) on tracker.torrents to stoa_anonymous;
grant select (uploader_id, torrent_upload_id) on tracker.torrents to stoa_moderator;

drop policy if exists listed on tracker.torrents;
create policy listed on tracker.torrents
for select
to stoa_anonymous
using (
  moderation_status = 'approved'
  and is_active
  and deleted_at is null
  and (select tracker.catalogue_is_open())
);

comment on policy listed on tracker.torrents is 'Members read what is approved and listed; visitors too, where the catalogue is public.';

drop policy if exists own on tracker.torrents;
create policy own on tracker.torrents
for select
to stoa_member
using (uploader_id = (select core.current_user_id()));

comment on policy own on tracker.torrents is 'Uploaders read their own in any state.';

drop policy if exists staff on tracker.torrents;
create policy staff on tracker.torrents
for select
to stoa_moderator
using (true);

comment on policy staff on tracker.torrents is 'Staff reads every torrent.';
