revoke all on media.uploads from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on media.uploads to stoa_member;
grant select, update (status, purged_at), delete on media.uploads to stoa_worker;

drop policy if exists read_own on media.uploads;
create policy read_own on media.uploads
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on media.uploads is
  'One''s own files; what is attached to content shows in the attachment tables.';

drop policy if exists read_as_moderator on media.uploads;
create policy read_as_moderator on media.uploads
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on media.uploads is
  'Moderators see every file.';
