create or replace function groups.create_webhook(p_channel_id uuid, p_name text, p_avatar_url text default null)
returns table (webhook_id uuid, token text)
language plpgsql
volatile
rows 1
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  secret constant text := encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
  channel groups.channels;
  made uuid;
begin
  perform core.require_unrestricted('chat');
  channel := groups.managed_channel(p_channel_id, 'MANAGE_WEBHOOKS');
  if channel.type not in ('text', 'announcement') then
    perform core.fail('channel.wrong_type');
  end if;
  if (
    select count(*) from groups.webhooks as known where known.group_id = channel.group_id and known.channel_id = p_channel_id
  ) >= 15 then
    perform core.fail('webhook.limit_reached');
  end if;
  insert into groups.webhooks (group_id, channel_id, name, avatar_url, token_hash, created_by)
  values (
    channel.group_id, p_channel_id, core.clean_text(p_name, 80), groups.clean_url(p_avatar_url),
    sha256(convert_to(secret, 'UTF8')), me
  )
  returning id into made;
  perform audit.record('create_webhook', 'groups.webhooks', made, p_group_id => channel.group_id);
  return query select made, secret;
end
$$;

comment on function groups.create_webhook(uuid, text, text) is
  E'@returns webhook_secret\n@column token The secret that it writes with. Told this once.\nMakes a webhook that writes into a text or announcement channel. The token is its secret: it is told now and never again, only its digest is kept. Needs MANAGE_WEBHOOKS there (channel.not_allowed). Refuses channel.unknown, other channels (channel.wrong_type), more than 15 webhooks in a channel (webhook.limit_reached), and a picture that is no web address (group.url_invalid). Limit: name 80 characters. Audited. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.create_webhook(uuid, text, text) from public;
grant execute on function groups.create_webhook(uuid, text, text) to stoa_member;
