create or replace function messaging.check_friends(p_user_ids uuid[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (
    select
    from unnest(p_user_ids) as wanted (id)
    where not social.are_friends(core.current_user_id(), wanted.id)
      or not exists (
        select
        from core.users as person
        where person.id = wanted.id
          and person.is_active
          and person.deleted_at is null
          and person.erased_at is null
      )
  ) then
    perform core.fail('conversation.not_friends');
  end if;
end
$$;

comment on function messaging.check_friends(uuid[]) is
  'Internal. Refuses people who are not friends of the caller, or whose account is closed (conversation.not_friends).';

revoke all on function messaging.check_friends(uuid[]) from public;
