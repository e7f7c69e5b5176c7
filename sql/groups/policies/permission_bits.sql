revoke all on groups.permission_bits from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.permission_bits to stoa_anonymous;

drop policy if exists everybody on groups.permission_bits;
create policy everybody on groups.permission_bits
for select
to stoa_anonymous
using (true);

comment on policy everybody on groups.permission_bits is 'What the bits mean is no secret.';
