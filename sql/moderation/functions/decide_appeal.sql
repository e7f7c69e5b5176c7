create or replace function moderation.decide_appeal(p_item_id uuid, p_is_granted boolean, p_reason text)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  why constant text := core.clean_text(p_reason, 500);
  appellant_id uuid;
  item moderation.queue_items;
  ban moderation.bans;
begin
  if p_is_granted is null then
    perform core.fail('input.malformed');
  end if;
  -- Lock order: the person first.
  select candidate.subject_user_id into appellant_id
  from moderation.queue_items as candidate
  where candidate.id = p_item_id;
  perform from core.users as person where person.id = appellant_id for no key update;
  item := moderation.locked_item(p_item_id);
  if item.queue_type <> 'appeal' then
    perform core.fail('queue.wrong_type');
  end if;

  select * into ban from moderation.bans as candidate where candidate.id = item.item_id;
  if p_is_granted and ban.lifted_at is null and (ban.expires_at is null or ban.expires_at > clock_timestamp()) then
    perform moderation.lift_ban(ban.id, why);
  else
    perform moderation.close_item(
      'appeal', 'ban', item.item_id, case when p_is_granted then 'approved' else 'rejected' end, why
    );
    perform notifications.notify(
      item.subject_user_id, 'moderation',
      case when p_is_granted then 'Your appeal was granted' else 'Your appeal was rejected' end,
      why, jsonb_build_object('ban_id', item.item_id)
    );
  end if;
  perform audit.record(
    'decide_appeal', 'moderation.queue_items', p_item_id, null,
    jsonb_build_object('ban_id', item.item_id, 'is_granted', p_is_granted), why
  );

  select * into item from moderation.queue_items as decided where decided.id = p_item_id;
  return item;
end
$$;

comment on function moderation.decide_appeal(uuid, boolean, text) is
  E'@argument is_granted Whether the ban ends.\nAdministrators only: grants an appeal, which lifts the ban if it still runs, or rejects it. Refuses queue.unknown, queue.about_you, queue.resolved, queue.wrong_type and an empty reason (told to the person). Audited.';

revoke all on function moderation.decide_appeal(uuid, boolean, text) from public;
grant execute on function moderation.decide_appeal(uuid, boolean, text) to stoa_admin;
