revoke all on audit.privacy_requests from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on audit.privacy_requests to stoa_member;
grant select, update on audit.privacy_requests to stoa_worker;

drop policy if exists read_own on audit.privacy_requests;
create policy read_own on audit.privacy_requests
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on audit.privacy_requests is
  'One''s own requests.';

drop policy if exists read_as_admin on audit.privacy_requests;
create policy read_as_admin on audit.privacy_requests
for select to stoa_admin
using (true);
comment on policy read_as_admin on audit.privacy_requests is
  'Administrators see every request.';
