create or replace function groups.post_webhook(p_token text, p_content text)
returns groups.channel_messages
language plpgsql
volatile
-- A webhook is nobody with an account; its token is what it may write with.
security definer
set search_path = ''
as $$
declare
  hook groups.webhooks;
  earlier timestamptz;
  since uuid;
begin
  select * into hook
  from groups.webhooks as target
  where target.token_hash = sha256(convert_to(p_token, 'UTF8'))
    and target.revoked_at is null
    and exists (
      select from groups.groups as home where home.id = target.group_id and home.deleted_at is null
    );
  if not found then
    perform core.fail('webhook.unknown');
  end if;
  perform core.clean_text(p_content, 8000);
  -- Counted under the lock of the channel, which writing takes anyway.
  perform from groups.channels as channel where channel.id = hook.channel_id for no key update;
  -- In a variable: a clock that moves on within a statement is no bound of an index.
  since := core.uuidv7_floor(clock_timestamp() - interval '1 minute');
  select core.uuidv7_time(written.id) into earlier
  from groups.channel_messages as written
  where written.channel_id = hook.channel_id
    and written.webhook_id = hook.id
    and written.id >= since
  order by written.id desc
  offset 29
  limit 1;
  if found then
    perform core.fail(
      'webhook.too_many', greatest(1, ceil(extract(epoch from earlier + interval '1 minute' - clock_timestamp()))::integer)
    );
  end if;
  return groups.append_message(hook.channel_id, 'default', p_webhook_id => hook.id, p_content => core.clean_text(p_content, 8000));
end
$$;

comment on function groups.post_webhook(text, text) is
  E'@argument token The secret that createWebhook told.\nWrites a message as a webhook, whoever calls: the token decides. Refuses a token that is unknown or revoked (webhook.unknown), a channel that is gone (channel.unknown), more than 30 messages a minute (webhook.too_many, with the seconds to wait), an empty message (input.empty) and one over 8,000 characters (input.too_long). It calls nobody: mentions stay text.';

revoke all on function groups.post_webhook(text, text) from public;
grant execute on function groups.post_webhook(text, text) to stoa_anonymous;
