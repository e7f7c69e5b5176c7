create or replace function groups.revoke_webhook(p_webhook_id uuid)
returns uuid
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  hook groups.webhooks;
begin
  hook := groups.managed_webhook(p_webhook_id);
  update groups.webhooks as target
  set revoked_at = coalesce(target.revoked_at, now())
  where target.id = p_webhook_id;
  perform audit.record('revoke_webhook', 'groups.webhooks', p_webhook_id, p_group_id => hook.group_id);
  return hook.id;
end
$$;

comment on function groups.revoke_webhook(uuid) is
  'Disables a webhook for good; what it wrote keeps its name. Returns its id. Needs MANAGE_WEBHOOKS in its channel (channel.not_allowed). Refuses webhook.unknown. Audited.';

revoke all on function groups.revoke_webhook(uuid) from public;
grant execute on function groups.revoke_webhook(uuid) to stoa_member;
