create or replace function core.queue_user_search()
returns trigger
language plpgsql
-- People change their own row, and may not reach the queue.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search(
    'user',
    new.id,
    case when new.deleted_at is null and new.erased_at is null then 'index' else 'delete' end
  );
  return null;
end
$$;

comment on function core.queue_user_search() is
  'Trigger of core.users: what search shows of a person follows their row.';

revoke all on function core.queue_user_search() from public;
