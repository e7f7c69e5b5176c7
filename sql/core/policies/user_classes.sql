revoke all on core.user_classes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_classes to stoa_anonymous, stoa_worker;
grant insert, update on core.user_classes to stoa_admin;

drop policy if exists read_all on core.user_classes;
create policy read_all on core.user_classes
for select to stoa_anonymous
using (true);
comment on policy read_all on core.user_classes is
  'The ladder of classes is public.';

drop policy if exists insert_as_admin on core.user_classes;
create policy insert_as_admin on core.user_classes
for insert to stoa_admin
with check (true);
comment on policy insert_as_admin on core.user_classes is
  'Administrators add classes; every change is audited.';

drop policy if exists update_as_admin on core.user_classes;
create policy update_as_admin on core.user_classes
for update to stoa_admin
using (true)
with check (true);
comment on policy update_as_admin on core.user_classes is
  'Administrators change classes; every change is audited. A changed role follows to everybody in the class.';
