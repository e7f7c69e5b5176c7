create or replace function groups.delete_webhook(p_webhook_id uuid)
returns uuid
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  hook groups.webhooks;
begin
  hook := groups.managed_webhook(p_webhook_id);
  delete from groups.webhooks as target where target.id = p_webhook_id;
  perform audit.record(
    'delete_webhook', 'groups.webhooks', p_webhook_id, jsonb_build_object('name', hook.name), null, p_group_id => hook.group_id
  );
  return hook.id;
end
$$;

comment on function groups.delete_webhook(uuid) is
  'Deletes a webhook; what it wrote stays, without an author. Returns its id. Needs MANAGE_WEBHOOKS in its channel (channel.not_allowed). Refuses webhook.unknown. Audited. Cost grows with what it wrote.';

revoke all on function groups.delete_webhook(uuid) from public;
grant execute on function groups.delete_webhook(uuid) to stoa_member;
