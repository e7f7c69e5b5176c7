create or replace function tracker.report_implausible(p_user_id uuid, p_evidence jsonb)
returns boolean
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  if to_regclass('moderation.queue_items') is null
    or not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null)
  then
    return false;
  end if;
  -- Not named in a static call: this module stands without that one.
  execute
    'select moderation.enqueue(
       p_queue_type => ''investigation'', p_item_type => ''user'', p_item_id => $1, p_subject_user_id => $1,
       p_priority => 20, p_metadata => jsonb_build_object(''implausible_announce'', $2)
     )'
  using p_user_id, p_evidence;
  return true;
end
$$;

comment on function tracker.report_implausible(uuid, jsonb) is
  'For the worker: asks moderators to look into somebody whose client claimed to move more than is possible; joins the open item about them. False where there is no module for that, or nobody to look into.';

revoke all on function tracker.report_implausible(uuid, jsonb) from public;
grant execute on function tracker.report_implausible(uuid, jsonb) to stoa_worker;
