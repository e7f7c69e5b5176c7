create or replace function groups.has_second_factor(p_user_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select from auth.two_factor as factor where factor.user_id = p_user_id and factor.confirmed_at is not null
  );
end;

comment on function groups.has_second_factor(uuid) is
  'Internal. Whether an account has a confirmed second factor.';

revoke all on function groups.has_second_factor(uuid) from public;
