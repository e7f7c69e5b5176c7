create or replace function forums.check_owned_limit(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  limits constant jsonb := core.setting_json('forums.owned_limit');
  class core.user_classes;
begin
  select candidate.* into class
  from core.users as person
  join core.user_classes as candidate on candidate.id = person.class_id
  where person.id = p_user_id;
  if class.role in ('moderator', 'admin') then
    return;
  end if;

  -- Two forums at once by one person: the second waits and then counts the first.
  perform pg_advisory_xact_lock(hashtextextended('forums.owned:' || p_user_id, 0));
  if (
    select count(*)
    from forums.forums as forum
    where forum.owner_id = p_user_id
      and forum.deleted_at is null
  ) >= coalesce((limits ->> class.slug)::integer, (limits ->> 'default')::integer, 0) then
    perform core.fail('forum.limit_reached');
  end if;
end
$$;

comment on function forums.check_owned_limit(uuid) is
  'Internal. Refuses (forum.limit_reached) when a person owns as many forums as the setting forums.owned_limit gives their class; staff is not limited.';

revoke all on function forums.check_owned_limit(uuid) from public;
