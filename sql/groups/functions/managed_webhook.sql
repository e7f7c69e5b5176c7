create or replace function groups.managed_webhook(p_webhook_id uuid)
returns groups.webhooks
language plpgsql
volatile
set search_path = ''
as $$
declare
  hook groups.webhooks;
begin
  select * into hook from groups.webhooks as target where target.id = p_webhook_id;
  if hook.id is null or not groups.can(hook.channel_id, 'VIEW_CHANNEL') then
    perform core.fail('webhook.unknown');
  end if;
  perform groups.managed_channel(hook.channel_id, 'MANAGE_WEBHOOKS');
  return hook;
end
$$;

comment on function groups.managed_webhook(uuid) is
  'Internal. A webhook in whose channel the caller holds MANAGE_WEBHOOKS; the group and the channel are locked. Refuses webhook.unknown and channel.not_allowed.';

revoke all on function groups.managed_webhook(uuid) from public;
