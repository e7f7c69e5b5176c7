create or replace function core.require_unrestricted(p_activity text)
returns void
language plpgsql
stable
-- What somebody is barred from is granted to nobody.
security definer
set search_path = ''
as $$
begin
  if exists (
    select
    from core.user_restrictions as restriction
    where restriction.user_id = core.current_user_id()
      and restriction.activity = p_activity
      and restriction.until > clock_timestamp()
  ) then
    perform core.fail('account.activity_barred');
  end if;
end
$$;

comment on function core.require_unrestricted(text) is
  'Refuses (account.activity_barred) when the caller is barred from an activity: posting, chat or tracker. For procedures that guard one, after core.require_member. One look-up by primary key.';

revoke all on function core.require_unrestricted(text) from public;
grant execute on function core.require_unrestricted(text) to stoa_worker;
